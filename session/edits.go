package session

import (
	"bytes"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/session/internal/wire"
	"github.com/doorbook/doorbook/session/store"
)

// edits are what one request did to the values of its session, and not yet saved. They know nothing
// of where the session is: what is stored is given to them.
type edits struct {
	clear   bool // the stored values count as absent
	changes []change
	flashed int // messages of this request
	bytes   int // the size of what this request sees, -1 for not known
}

// change is what the request did to one key, as the last word or as functions of what is stored.
type change struct {
	key    string
	value  []byte // what a Get sees now; nil is absent
	based  bool   // value depends on the stored one through steps
	steps  []func(old []byte) ([]byte, error)
	popped bool   // the stored value must still be before at the commit
	before []byte // what was stored when it was popped
}

// maxChanges is how many keys one request may change, flash messages among them.
const maxChanges = 1024

func (e *edits) any() bool { return e.clear || len(e.changes) > 0 }

// sets reports whether anything is to be kept.
func (e *edits) sets() bool {
	for i := range e.changes {
		if e.changes[i].value != nil {
			return true
		}
	}
	return false
}

// pops reports whether anything was popped.
func (e *edits) pops() bool {
	for i := range e.changes {
		if e.changes[i].popped {
			return true
		}
	}
	return false
}

func (e *edits) find(key string) int {
	for i := range e.changes {
		if e.changes[i].key == key {
			return i
		}
	}
	return -1
}

// current returns the value that this request sees.
func (e *edits) current(stored store.Values, key string) []byte {
	if i := e.find(key); i >= 0 {
		return e.changes[i].value
	}
	if e.clear {
		return nil
	}
	return stored[key]
}

// clearAll removes all values, but leaves what was popped this request's alone.
func (e *edits) clearAll() {
	kept := e.changes[:0]
	for _, c := range e.changes {
		if c.popped {
			c.value = nil
			kept = append(kept, c)
		}
	}
	clear(e.changes[len(kept):])
	e.clear, e.changes, e.bytes = true, kept, 0
}

// put makes c the last word on its key, unless that is more than a session may hold. A value that
// was popped stays popped, whatever is set in its place.
func (e *edits) put(stored store.Values, c change, most int) error {
	if e.bytes < 0 {
		e.bytes = e.size(stored)
	}
	n := e.bytes - weight(c.key, e.current(stored, c.key)) + weight(c.key, c.value)
	if n > most && n > e.bytes { // a session that is too large already can still be made smaller
		return tooLarge(n, most)
	}
	i := e.find(c.key)
	if i < 0 && len(e.changes) >= maxChanges {
		return fmt.Errorf("%w: changes of more than %d keys in one request", ErrTooLarge, maxChanges)
	}
	e.bytes = n
	if i < 0 {
		e.changes = append(e.changes, c)
		return nil
	}
	if e.changes[i].popped {
		c.popped, c.before = true, e.changes[i].before
	}
	e.changes[i] = c
	return nil
}

// expire deletes the stored values whose time is over, but for one key, unless another request sets
// them anew.
func (e *edits) expire(stored store.Values, but string, now time.Time) (found bool) {
	if e.clear {
		return false
	}
	step := func(old []byte) ([]byte, error) {
		if v, _ := wire.Unwrap(old, now); v == nil {
			return nil, nil
		}
		return old, nil
	}
	for key, value := range stored {
		if v, _ := wire.Unwrap(value, now); v == nil && key != but && e.find(key) < 0 {
			e.changes = append(e.changes, change{key: key, based: true, steps: []func([]byte) ([]byte, error){step}})
			found, e.bytes = true, -1
		}
	}
	return found
}

// patch puts the changes into words for the store. Those that depend on what is stored bind it to
// the version that they were made on.
func (e *edits) patch(version int64) (p store.Patch) {
	p.Clear = e.clear
	for i := range e.changes {
		c := &e.changes[i]
		if c.popped || c.based {
			p.IfVersion = version
		}
		if c.value == nil {
			p.Delete = append(p.Delete, c.key)
			continue
		}
		if p.Set == nil {
			p.Set = make(store.Values, len(e.changes))
		}
		p.Set[c.key] = c.value
	}
	return p
}

// popped is the patch that takes the popped values away from everybody else, and nothing more, and
// what they were.
func (e *edits) popped(version int64) (p store.Patch, before store.Values) {
	for i := range e.changes {
		if c := &e.changes[i]; c.popped {
			p.IfVersion = version
			p.Delete = append(p.Delete, c.key)
			if before == nil {
				before = make(store.Values, 1)
			}
			before[c.key] = c.before
		}
	}
	return p, before
}

// rebase computes the changes anew on what another request has stored meanwhile.
func (e *edits) rebase(stored store.Values, most int) error {
	e.bytes = -1
	grown := false
	for i := range e.changes {
		c := &e.changes[i]
		if c.popped && !bytes.Equal(stored[c.key], c.before) {
			return fmt.Errorf("%w: %q was popped by this request and changed by another", store.ErrConflict, c.key)
		}
		if !c.based {
			continue
		}
		value := stored[c.key]
		for _, step := range c.steps {
			var err error
			if value, err = step(value); err != nil {
				return fmt.Errorf("session: update %q: %w", c.key, err)
			}
		}
		grown = grown || len(value) > len(stored[c.key])
		c.value = value
	}
	if size := e.size(stored); grown && size > most {
		return tooLarge(size, most)
	}
	return nil
}

func tooLarge(size, most int) error {
	return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, size, most)
}

// size is how many bytes of keys and values this request sees.
func (e *edits) size(stored store.Values) int {
	n := 0
	if !e.clear {
		for k, v := range stored {
			if e.find(k) < 0 {
				n += weight(k, v)
			}
		}
	}
	for i := range e.changes {
		n += weight(e.changes[i].key, e.changes[i].value)
	}
	return n
}

func weight(key string, value []byte) int {
	if value == nil {
		return 0
	}
	return len(key) + len(value)
}
