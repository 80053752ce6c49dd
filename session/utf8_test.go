package session_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session"
)

// upper writes itself.
type upper string

func (u upper) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(string(u))), nil }

// Text that is not UTF-8 would come back different, with ok, or be lost as a key of a map: it is
// refused, wherever in a value it is. What is UTF-8, and what writes itself, is taken as it is.
func TestOnlyUTF8IsSet(t *testing.T) {
	t.Parallel()
	type inner struct {
		Name string
		note string
	}
	type deep struct {
		List  []map[string]any
		Inner *inner
	}
	bad := "\x1f\x8b\x08\x00"
	w := newWorld(t)
	set := func(v any) error {
		return inRequest(t, w.m, func(s *session.Session) error {
			session.Key[any]("k").Set(s, v)
			err := s.Err()
			s.Discard()
			return err
		})
	}
	for name, v := range map[string]any{
		"a string": bad, "a cut rune": "\xf0\x28", "a surrogate": "\xed\xa0\x80",
		"keys": map[string]int{"\xff": 1, "\xfe": 2}, "a list": []string{"", bad}, "an array": [2]string{bad},
		"a field": inner{Name: bad}, "deep": deep{List: []map[string]any{{"a": []any{bad}}}}, "behind a pointer": &deep{Inner: &inner{Name: bad}},
		"a deep key": deep{List: []map[string]any{{bad: 1}}},
	} {
		err := set(v)
		if !errors.Is(err, session.ErrMisuse) || !strings.Contains(err.Error(), `"k"`) || !strings.Contains(err.Error(), "UTF-8") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, v := range map[string]any{
		"the replacement character": "\ufffd", "its escape": `\ufffd`, "bytes": []byte(bad), "a field that is not written": inner{note: bad},
		"raw": json.RawMessage(`"\ufffd"`), "writes itself": upper("\ufffd"), "nil": nil, "a nil pointer": (*inner)(nil),
	} {
		if err := set(v); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
