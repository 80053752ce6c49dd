package session

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/doorbook/doorbook/session/internal/wire"
)

// Key names a value of a session and its type. Declare keys as constants:
//
//	const cart session.Key[[]Item] = "cart"
//
// Values are kept as JSON, so T follows the rules of encoding/json, unless Config.Codec says
// otherwise. Two keys of the same text are the same key.
type Key[T any] string

// Get gives the value, a fresh copy each time. It reports false if there is none, or none that
// reads as a T: a value that an older or newer program left behind is absent, and does not spoil
// the rest of the session.
func (k Key[T]) Get(s *Session) (value T, ok bool) {
	b, ok := s.get(string(k))
	return decode[T](s, string(k), b, ok)
}

// Set stores a value with the answer's first byte. The value is encoded now: changing it afterwards
// changes nothing. Writes to different keys by requests at the same time all survive; of writes to
// the same key the last one saved stays.
func (k Key[T]) Set(s *Session, value T) { k.setUntil(s, value, time.Time{}) }

// SetFor is Set for a value that counts as absent when that time is over, for what a login
// elsewhere needs (an OAuth state) or a form that must not lie about. It is right to a millisecond
// by the server's clock; a ttl of 0 or less is over at once. Update keeps the time that is left
// while there is some, Set ends it.
func (k Key[T]) SetFor(s *Session, value T, ttl time.Duration) {
	if s.m == nil {
		s.delete(string(k)) // says what is wrong
	}
	k.setUntil(s, value, s.m.now().Add(ttl))
}

func (k Key[T]) setUntil(s *Session, value T, ends time.Time) {
	b, err := s.encode(value)
	if err != nil {
		s.fail(fmt.Errorf("%w: set %q: %w", ErrMisuse, string(k), err))
		return
	}
	s.set(string(k), wire.Wrap(b, ends))
}

// Delete removes the value, if there is one, with the answer's first byte.
func (k Key[T]) Delete(s *Session) { s.delete(string(k)) }

// Pop gives the value and removes it with the answer's first byte. If another request changes or
// removes the value before that, this one fails with ErrConflict: of many requests that pop one
// value at most one is answered.
func (k Key[T]) Pop(s *Session) (value T, ok bool) {
	b, ok := s.pop(string(k))
	return decode[T](s, string(k), b, ok)
}

// Update stores f of the value (the zero T if there is none) and gives it. It is safe where Set is
// not, for counters and carts: if another request changed the session before this one is saved, f
// is called again with the newer value, so f must do nothing but compute: a call of any method of s
// inside f never returns. What Update gives is what the value would be now; the saved one may be
// newer.
func (k Key[T]) Update(s *Session, f func(old T) T) T {
	var result T
	done := false // a later try may be made by another goroutine
	s.update(string(k), func(old []byte) ([]byte, error) {
		var value T
		if old != nil {
			if err := s.m.cfg.Codec.Unmarshal(old, &value); err != nil {
				var none T
				value = none
			}
		}
		next := f(value)
		if !done {
			result, done = next, true
		}
		return s.encode(next)
	})
	return result
}

// encode is Codec.Marshal; a session without a Manager keeps nothing, so anything does.
func (s *Session) encode(v any) ([]byte, error) {
	if s.m == nil {
		return []byte{}, nil
	}
	b, err := s.m.cfg.Codec.Marshal(v)
	if b == nil && err == nil {
		b = []byte{} // no bytes are a value, too
	}
	return b, err
}

func decode[T any](s *Session, key string, b []byte, ok bool) (T, bool) {
	var none T
	if !ok {
		return none, false
	}
	if _, text := any(none).(string); text && s.m.cfg.Codec == (jsonCodec{}) {
		if inner, ok := plainText(b); ok { // the most common value, without a detour over the heap
			return any(string(inner)).(T), true
		}
	}
	value := new(T)
	if err := s.m.cfg.Codec.Unmarshal(b, value); err != nil {
		s.unreadable(key, err)
		return none, false
	}
	return *value, true
}

// maxKeyName is how many bytes the name of a key may have.
const maxKeyName = 128

// checkKey refuses keys that would be mistaken for something else.
func checkKey(key string) error {
	if key == "" || len(key) > maxKeyName || !utf8.ValidString(key) || strings.HasPrefix(key, flashPrefix) {
		return fmt.Errorf("%w: not a usable key: %.32q", ErrMisuse, key)
	}
	return nil
}
