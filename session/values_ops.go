package session

import (
	"bytes"
	"fmt"
	"time"
)

// The operations behind Key, on encoded values.

func (s *Session) get(key string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.load() {
		return nil, false
	}
	v := s.content(key)
	return v, v != nil
}

// content is the value that this request sees, without its wrapping.
func (s *Session) content(key string) []byte {
	v := s.current(key)
	if len(v) == 0 || v[0] != 0 {
		return v
	}
	v, _ = unwrap(v, s.m.now())
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
	stored, v := s.current(key), s.content(key)
	if v == nil {
		return nil, false
	}
	c := change{key: key}
	if s.find(key) < 0 && s.found {
		c.popped, c.before = true, stored // straight from the record: nobody else may have it
	} else if i := s.find(key); i >= 0 && s.changes[i].based {
		c.popped, c.before = true, s.rec.Values[key] // made of what is in the record
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
		old, ends := unwrap(old, now)
		if old == nil {
			ends = time.Time{}
		}
		value, err := inner(old)
		return wrap(value, ends), err
	}
	value, err := step(s.current(key))
	if err != nil {
		s.failLocked(fmt.Errorf("%w: update %q: %w", ErrMisuse, key, err))
		return
	}
	c := change{key: key, based: s.found && !s.clear}
	if i := s.find(key); i >= 0 {
		c = s.changes[i]
	}
	c.value, c.steps = value, append(c.steps, step)
	s.put(c)
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

// current is the value that this request sees.
func (s *Session) current(key string) []byte {
	if s.state == nil {
		return nil
	}
	if i := s.find(key); i >= 0 {
		return s.changes[i].value
	}
	if s.clear || !s.found {
		return nil
	}
	return s.rec.Values[key]
}

func (s *Session) find(key string) int {
	for i := range s.changes {
		if s.changes[i].key == key {
			return i
		}
	}
	return -1
}

// maxChanges is how many keys one request may change, flash messages among them.
const maxChanges = 1024

// put makes c the last word on its key, unless that is more than a session may hold. A value that
// was popped stays popped, whatever is set in its place.
func (s *Session) put(c change) {
	if s.bytes < 0 {
		s.bytes = s.size()
	}
	after := s.bytes - weight(c.key, s.current(c.key)) + weight(c.key, c.value)
	if after > s.m.cfg.MaxBytes && s.expire(c.key) {
		s.bytes = s.size()
		after = s.bytes - weight(c.key, s.current(c.key)) + weight(c.key, c.value)
	}
	if after > s.m.cfg.MaxBytes && after > s.bytes { // a session that is too large already can still be made smaller
		s.failLocked(s.tooLarge(after))
		return
	}
	i := s.find(c.key)
	if i < 0 && len(s.changes) >= maxChanges {
		s.failLocked(fmt.Errorf("%w: changes of more than %d keys in one request", ErrTooLarge, maxChanges))
		return
	}
	s.bytes = after
	if i < 0 {
		s.changes = append(s.changes, c)
		return
	}
	if s.changes[i].popped {
		c.popped, c.before = true, s.changes[i].before
	}
	s.changes[i] = c
}

// expire deletes the stored values whose time is over, but for one key, unless another request sets
// them anew.
func (s *Session) expire(but string) (found bool) {
	if !s.found || s.clear {
		return false
	}
	now := s.m.now()
	step := func(old []byte) ([]byte, error) {
		if v, _ := unwrap(old, now); v == nil {
			return nil, nil
		}
		return old, nil
	}
	for key, stored := range s.rec.Values {
		if v, _ := unwrap(stored, now); v == nil && key != but && s.find(key) < 0 {
			s.changes = append(s.changes, change{key: key, based: true, steps: []func([]byte) ([]byte, error){step}})
			found = true
		}
	}
	return found
}

func (s *Session) tooLarge(size int) error {
	return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, size, s.m.cfg.MaxBytes)
}

// popped is the patch that takes the popped values away from everybody else, and nothing more.
func (s *Session) popped() (p Patch, before Values) {
	for i := range s.changes {
		if c := &s.changes[i]; c.popped {
			p.IfVersion = s.rec.Version
			p.Delete = append(p.Delete, c.key)
			if before == nil {
				before = make(Values, 1)
			}
			before[c.key] = c.before
		}
	}
	return p, before
}

// patch puts the changes into words for the store. Those that depend on what is stored bind it to
// the loaded version.
func (s *Session) patch() (p Patch) {
	p.Clear = s.clear
	for i := range s.changes {
		c := &s.changes[i]
		if c.popped || c.based {
			p.IfVersion = s.rec.Version
		}
		if c.value == nil {
			p.Delete = append(p.Delete, c.key)
			continue
		}
		if p.Set == nil {
			p.Set = make(Values, len(s.changes))
		}
		p.Set[c.key] = c.value
	}
	return p
}

// rebase computes the changes anew on a record that another request has changed meanwhile.
func (s *Session) rebase() error {
	s.bytes = -1
	grown := false
	for i := range s.changes {
		c := &s.changes[i]
		stored := s.rec.Values[c.key]
		if c.popped && !bytes.Equal(stored, c.before) {
			return fmt.Errorf("%w: %q was popped by this request and changed by another", ErrConflict, c.key)
		}
		if !c.based {
			continue
		}
		value := stored
		for _, step := range c.steps {
			var err error
			if value, err = step(value); err != nil {
				return fmt.Errorf("session: update %q: %w", c.key, err)
			}
		}
		grown = grown || len(value) > len(stored)
		c.value = value
	}
	if size := s.size(); grown && size > s.m.cfg.MaxBytes {
		return s.tooLarge(size)
	}
	return nil
}

// size is how many bytes of keys and values this request sees.
func (s *Session) size() int {
	n := 0
	if s.found && !s.clear {
		for k, v := range s.rec.Values {
			if s.find(k) < 0 {
				n += weight(k, v)
			}
		}
	}
	for i := range s.changes {
		n += weight(s.changes[i].key, s.changes[i].value)
	}
	return n
}

func weight(key string, value []byte) int {
	if value == nil {
		return 0
	}
	return len(key) + len(value)
}
