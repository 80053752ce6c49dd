package session_test

// What must not happen, however calls follow each other in one request and what others do
// meanwhile: each test is about one order in which something went wrong.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// Save takes over the store's version without the values that came between, so the next Update of
// the same request is computed from old values under the new version: an update is lost (P1).
func TestOrderSaveThenUpdateLosesUpdate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	add := func(s *session.Session) { count.Update(s, func(n int) int { return n + 1 }) }
	w.on("/add", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { add(s) })
	b := w.signedIn("ada")
	other := b.copy()
	w.on("/a", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo") // loads
		other.get("/add")
		if err := s.Save(); err != nil {
			t.Error(err)
		}
		add(s)
	})
	check(t, "status", b.get("/a").status, http.StatusOK)
	inRequestOf(b, func(s *session.Session) { n, _ := count.Get(s); check(t, "count", n, 2) })
}

// The same with Pop: both requests are answered with the value.
func TestOrderSaveThenPopTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	b.get("/set?city=Oslo")
	other := b.copy()
	answered := 0
	w.on("/pop", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { city.Pop(s) })
	w.on("/a", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		count.Set(s, 1)
		if other.get("/pop").status == http.StatusOK {
			answered++
		}
		if err := s.Save(); err != nil {
			t.Error(err)
		}
		city.Pop(s)
	})
	if b.get("/a").status == http.StatusOK {
		answered++
	}
	check(t, "requests that popped the value and were answered", answered, 1)
}

// The same with Flashes: shown twice.
func TestOrderSaveThenFlashesTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	inHandler(b, func(s *session.Session) { s.Flash("info", "once") })
	other := b.copy()
	shown := 0
	w.on("/flashes", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { shown += len(s.Flashes()) })
	w.on("/a", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		count.Set(s, 1)
		other.get("/flashes")
		if err := s.Save(); err != nil {
			t.Error(err)
		}
		shown += len(s.Flashes())
	})
	b.get("/a")
	check(t, "times shown", shown, 1)
}

func inHandler(b *browser, f func(*session.Session)) answer {
	b.w.t.Helper()
	h := b.w.m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { f(session.From(r.Context())) }))
	rec := newRecorder()
	h.ServeHTTP(rec, b.request("GET", "/"))
	return b.keep(rec.Result())
}

// A failed Save of a sealed session, discarded, leaves what failed in the session: it can never be
// saved again, and who failed to be signed in counts as signed in.
func TestOrderSealedFailedSaveDiscard(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} {
		t.Run(fmt.Sprint("new ", first), func(t *testing.T) {
			w := newWorld(t, sealedHome)
			b := w.browser()
			if !first {
				b.get("/set?city=Oslo")
			}
			a := inHandler(b, func(s *session.Session) {
				s.SignIn("ada")
				city.Set(s, strings.Repeat("x", 5000))
				if err := s.Save(); !errors.Is(err, session.ErrTooLarge) {
					t.Error(err)
				}
				s.Discard()
				check(t, "subject after Discard", s.Subject(), "")
				got, _ := city.Get(s)
				check(t, "city after Discard is short", len(got) < 10, true)
				s.Flash("error", "that was too much")
			})
			check(t, "status", a.status, http.StatusOK)
		})
	}
}

// Discard after Save and SignOut goes back behind what was saved.
func TestOrderDiscardAfterSave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	inHandler(b, func(s *session.Session) {
		s.SignIn("ada")
		if err := s.Save(); err != nil {
			t.Error(err)
		}
		s.SignOut()
		s.Discard() // the sign-out is not to be
		check(t, "subject after Discard", s.Subject(), "ada")
	})
	check(t, "who", b.get("/who").body, "ada")
}

// A sign-out after that is lost: the handler is told of nothing, and the client leaves signed in
// (P2).
func TestOrderDiscardAfterSaveThenSignOut(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"stranger", "other subject"} {
		t.Run(from, func(t *testing.T) {
			w := newWorld(t)
			b := w.browser()
			if from != "stranger" {
				b = w.signedIn("bob")
			}
			a := inHandler(b, func(s *session.Session) {
				s.SignIn("ada")
				_ = s.Save()
				s.SignOut()
				s.Discard()
				s.SignOut()
			})
			check(t, "status", a.status, http.StatusOK)
			check(t, "who", b.get("/who").body, "")
			check(t, "live records", w.live("ada"), 0)
		})
	}
}

// After Discard the answer forgets that it depends on the cookie (P10).
func TestOrderVaryAfterDiscard(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(*session.Session){
		"read":     func(s *session.Session) { s.Subject() },
		"sign out": func(s *session.Session) { s.SignOut() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := inHandler(w.browser(), func(s *session.Session) { f(s); s.Discard() })
			check(t, "Vary", a.header.Get("Vary"), "Cookie")
		})
	}
	w := newWorld(t)
	b := w.signedIn("ada")
	w.store.stepIn(func(string) error { return errors.New("away") })
	a := inHandler(b, func(s *session.Session) { s.Subject(); s.Discard() })
	check(t, "Vary when the store is away", a.header.Get("Vary"), "Cookie")
}

// Pop and then a sign-out (or a sign-in over another subject) fails because of another key that
// another request wrote.
func TestOrderPopAndSignOutConflict(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"out", "in"} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			b := w.signedIn("ada")
			b.get("/set?city=Oslo")
			other := b.copy()
			w.on("/count", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { count.Set(s, 1) })
			a := inHandler(b, func(s *session.Session) {
				city.Pop(s)
				other.get("/count") // does not touch city
				if how == "out" {
					s.SignOut()
				} else {
					s.SignIn("bob")
				}
			})
			check(t, "status", a.status, http.StatusOK)
			check(t, "live records of ada", w.live("ada"), 0)
		})
	}
}

// The same with a session of the old sealed home: never possible.
func TestOrderPopAndSignOutAdopted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sealedHome)
	b := w.signedIn("ada")
	b.get("/set?city=Oslo")
	b.w = newWorld(t, func(c *session.Config) { c.Old.Carrier = session.Sealed })
	a := inHandler(b, func(s *session.Session) { city.Pop(s); s.SignOut() })
	check(t, "status", a.status, http.StatusOK)
	check(t, "who", b.get("/who").body, "")
}

// An answer that got lost after the adoption and a renewal: the browser comes with the sealed
// cookie for good, and every page that writes sends it to itself forever.
func TestOrderAdoptionLoop(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sealedHome)
	b := w.signedIn("ada")
	b.w = newWorld(t, func(c *session.Config) { c.Old.Carrier = session.Sealed })
	b.header.Set("Sec-Fetch-Mode", "navigate")
	lost := b.copy()
	inHandler(lost, func(s *session.Session) { s.Renew() }) // or SignIn; the answer is lost
	for i := range 5 {
		a := b.get("/set?city=Oslo")
		if a.status == http.StatusOK {
			return
		}
		t.Logf("visit %d: %d to %s, Set-Cookie %q; reading says %q", i, a.status, a.header.Get("Location"), a.header.Values("Set-Cookie"), b.copy().get("/who").body)
	}
	t.Error("the browser is sent in a circle")
}

// And after a change of keys: no renewal is needed.
func TestOrderAdoptionLoopKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sealedHome)
	b := w.signedIn("ada")
	b.w = newWorld(t, func(c *session.Config) { c.Old.Carrier = session.Sealed })
	b.header.Set("Sec-Fetch-Mode", "navigate")
	lost := b.copy()
	lost.get("/set?city=Rome")
	if err := b.w.m.SetKeys(ring(t, "two", "one")); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if a := b.get("/set?city=Oslo"); a.status == http.StatusOK {
			return
		}
	}
	t.Error("the browser is sent in a circle")
}

// What was set for one subject of a request ends with another subject of the same request.
func TestOrderTwoSignInsInOneRequest(t *testing.T) {
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

// A client that hangs up makes Config.Valid fail, and with it the write (P12).
func TestOrderValidPatience(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) {
		c.Valid = func(ctx context.Context, _ *session.Session) (bool, error) { return true, ctx.Err() }
	})
	b := w.signedIn("ada")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rec := newRecorder()
	w.h.ServeHTTP(rec, b.request("GET", "/set?city=Oslo").WithContext(ctx))
	check(t, "city", b.get("/city").body, "Oslo")
}

// Pop after an Update of the same request is not exclusive.
func TestOrderUpdateThenPop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	inHandler(b, func(s *session.Session) { count.Set(s, 1) })
	other := b.copy()
	answered := 0
	pop := func(s *session.Session) { count.Update(s, func(n int) int { return n + 1 }); count.Pop(s) }
	if inHandler(b, func(s *session.Session) {
		pop(s)
		if inHandler(other, pop).status == http.StatusOK {
			answered++
		}
	}).status == http.StatusOK {
		answered++
	}
	check(t, "requests that popped the value and were answered", answered, 1)
}

// Silence of the error handler becomes 200 behind a guard.
func TestOrderGuardSilence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) {
		c.ErrorHandler = func(_ http.ResponseWriter, _ *http.Request, _ error) {} // logs, say
	})
	w.h = w.m.Handler(w.m.RequireSignedIn("/login")(w.mux))
	check(t, "status", w.browser().get("/who").status, http.StatusUnauthorized)
}

// An error handler with cache headers of its own takes no-store off an answer with a session cookie
// (P10).
func TestOrderErrorHandlerCaches(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) {
		c.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.Header().Set("Cache-Control", "public, max-age=60")
			w.WriteHeader(http.StatusGone)
		}
	})
	a := inHandler(w.browser(), func(s *session.Session) {
		s.SignIn("ada")
		_ = s.Save()
		city.Set(s, strings.Repeat("x", 70000))
	})
	if a.header.Get("Set-Cookie") != "" {
		check(t, "Cache-Control", a.header.Get("Cache-Control"), "no-store")
	}
}

// Values whose time is over count against MaxBytes for ever.
func TestOrderExpiredValuesFillUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) { c.MaxBytes = 1000 })
	b := w.signedIn("ada")
	for i := range 40 {
		a := inHandler(b, func(s *session.Session) {
			session.Key[string](fmt.Sprintf("oauth_%d", i)).SetFor(s, strings.Repeat("x", 50), time.Second)
		})
		if a.status != http.StatusOK {
			t.Fatalf("login %d: %d, though every value before is absent", i, a.status)
		}
		w.clock.add(2 * time.Second)
	}
}

// Header clients are logged out when the cookie gets another name, Config.Old or not.
func TestOrderHeaderAndOldName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) { c.Header = "X-Session-Key" })
	b := w.browser()
	b.header.Set("X-Session-Key", "")
	key := b.get("/in?as=ada").header.Get("X-Session-Key")
	after := newWorld(t, func(c *session.Config) {
		c.Header, c.Store, c.Now = "X-Session-Key", w.memory, w.clock.Now
		c.Cookie.Name = "__Host-newsession"
		c.Old.Cookie.Name = "__Host-session"
	})
	b = after.browser()
	b.header.Set("X-Session-Key", key)
	check(t, "who", b.get("/who").body, "ada")
}

// A request that loaded before SetKeys and is noted after leaves a record that OldKeys counts until
// it dies.
func TestOrderOldKeysNeverZero(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.get("/in?as=ada&remember=1")
	inHandler(b, func(s *session.Session) {
		city.Set(s, "Oslo")
		if err := w.m.SetKeys(ring(t, "two", "one")); err != nil {
			t.Error(err)
		}
	})
	for range 5 {
		w.clock.add(time.Hour)
		b.get("/set?city=Rome")
	}
	n, err := w.m.OldKeys(t.Context())
	check(t, "error", err, nil)
	check(t, "sessions under an old key", n, 0)
	if err := w.m.SetKeys(ring(t, "two")); err != nil {
		t.Error(err)
	}
	check(t, "who without the old key", b.get("/who").body, "ada")
}

// Data race between Update giving its result and a rebase by another goroutine of the request.
func TestOrderUpdateRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	inHandler(b, func(s *session.Session) { count.Set(s, 1) })
	other := b.copy()
	inHandler(b, func(s *session.Session) {
		s.Subject()
		inHandler(other, func(s *session.Session) { count.Set(s, 5) })
		done := make(chan int, 1)
		go func() { done <- count.Update(s, func(n int) int { return n + 1 }) }()
		if err := s.Save(); err != nil { // conflict, rebase
			t.Error(err)
		}
		<-done
	})
}
