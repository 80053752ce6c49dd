package session_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// P14: identity changes, key changes.

// Guard: internal/place/stored.go, stored.Write, renewed; session.go, Session.signInAs and drop.
func TestP14KeyChanges(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		before  string // as whom
		path    string
		after   string
		city    string // what is left of the values
		renewed bool
	}{
		{"sign in", "", "/in?as=ada", "ada", "Oslo", true},
		{"sign in again", "ada", "/in?as=ada", "ada", "Oslo", true},
		{"up", "ada", "/renew", "ada", "Oslo", true},
		{"another person", "ada", "/in?as=bob", "bob", "", true},
		{"sign out", "ada", "/out", "", "", true},
		{"sign out and go on", "ada", "/out-and-set", "", "Rome", true},
		{"a write", "ada", "/set?city=Rome", "ada", "Rome", false},
		{"clear", "ada", "/clear", "ada", "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
			w.on("/clear", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Clear() })
			w.on("/out-and-set", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				s.SignOut()
				city.Set(s, "Rome")
			})
			w.on("/since", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
				_, _ = fmt.Fprint(rw, s.SignedInSince().Unix())
			})
			b := w.browser()
			b.get("/set?city=Oslo")
			if test.before != "" {
				b.get("/in?as=" + test.before)
			}
			was := b.copy()
			since := b.get("/since").body
			w.clock.add(time.Second)
			b.get(test.path)
			check(t, "another key", b.cookie != was.cookie, test.renewed)
			check(t, "subject", b.get("/who").body, test.after)
			check(t, "city", b.get("/city").body, test.city)
			if test.renewed {
				check(t, "the old key's subject", was.get("/who").body, "")
				check(t, "the old key's city", was.get("/city").body, "")
			}
			proved := strings.HasPrefix(test.path, "/in")
			check(t, "proved anew", b.get("/since").body != since && test.after != "", proved)
			check(t, "sessions", w.live("ada")+w.live("bob"), map[bool]int{true: 1, false: 0}[test.after != ""])
		})
	}
}

// What this request has done counts for it at once. Guard: session.go, Session.Subject and
// SignedInSince.
func TestP14SeenAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		var got []string
		note := func() {
			got = append(got, s.Subject()+"/"+fmt.Sprint(s.SignedInSince().Equal(w.clock.Now()))+"/"+must(city.Get(s)))
		}
		note()
		s.SignIn("ada")
		city.Set(s, "Oslo")
		note()
		s.SignOut()
		note()
		s.SignIn("bob")
		note()
		_, _ = fmt.Fprint(rw, strings.Join(got, " "))
	})
	b := w.browser()
	check(t, "seen", b.get("/").body, "/false/ ada/true/Oslo /false/ bob/true/")
	check(t, "saved", b.get("/who").body, "bob")
	check(t, "records", w.live("ada"), 0)
	check(t, "signed in", w.seen(session.EventSignedIn), 1)
}

// A sign-in starts the lifetime anew, of the kind that was asked for. Guard: session.go,
// Session.signInAs.
func TestP14LifetimeStartsAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	for range 20 {
		w.clock.add(time.Hour)
		b.get("/who")
	}
	b.get("/in?as=ada")
	for range 20 {
		w.clock.add(time.Hour)
		check(t, "subject", b.get("/who").body, "ada")
	}
	b.get("/in?as=ada&remember=1")
	w.clock.add(6 * 24 * time.Hour)
	check(t, "subject, remembered", b.get("/who").body, "ada")
	b.get("/in?as=ada")
	w.clock.add(3 * time.Hour)
	check(t, "subject, no longer remembered", b.get("/who").body, "")
}

// Keys of the ring change: the old one still verifies; with the next touch or write the cookie is
// signed by the new one and the record says so; then the old one can go. Guard:
// internal/place/stored.go, stored.Write and Use, Aging; internal/place/key.go, parseKey.
func TestP14KeyRotation(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{"touch": "/who", "write": "/set?city=Rome", "sign in": "/in?as=ada"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			with := func(keys ...string) *world {
				return newWorld(t, func(c *session.Config) { c.Keys, c.Home.Store, c.Now = ring(t, keys...), w.store, w.clock.Now })
			}
			b := w.signedIn("ada")
			keyID := func() string {
				list, _ := w.m.List(t.Context(), "ada")
				r, err := w.memory.Load(t.Context(), list[0].ID, w.clock.Now())
				if err != nil {
					t.Fatal(err)
				}
				return r.KeyID
			}
			oldID, oldCookie := keyID(), b.cookie

			// First the new key joins behind, so that no node meets a cookie it cannot read.
			b.w = with("one", "two")
			w.clock.add(time.Hour)
			a := b.get("/who")
			check(t, "subject", a.body, "ada")
			check(t, "cookies", len(a.header["Set-Cookie"]), 0)

			b.w = with("two", "one")
			w.clock.add(30 * time.Second)
			w.store.forget()
			a = b.get("/who")
			check(t, "a read within the minute: subject", a.body, "ada")
			check(t, "a read within the minute: store calls", strings.Join(w.store.called(), " "), "Load")
			check(t, "a read within the minute: cookies", len(a.header["Set-Cookie"]), 0)
			w.clock.add(30 * time.Second)
			a = b.get(path)
			check(t, "status", a.status, http.StatusOK)
			if b.cookie == oldCookie || keyID() == oldID {
				t.Errorf("the cookie was not signed anew")
			}
			if name != "sign in" {
				check(t, "the same session key", b.cookie[:50], oldCookie[:50])
			}
			w.store.forget()
			check(t, "cookies afterwards", len(b.get("/who").header["Set-Cookie"]), 0)

			b.w = with("two")
			check(t, "subject without the old key", b.get("/who").body, "ada")
			old := &browser{w: with("two"), header: http.Header{}, cookie: oldCookie}
			check(t, "subject by the old signature", old.get("/who").body, "")
		})
	}
}

// While the store cannot write, a cookie of the old key still reads. Guard: lifecycle.go,
// Session.use.
func TestP14KeyRotationWithoutWrites(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	b.w = newWorld(t, func(c *session.Config) { c.Keys, c.Home.Store, c.Now = ring(t, "two", "one"), w.store, w.clock.Now })
	w.store.stepIn(func(method string) error {
		if method != "Load" {
			return http.ErrServerClosed
		}
		return nil
	})
	w.clock.add(time.Hour)
	a := b.get("/who")
	check(t, "status", a.status, http.StatusOK)
	check(t, "subject", a.body, "ada")
	check(t, "cookies", len(a.header["Set-Cookie"]), 0)
	check(t, "observed", b.w.seen(session.EventTouchFailed), 1)
}

// The random source fails: no key, no session. Guard: internal/place/key.go, newKey.
func TestP14NoRandomness(t *testing.T) {
	t.Parallel()
	for n, path := range map[int]string{0: "/set?city=Oslo", 20: "/in?as=ada"} {
		w := newWorld(t, func(c *session.Config) { c.Rand = strings.NewReader(strings.Repeat("x", n)) })
		a := w.browser().get(path)
		check(t, "status", a.status, http.StatusServiceUnavailable)
		check(t, "store calls", len(w.store.called()), 0)
	}
}

// Two sign-ins of one browser at once, as by a double click, whose stranger's session holds
// something: whichever comes second has proved who is there as well as the first, so it makes a
// session of its own, with what it set itself, and touches nothing of the other's. The same if the
// stranger's session was ended meanwhile.
//
// Guard: lifecycle.go, Session.write, Session.standsAlone; Session.blank.
func TestP14DoubleSignIn(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]string{"renewed": "/in?as=ada", "ended": "/out"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			b := w.browser()
			b.get("/set?city=Rome")
			w.on("/slow", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				s.Has("anything")
				b.get(meanwhile)
				s.SignIn("ada")
				count.Set(s, 7)
			})
			w.on("/count", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
				n, _ := count.Get(s)
				_, _ = fmt.Fprint(rw, n)
			})
			second := b.copy()
			a := second.do(http.MethodPost, "/slow")
			check(t, "status of the second", a.status, http.StatusOK)
			check(t, "its subject", second.get("/who").body, "ada")
			check(t, "what it set", second.get("/count").body, "7")
			check(t, "what it did not set", second.get("/city").body, "")
			if name == "renewed" {
				check(t, "the first's subject", b.get("/who").body, "ada")
				check(t, "the first's city", b.get("/city").body, "Rome")
				check(t, "the first's count", b.get("/count").body, "0")
				check(t, "records", w.live("ada"), 2)
			}
		})
	}
}

// What was set for one subject of a request ends with another subject of the same request.
func TestP14TwoSubjectsInOneRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	inHandler(b, func(s *session.Session) {
		s.SignIn("ada")
		city.Set(s, "ada's secret")
		s.SignIn("bob")
	})
	check(t, "who", b.get("/who").body, "bob")
	check(t, "city", b.get("/city").body, "")
}
