package sqlite

import (
	"context"
	"sync"
)

// lookupBytes bounds the memory of one lookups, as its size function counts it.
const lookupBytes = 4 << 20

// lookups remembers what look-ups by key have found in a file, for as long as nothing is committed
// to it. It is exact: each find asks for the file's version, which is read after the call began,
// and whatever was found under another one is forgotten. What was not found is not remembered. It
// is safe for concurrent use.
type lookups[K comparable, V any] struct {
	version *shared
	size    func(V) int // bytes of memory, about

	mu    sync.Mutex
	at    version // the version that found is of
	found map[K]V
	bytes int
}

func newLookups[K comparable, V any](version *shared, size func(V) int) *lookups[K, V] {
	return &lookups[K, V]{version: version, size: size, found: make(map[K]V)}
}

// find gives what load gives, or has given before. What it gives is shared: nobody may change it.
func (l *lookups[K, V]) find(ctx context.Context, key K, load func() (V, error)) (V, error) {
	now, err := l.version.get(ctx)
	if err != nil {
		return load() // it says what is wrong, or works all the same
	}
	if v, ok := l.remembered(now, key); ok {
		return v, nil
	}
	// The version is older than what load finds, never newer: a commit in between makes the next
	// find forget it.
	v, err := load()
	if err == nil {
		l.keep(now, key, v)
	}
	return v, err
}

func (l *lookups[K, V]) remembered(now version, key K) (v V, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.at != now {
		return v, false
	}
	v, ok = l.found[key]
	return v, ok
}

func (l *lookups[K, V]) keep(now version, key K, v V) {
	size := l.size(v)
	if size > lookupBytes/16 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// Of two versions nobody knows which is the newer one, as they wrap. If it was the old one the
	// next find misses.
	if l.at != now || l.bytes+size > lookupBytes {
		l.at, l.found, l.bytes = now, make(map[K]V), 0
	}
	if _, known := l.found[key]; !known { // by somebody who missed it at the same time
		l.bytes += size
		l.found[key] = v
	}
}
