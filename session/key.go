package session

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Key names a value of a session and its type. Declare keys as constants:
//
//	const cart session.Key[[]Item] = "cart"
//
// Values are kept as JSON, so T follows the rules of encoding/json. Two keys of the same text are the same key.
type Key[T any] string

// Get gives the value, a fresh copy each time. It reports false if there is none, or none that reads as a T: a value that
// an older or newer program left behind is absent, and does not spoil the rest of the session.
func (k Key[T]) Get(s *Session) (value T, ok bool) {
	b, ok := s.get(string(k))
	if !ok {
		return value, false
	}
	if err := decode(b, &value); err != nil {
		s.unreadable(string(k), err)
		var none T
		return none, false
	}
	return value, true
}

// Set stores a value with the answer's first byte. The value is encoded now: changing it afterwards changes nothing. Writes
// to different keys by requests at the same time all survive; of writes to the same key the last one saved stays.
func (k Key[T]) Set(s *Session, value T) {
	b, err := encode(value)
	if err != nil {
		s.fail(fmt.Errorf("session: set %q: %w", string(k), err))
		return
	}
	s.set(string(k), b)
}

// Delete removes the value, if there is one, with the answer's first byte.
func (k Key[T]) Delete(s *Session) { s.delete(string(k)) }

// Pop gives the value and removes it with the answer's first byte. If another request changes or removes the value
// before that, this one fails with ErrConflict: of many requests that pop one value at most one is answered.
func (k Key[T]) Pop(s *Session) (value T, ok bool) {
	b, ok := s.pop(string(k))
	if !ok {
		return value, false
	}
	if err := decode(b, &value); err != nil {
		s.unreadable(string(k), err)
		var none T
		return none, false
	}
	return value, true
}

// Update stores f of the value (the zero T if there is none) and gives it. It is safe where Set is not, for counters and
// carts: if another request changed the session before this one is saved, f is called again with the newer value, so f
// must do nothing but compute: a call of any method of s inside f never returns. What Update gives is what the value would
// be now; the saved one may be newer.
func (k Key[T]) Update(s *Session, f func(old T) T) T {
	var result T
	s.update(string(k), func(old []byte) ([]byte, error) {
		var value T
		if old != nil {
			if err := decode(old, &value); err != nil {
				var none T
				value = none
			}
		}
		result = f(value)
		return encode(result)
	})
	return result
}

// encode and decode keep values as JSON. Plain strings, the most common values, take a short way.
func encode(v any) ([]byte, error) {
	if s, ok := v.(string); ok && plain(s) {
		b := make([]byte, 0, len(s)+2)
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"'), nil
	}
	return json.Marshal(v)
}

func decode(b []byte, v any) error {
	if p, ok := v.(*string); ok && len(b) >= 2 && b[0] == '"' && b[len(b)-1] == '"' {
		inner := b[1 : len(b)-1]
		if bytes.IndexByte(inner, '\\') < 0 && bytes.IndexByte(inner, '"') < 0 && utf8.Valid(inner) && noControls(inner) {
			*p = string(inner)
			return nil
		}
	}
	return json.Unmarshal(b, v)
}

// plain reports whether s is its own JSON text between quotes.
func plain(s string) bool {
	return !strings.ContainsAny(s, "\"\\<>&\u2028\u2029") && utf8.ValidString(s) && noControls(s)
}

func noControls[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] < ' ' {
			return false
		}
	}
	return true
}

// checkKey refuses keys that would be mistaken for something else.
func checkKey(key string) error {
	if key == "" || len(key) > 128 || !utf8.ValidString(key) || strings.HasPrefix(key, flashPrefix) {
		return fmt.Errorf("%w: %.32q", ErrBadKey, key)
	}
	return nil
}
