package session

import (
	"errors"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/session/internal/wire"
)

// The operations behind Key, on encoded values.

// stored returns the values that are stored of the session.
func (s *state) stored() map[string][]byte { return s.found.Record.Values }

func (s *Session) get(key string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.load() || s.state == nil {
		return nil, false
	}
	v := s.content(key)
	return v, v != nil
}

// content is the value that this request sees, without its wrapping.
func (s *Session) content(key string) []byte {
	v := s.current(s.stored(), key)
	if len(v) == 0 || v[0] != 0 {
		return v
	}
	v, _ = wire.Unwrap(v, s.m.now())
	return v
}

// Has reports whether there is a value for key, of whatever type.
func (s *Session) Has(key string) bool {
	_, ok := s.get(key)
	return ok
}

func (s *Session) set(key string, value []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changeable(key) {
		s.put(change{key: key, value: value})
	}
}

func (s *Session) delete(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changeable(key) {
		s.put(change{key: key})
	}
}

func (s *Session) pop(key string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.changeable(key) {
		return nil, false
	}
	v := s.content(key)
	if v == nil {
		return nil, false
	}
	c := change{key: key}
	switch i := s.find(key); {
	case i < 0: // straight from the record: nobody else may have it
		c.popped, c.before = true, s.stored()[key]
	case s.changes[i].based: // made of what is in the record
		c.popped, c.before = true, s.stored()[key]
	}
	s.put(c)
	return v, true
}

func (s *Session) update(key string, step func(old []byte) ([]byte, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.changeable(key) {
		return
	}
	now, inner := s.m.now(), step
	step = func(old []byte) ([]byte, error) {
		old, ends := wire.Unwrap(old, now)
		if old == nil {
			ends = time.Time{}
		}
		value, err := inner(old)
		return wire.Wrap(value, ends), err
	}
	value, err := step(s.current(s.stored(), key))
	if err != nil {
		s.failLocked(fmt.Errorf("%w: update %q: %w", ErrMisuse, key, err))
		return
	}
	c := change{key: key, based: s.lives() && !s.clear}
	if i := s.find(key); i >= 0 {
		c = s.changes[i]
	}
	c.value, c.steps = value, append(c.steps, step)
	s.put(c)
}

// put makes a change, or fails the session when it would hold too much, even without what is over.
func (s *Session) put(c change) {
	most := s.m.cfg.MaxBytes
	err := s.edits.put(s.stored(), c, most)
	if errors.Is(err, ErrTooLarge) && s.expire(s.stored(), c.key, s.m.now()) {
		err = s.edits.put(s.stored(), c, most)
	}
	if err != nil {
		s.failLocked(err)
	}
}

func (s *Session) changeable(key string) bool {
	if !s.writable() {
		return false
	}
	if err := checkKey(key); err != nil {
		s.failLocked(err)
		return false
	}
	return true
}
