package sqlite

import (
	"context"
	"sync"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// mostFound is how many values a lookups remembers. Sessions are the largest, of 64 KiB at most and
// of one usually; and where more people than that are busy, something is committed all the time.
const mostFound = 256

// lookups remembers what look-ups by key have found in a file, for as long as nothing is committed
// to it. It is exact: each find asks for the file's version, which is read after the call began,
// and whatever was found under another one is forgotten. What was not found is not remembered. It
// is safe for concurrent use.
type lookups[K comparable, V any] struct {
	version *shared

	mu    sync.Mutex
	at    version // the version that found is of
	found map[K]V
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
	if l.at == now {
		v, ok = l.found[key]
	}
	return v, ok
}

func (l *lookups[K, V]) keep(now version, key K, v V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// Of two versions nobody knows which is the newer one, as they wrap. If it was the old one the
	// next find misses.
	if l.found == nil || l.at != now || len(l.found) >= mostFound {
		l.at, l.found = now, make(map[K]V)
	}
	l.found[key] = v
}

// sessions is a session.Store that remembers what it has loaded.
type sessions struct {
	store.Store
	found lookups[session.ID, store.Record]
}

// Sessions gives store, which must keep its records in doorbook.db, with a memory: a record is read
// again only after something was committed to the file, by this process or another, so every Load
// tells what the file holds.
func (db *DB) Sessions(st store.Store) store.Store {
	return &sessions{Store: st, found: lookups[session.ID, store.Record]{version: db.Main.version}}
}

// Load implements session.Store.
func (s *sessions) Load(ctx context.Context, id session.ID, now time.Time) (store.Record, error) {
	r, err := s.found.find(ctx, id, func() (store.Record, error) { return s.Store.Load(ctx, id, now) })
	if err == nil && !r.Live(now) { // it lived when it was loaded
		return store.Record{}, store.ErrNotFound
	}
	return r, err
}
