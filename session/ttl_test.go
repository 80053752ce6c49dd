package session_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

const oauthState session.Key[string] = "oauth.state"

// has reports what the next requests of a browser see of a value.
func (b *browser) has(k session.Key[string]) (value string) {
	b.w.t.Helper()
	inRequestOf(b, func(s *session.Session) {
		v, ok := k.Get(s)
		if check(b.w.t, "Has", s.Has(string(k)), ok); ok {
			value = v
		} else if value = "none"; v != "" {
			b.w.t.Errorf("an absent value is %q", v)
		}
	})
	return value
}

// A value is there until its time is over, and from that moment on absent, though the session goes
// on. Guard: internal/wire/timed.go, Unwrap; values.go, Session.content.
func TestTTLEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	inRequestOf(b, func(s *session.Session) {
		oauthState.SetFor(s, "xyz", 10*time.Minute)
		v, ok := oauthState.Get(s)
		check(t, "at once", v, "xyz")
		check(t, "at once", ok, true)
	})
	w.clock.add(10*time.Minute - time.Millisecond)
	check(t, "just before", b.has(oauthState), "xyz")
	w.clock.add(time.Millisecond)
	check(t, "at its end", b.has(oauthState), "none")
	w.clock.add(time.Hour)
	check(t, "later", b.has(oauthState), "none")
	check(t, "the session", b.get("/who").body, "ada")
	check(t, "unreadable", w.seen(session.EventUnreadable), 0)
}

// What the other operations do to the time that is left. Guard: values.go, Session.update and pop;
// key.go, SetFor.
func TestTTLAndOtherOperations(t *testing.T) {
	t.Parallel()
	later := func(w *world) { w.clock.add(10 * time.Minute) }
	for name, test := range map[string]struct {
		do     func(*session.Session)
		before string
		after  string // ten minutes after SetFor
	}{
		"nothing": {func(*session.Session) {}, "xyz", "none"},
		"Update":  {func(s *session.Session) { oauthState.Update(s, func(v string) string { return v + "!" }) }, "xyz!", "none"},
		"Update twice": {func(s *session.Session) {
			for range 2 {
				oauthState.Update(s, func(v string) string { return v + "!" })
			}
		}, "xyz!!", "none"},
		"Set": {func(s *session.Session) { oauthState.Set(s, "abc") }, "abc", "abc"},
		"Set, Update": {func(s *session.Session) {
			oauthState.Set(s, "abc")
			oauthState.Update(s, func(v string) string { return v + "!" })
		}, "abc!", "abc!"},
		"SetFor longer":     {func(s *session.Session) { oauthState.SetFor(s, "abc", time.Hour) }, "abc", "abc"},
		"SetFor zero":       {func(s *session.Session) { oauthState.SetFor(s, "abc", 0) }, "none", "none"},
		"SetFor less":       {func(s *session.Session) { oauthState.SetFor(s, "abc", -time.Hour) }, "none", "none"},
		"SetFor never":      {func(s *session.Session) { oauthState.SetFor(s, "abc", math.MaxInt64) }, "abc", "abc"},
		"SetFor since 1970": {func(s *session.Session) { oauthState.SetFor(s, "abc", math.MinInt64) }, "none", "none"},
		"Delete":            {func(s *session.Session) { oauthState.Delete(s) }, "none", "none"},
		"Clear":             {(*session.Session).Clear, "none", "none"},
		"Pop":               {func(s *session.Session) { check(t, "popped", must(oauthState.Pop(s)), "xyz") }, "none", "none"},
		"Renew":             {(*session.Session).Renew, "xyz", "none"},
		"sign-in":           {func(s *session.Session) { s.SignIn("ada") }, "xyz", "none"},
		"somebody else":     {func(s *session.Session) { s.SignIn("bob") }, "none", "none"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b := w.signedIn("ada")
			inRequestOf(b, func(s *session.Session) { oauthState.SetFor(s, "xyz", 10*time.Minute) })
			w.clock.add(time.Minute)
			inRequestOf(b, test.do)
			check(t, "before", b.has(oauthState), test.before)
			later(w)
			check(t, "after", b.has(oauthState), test.after)

			w = newWorld(t) // the same in one request
			b = w.signedIn("ada")
			inRequestOf(b, func(s *session.Session) { oauthState.SetFor(s, "xyz", 10*time.Minute); test.do(s) })
			check(t, "before, in one request", b.has(oauthState), test.before)
			later(w)
			if name == "SetFor longer" || name == "SetFor never" || test.after == "none" {
				check(t, "after, in one request", b.has(oauthState), test.after)
			}
		})
	}
}

// A value whose time is over is not there to be popped, and an Update begins anew, without an end.
// Guard: values.go, Session.pop and update, ends.
func TestTTLOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	inRequestOf(b, func(s *session.Session) { oauthState.SetFor(s, "xyz", time.Minute); count.SetFor(s, 5, time.Minute) })
	w.clock.add(time.Minute)
	w.store.forget()
	inRequestOf(b, func(s *session.Session) {
		v, ok := oauthState.Pop(s)
		check(t, "popped", v, "")
		check(t, "popped", ok, false)
	})
	for _, p := range w.store.patches {
		if p.IfVersion != 0 {
			t.Errorf("popping nothing takes a version: %+v", p)
		}
	}
	inRequestOf(b, func(s *session.Session) { check(t, "updated", count.Update(s, func(n int) int { return n + 1 }), 1) })
	w.clock.add(90 * time.Minute)
	inRequestOf(b, func(s *session.Session) { check(t, "kept", must(count.Get(s)), 1) })
}

// A value that ends while a request is under way is there for it or not, but not half; and two
// requests never pop it both. Guard: values.go, Session.content and pop, which judge each time.
func TestTTLDuringRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	inRequestOf(b, func(s *session.Session) { oauthState.SetFor(s, "xyz", time.Minute) })
	inRequestOf(b, func(s *session.Session) {
		check(t, "there", s.Has("oauth.state"), true)
		w.clock.add(time.Minute)
		check(t, "over", s.Has("oauth.state"), false)
		check(t, "popped", must(oauthState.Pop(s)), "")
	})
	other := b.copy()
	inRequestOf(b, func(s *session.Session) { oauthState.SetFor(s, "abc", time.Minute) })
	var taken []string
	w.on("/pop", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		v, _ := oauthState.Pop(s)
		if r.FormValue("first") != "" {
			check(t, "the other", other.get("/pop").status, http.StatusOK)
		}
		taken = append(taken, v)
	})
	check(t, "the loser", b.do("POST", "/pop?first=1").status, http.StatusConflict)
	check(t, "taken by both", strings.Join(taken, " "), "abc abc") // but only one was answered
}

// Each node judges by its own clock. Guard: values.go, Session.content.
func TestTTLClocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ahead := newClock()
	ahead.add(5 * time.Minute)
	fast := w.node(func(c *session.Config) { c.Now = ahead.Now })
	b := w.signedIn("ada")
	inRequestOf(b, func(s *session.Session) { oauthState.SetFor(s, "xyz", 4*time.Minute) })
	check(t, "here", b.has(oauthState), "xyz")
	check(t, "on the node that is ahead", b.at(fast).has(oauthState), "none")
	inRequestOf(b.at(fast), func(s *session.Session) { oauthState.SetFor(s, "abc", time.Minute) })
	check(t, "on the node that is behind", b.has(oauthState), "abc")
	w.clock.add(6*time.Minute - time.Millisecond)
	check(t, "just before", b.has(oauthState), "abc")
	w.clock.add(time.Millisecond)
	check(t, "at its end", b.has(oauthState), "none")
}

// rawCodec is a codec of bytes as they are.
type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error) { return append([]byte{}, v.(string)...), nil }

func (rawCodec) Unmarshal(data []byte, v any) error {
	p, ok := v.(*string)
	if !ok {
		return errors.New("not a string")
	}
	*p = string(data)
	return nil
}

// Values of a codec that begin with a zero byte, as a wrapping does, come back as they were. Guard:
// internal/wire/timed.go, Wrap, its first condition.
func TestTTLBinaryValues(t *testing.T) {
	t.Parallel()
	values := []string{"", "\x00", "\x00\x00", "\x00\x01", "\x00\x80", "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", "\x00\x00abc", "abc\x00", "\xff\xfe"}
	for _, value := range values {
		w := newWorld(t, func(c *session.Config) { c.Codec = rawCodec{} })
		b := w.signedIn("ada")
		keys := []session.Key[string]{"set", "for", "updated", "updated for"}
		inRequestOf(b, func(s *session.Session) {
			keys[0].Set(s, value)
			keys[1].SetFor(s, value, time.Hour)
			keys[2].Update(s, func(string) string { return value })
			keys[3].SetFor(s, "x", time.Hour)
			keys[3].Update(s, func(string) string { return value })
		})
		for _, k := range keys {
			inRequestOf(b, func(s *session.Session) {
				if v, ok := k.Get(s); !ok || v != value {
					t.Errorf("%q %s: %q %t", value, k, v, ok)
				}
				if v := k.Update(s, func(v string) string { return v }); v != value {
					t.Errorf("%q %s, updated: %q", value, k, v)
				}
			})
			w.clock.add(time.Minute)
		}
		w.clock.add(time.Hour)
		for i, k := range keys {
			inRequestOf(b, func(s *session.Session) {
				v, ok := k.Pop(s)
				check(t, "there", ok, i%2 == 0)
				check(t, "popped", v, map[bool]string{true: value}[i%2 == 0])
			})
		}
	}
}

// The time to live takes a few bytes of the session's room, and is counted. Guard: edits.go,
// edits.put.
func TestTTLSize(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) { c.MaxBytes = 100 })
	err := inRequest(t, w.m, func(s *session.Session) error {
		session.Key[json.RawMessage]("k").Set(s, json.RawMessage(`"`+strings.Repeat("x", 97)+`"`))
		return s.Err()
	})
	check(t, "a value that just fits", err, nil)
	err = inRequest(t, w.m, func(s *session.Session) error {
		session.Key[json.RawMessage]("k").SetFor(s, json.RawMessage(`"`+strings.Repeat("x", 97)+`"`), time.Minute)
		return s.Err()
	})
	if !errors.Is(err, session.ErrTooLarge) {
		t.Errorf("the same with an end: %v", err)
	}
}

// Values whose time is over give their room back. Guard: values.go, Session.put; edits.go,
// edits.expire.
func TestTTLRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	for i := range 100 {
		status := inHandler(b, func(s *session.Session) {
			session.Key[string](fmt.Sprint("form.", i)).SetFor(s, strings.Repeat("x", 4096), time.Minute)
		}).status
		if status != http.StatusOK {
			t.Fatalf("form %d: %d", i, status)
		}
		w.clock.add(time.Minute)
	}
}
