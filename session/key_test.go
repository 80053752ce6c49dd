package session_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/internal/compare"
)

// Guard: key.go, encode and decode: what the short way for strings writes and reads is JSON, to the
// byte.
func TestKeyStringsAreJSON(t *testing.T) {
	t.Parallel()
	values := []string{
		"", "plain", "with \"quotes\"", `back\slash`, "<script>&", "tab\t", "line\nbreak", "\x00", "\x7f", "é", "日本", "🎉",
		"\u2028\u2029", "\ufffd", `\u0041`, `\ufffd`, strings.Repeat("long ", 1000), `"`, "\ufeff", "\u200b",
	}
	w := newWorld(t)
	for i, value := range values {
		t.Run(fmt.Sprintf("%.20q", value), func(t *testing.T) {
			w.on(fmt.Sprint("/", i), func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				city.Set(s, value)
				if got, ok := city.Get(s); !ok || got != value {
					t.Errorf("got %q", got)
				}
				var raw json.RawMessage
				raw, ok := session.Key[json.RawMessage]("city").Get(s)
				encoded, _ := json.Marshal(value)
				if !ok || string(raw) != string(encoded) {
					t.Errorf("encoded as %s, want %s", raw, encoded)
				}
				if got, ok := session.Key[any]("city").Get(s); !ok || got != value {
					t.Errorf("as any: %q", got)
				}
				if _, ok := count.Get(s); ok {
					t.Error("another key")
				}
				if _, ok := session.Key[int]("city").Get(s); ok {
					t.Error("as a number")
				}
			})
			check(t, "status", w.browser().get(fmt.Sprint("/", i)).status, http.StatusOK)
		})
	}
}

func FuzzKeyString(f *testing.F) {
	f.Add("plain")
	f.Add("\"\\<>&\u2028\xff\x00")
	w := newWorld(f)
	h := w.m
	f.Fuzz(func(t *testing.T, value string) {
		got := inRequest(t, h, func(s *session.Session) string {
			city.Set(s, value)
			if !utf8.ValidString(value) {
				if !errors.Is(s.Err(), session.ErrMisuse) {
					t.Errorf("%q is taken", value)
				}
				s.Discard()
				return ""
			}
			if raw, _ := session.Key[json.RawMessage]("city").Get(s); !json.Valid(raw) {
				t.Errorf("%q is written as %q, which is not JSON", value, raw)
			}
			v, _ := city.Get(s)
			s.Discard()
			return v
		})
		if len(value) < 10_000 && utf8.ValidString(value) && got != value {
			t.Errorf("%q comes back as %q", value, got)
		}
	})
}

type person struct {
	Name   string
	Skills []string
	Boss   *person
}

// Guard: key.go, Set encodes at once, Get decodes afresh.
func TestKeyValuesAreCopies(t *testing.T) {
	t.Parallel()
	const user session.Key[person] = "user"
	w := newWorld(t)
	b := w.browser()
	ada := person{"Ada", []string{"Go"}, &person{Name: "Charles"}}
	inRequestOf(b, func(s *session.Session) {
		mine := person{"Ada", []string{"Go"}, &person{Name: "Charles"}}
		user.Set(s, mine)
		mine.Skills[0], mine.Boss.Name = "changed", "changed"
		first, _ := user.Get(s)
		first.Skills[0], first.Boss.Name = "changed", "changed"
		if diff := compare.Diff(ada, must(user.Get(s))); diff != "" {
			t.Error(diff)
		}
	})
	inRequestOf(b, func(s *session.Session) {
		first, _ := user.Get(s)
		first.Boss.Name = "changed"
		if diff := compare.Diff(ada, must(user.Get(s))); diff != "" {
			t.Error(diff)
		}
		popped, ok := user.Pop(s)
		if diff := compare.Diff(ada, popped); diff != "" || !ok {
			t.Error(diff)
		}
		if _, ok := user.Get(s); ok || s.Has("user") {
			t.Error("still there")
		}
	})
	inRequestOf(b, func(s *session.Session) {
		if _, ok := user.Get(s); ok {
			t.Error("still there afterwards")
		}
	})
}

// The operations in one request follow each other as they are written down.
func TestKeyOperationsInOrder(t *testing.T) {
	t.Parallel()
	add := func(n int) func(int) int { return func(old int) int { return old + n } }
	tests := []struct {
		name string
		do   func(s *session.Session)
		want int // from 10
	}{
		{"update", func(s *session.Session) { count.Update(s, add(1)) }, 11},
		{"set, update", func(s *session.Session) { count.Set(s, 1); count.Update(s, add(1)) }, 2},
		{"update, set", func(s *session.Session) { count.Update(s, add(1)); count.Set(s, 5) }, 5},
		{"update, delete", func(s *session.Session) { count.Update(s, add(1)); count.Delete(s) }, 0},
		{"delete, update", func(s *session.Session) { count.Delete(s); count.Update(s, add(1)) }, 1},
		{"pop, update", func(s *session.Session) { count.Pop(s); count.Update(s, add(1)) }, 1},
		{"update, pop", func(s *session.Session) { count.Update(s, add(1)); count.Pop(s) }, 0},
		{"clear, update", func(s *session.Session) { s.Clear(); count.Update(s, add(1)) }, 1},
		{"update, clear", func(s *session.Session) { count.Update(s, add(1)); s.Clear() }, 0},
		{"pop, clear, update", func(s *session.Session) { count.Pop(s); s.Clear(); count.Update(s, add(1)) }, 1},
		{"update, sign in", func(s *session.Session) { count.Update(s, add(1)); s.SignIn("ada") }, 11},
		{"sign out, update", func(s *session.Session) { s.SignOut(); count.Update(s, add(1)) }, 1},
		{"discard", func(s *session.Session) { count.Update(s, add(1)); s.Discard(); count.Update(s, add(2)) }, 12},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newWorld(t).signedIn("ada")
			inRequestOf(b, func(s *session.Session) { count.Set(s, 10) })
			var now int
			inRequestOf(b, func(s *session.Session) {
				test.do(s)
				now, _ = count.Get(s)
			})
			check(t, "seen by itself", now, test.want)
			inRequestOf(b, func(s *session.Session) { now, _ = count.Get(s) })
			check(t, "saved", now, test.want)
		})
	}
}

// inRequest is a stranger's request that does f.
func inRequest[T any](t *testing.T, m *session.Manager, f func(*session.Session) T) (result T) {
	t.Helper()
	b := &browser{header: http.Header{}}
	m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		result = f(session.From(r.Context()))
	})).ServeHTTP(newRecorder(), b.request("GET", "/"))
	return result
}
