package session_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/session"
)

// The clock is set back by hours while the program runs: people can sign in, and those who use
// their session stay. Guard: clock.go, Manager.now.
func TestClockSetBackKeepsUsers(t *testing.T) {
	t.Parallel()
	c := newWallClock(t)
	w := newWorld(t, func(conf *session.Config) { conf.Now = c.Now })
	b := w.signedIn("ada")
	c.passed, c.set = time.Hour, -3*time.Hour
	check(t, "a sign-in after the clock was set back", w.signedIn("bob").get("/who").body, "bob")
	for range 10 {
		c.passed += 30 * time.Minute
		check(t, "in use", b.get("/who").body, "ada")
	}
}

// However often it is set, to and fro, no session that is in use lives past its absolute limit.
// Guard: clock.go, now and alive; values.go, Touched.
func TestClockToAndFro(t *testing.T) {
	t.Parallel()
	c := newWallClock(t)
	w := newWorld(t, func(conf *session.Config) { conf.Now = c.Now })
	b := w.signedIn("ada")
	for c.passed < 24*time.Hour {
		if got := b.get("/who").body; got != "ada" {
			t.Fatalf("in use after %v, set by %v: %q", c.passed, c.set, got)
		}
		c.passed += 30 * time.Minute
		if c.set -= 15 * time.Minute; c.passed%(4*time.Hour) == 0 {
			c.set = 0
		}
	}
	check(t, "subject after a day", b.get("/who").body, "")
}

// The idle limit is lowered: sessions that exist obey it. Guard: clock.go, Manager.alive.
func TestClockLoweredIdle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	strict := w.limited(session.Lifetime{Idle: 10 * time.Minute, Absolute: 24 * time.Hour})
	w.clock.add(10*time.Minute - time.Millisecond)
	check(t, "in time", b.at(strict).get("/who").body, "ada")
	w.clock.add(10*time.Minute - time.Millisecond)
	check(t, "used in time", b.at(strict).get("/who").body, "ada")
	w.clock.add(10 * time.Minute)
	check(t, "at the lowered idle limit", b.at(strict).get("/who").body, "")
}

// The cookie that Save promised comes with the answer to a panic, too: a renewed key is the only
// one. Guard: writer.go, leave.
func TestSavedCookieSurvivesPanic(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/boom", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		s.SignIn(r.FormValue("as"))
		_ = s.Save()
		panic("boom")
	})
	inner := w.h
	w.h = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				http.Error(rw, "sorry", http.StatusInternalServerError)
			}
		}()
		inner.ServeHTTP(rw, r)
	})
	for name, b := range map[string]*browser{"stranger": w.browser(), "known": w.signedIn("ada")} {
		a := b.get("/boom?as=ada")
		check(t, name+": status", a.status, http.StatusInternalServerError)
		check(t, name+": cookies", len(a.header["Set-Cookie"]), 1)
		check(t, name+": Cache-Control", a.header.Get("Cache-Control"), "no-store")
		check(t, name+": subject", b.get("/who").body, "ada")
	}
}

// lazyCodec gives nil for an empty text, as append and many a library do.
type lazyCodec struct{ rawCodec }

func (lazyCodec) Marshal(v any) ([]byte, error) { return append([]byte(nil), v.(string)...), nil }

// A codec that encodes a value as no bytes: the value is there. Guard: key.go, Session.encode.
func TestCodecOfNoBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) { c.Codec = lazyCodec{} })
	b := w.signedIn("ada")
	inRequestOf(b, func(s *session.Session) {
		city.Set(s, "Oslo")
		city.Set(s, "")
		oauthState.Set(s, "x")
		oauthState.Update(s, func(string) string { return "" })
	})
	inRequestOf(b, func(s *session.Session) {
		check(t, "set", s.Has("city"), true)
		check(t, "updated", s.Has("oauth.state"), true)
	})
}

// Values whose time is over give their room back. Guard: values_ops.go, Session.put.
func TestTTLRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	for i := range 100 {
		status := inBrowserStatus(b, func(s *session.Session) {
			session.Key[string](fmt.Sprint("form.", i)).SetFor(s, strings.Repeat("x", 4096), time.Minute)
		})
		if status != http.StatusOK {
			t.Fatalf("form %d: %d", i, status)
		}
		w.clock.add(time.Minute)
	}
}

// Dead sessions take no place under the cap: children whose parent is gone, and what lowered limits
// ended. Guard: ends.go, Session.trim, which counts what Manager.List shows.
func TestCapCountsTheLiving(t *testing.T) {
	t.Parallel()
	w := newWorld(t, capped(3))
	parent := w.signedIn("ada")
	for range 3 {
		w.clock.add(time.Second)
		parent.issue()
	}
	w.clock.add(time.Second)
	keep := w.signedIn("ada") // ends the parent
	w.clock.add(time.Second)
	other := w.signedIn("ada")
	check(t, "living", keep.get("/who").body+other.get("/who").body, "adaada")
	list, _ := w.m.List(t.Context(), "ada")
	check(t, "listed", len(list) <= 3, true)

	w = newWorld(t, capped(3))
	keep = w.signedIn("ada")
	w.clock.add(time.Second)
	parent = w.signedIn("ada")
	w.clock.add(time.Second)
	parent.issue()
	w.clock.add(time.Second)
	parent.get("/out")
	for range 2 { // three live then
		w.clock.add(time.Second)
		w.signedIn("ada")
	}
	check(t, "the longest unused that lives", keep.get("/who").body, "ada")
}

// A session cannot issue without bound. Guard: issue.go, the cap.
func TestCapBoundsIssue(t *testing.T) {
	t.Parallel()
	w := newWorld(t, capped(5))
	b := w.signedIn("ada")
	for range 50 {
		w.clock.add(time.Millisecond)
		inRequestOf(b, func(s *session.Session) { _, _, _ = s.Issue(t.Context()) })
	}
	if n := w.live("ada"); n > 5 {
		t.Errorf("%d records", n)
	}
	check(t, "the parent", b.get("/who").body, "ada")
}

// One failed save is one event. Guard: commit.go, tellFailure.
func TestSaveFailureIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	w.failsAfter("Patch", 0)
	inBrowserStatus(b, func(s *session.Session) { city.Set(s, "Rome"); _ = s.Save() })
	check(t, "told", w.seen(session.EventSaveFailed), 1)
}

// Discard goes back to what was saved last, not to what the request came with. Guard: session.go,
// Session.Discard.
func TestSaveDiscardSignOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	inRequestOf(b, func(s *session.Session) {
		s.SignIn("ada")
		_ = s.Save()
		s.SignOut()
		s.Discard()
		check(t, "in the request", s.Subject(), "ada")
		city.Set(s, "Oslo")
	})
	check(t, "afterwards", b.get("/who").body, "ada")
	check(t, "city", b.get("/city").body, "Oslo")
	b = w.signedIn("bob")
	inRequestOf(b, func(s *session.Session) {
		s.Renew()
		_ = s.Save()
		s.SignIn("eve")
		s.Discard()
		check(t, "in the request, renewed", s.Subject(), "bob")
	})
	check(t, "afterwards, renewed", b.get("/who").body, "bob")
}

// Under http.StripPrefix a guard's own page is still its own. Guard: guard.go, Manager.require, the
// path.
func TestGuardStripPrefix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.h = w.m.Handler(http.StripPrefix("/auth", w.m.RequireSignedIn("/auth/login")(w.mux)))
	a := w.browser().asks(html).get("/auth/login")
	check(t, "the login page", a.status, http.StatusUnauthorized)
	w.h = w.m.Handler(http.StripPrefix("/admin", w.m.RequireSignedIn("/login")(w.mux)))
	check(t, "another of the same end", w.browser().asks(html).get("/admin/login").status, http.StatusSeeOther)
}

// A login page with a query of its own. Guard: guard.go, Manager.require, the separator.
func TestGuardLoginWithQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.h = w.m.Handler(w.m.RequireSignedIn("/login?lang=en")(w.mux))
	check(t, "location", w.browser().asks(html).get("/page").header.Get("Location"), "/login?lang=en&next=%2Fpage")
	check(t, "the login page", w.browser().asks(html).get("/login?lang=en").status, http.StatusUnauthorized)
}

// A way back that WayBack would refuse is not sent at all: no answer has a header of kilobytes.
// Guard: guard.go.
func TestGuardLongAddress(t *testing.T) {
	t.Parallel()
	w := guarded(t)
	a := w.browser().asks(html).get("/page?" + strings.Repeat("&", 8<<10))
	check(t, "location", len(a.header.Get("Location")) <= 3*2048+20, true)
}

// The error handler is told what is the matter, once. Guard: guard.go, Manager.require,
// Session.Err.
func TestGuardStoreAwayIsToldOnce(t *testing.T) {
	t.Parallel()
	var got []error
	w := guarded(t, func(c *session.Config) {
		c.ErrorHandler = func(rw http.ResponseWriter, r *http.Request, err error) {
			got = append(got, err)
			session.DefaultErrorHandler(rw, r, err)
		}
	})
	b := w.signedIn("ada")
	w.store.stepIn(func(string) error { return errors.New("away") })
	check(t, "status", b.get("/page").status, http.StatusServiceUnavailable)
	if len(got) != 1 || errors.Is(got[0], session.ErrNotSignedIn) {
		t.Errorf("told %v", got)
	}
	rec := newRecorder()
	r := b.asks(html).request("GET", "/page")
	w.mux.ServeHTTP(rec, r) // without the middleware: a mistake of the program, not of who asks
	check(t, "without the middleware", rec.Code, http.StatusServiceUnavailable)
}

// Silence of three seconds ends no watch. Guard: watch.go, watchGrace.
func TestWatchShortSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, realTime)
		store := &muteStore{Store: w.store.Store}
		w.store.Store = store
		b := w.signedIn("ada")
		ended, _ := b.copy().watching()
		time.Sleep(time.Minute + 100*time.Millisecond)
		for range 3 {
			store.set(true)
			time.Sleep(4 * time.Second)
			store.set(false)
			time.Sleep(10 * time.Second)
		}
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatalf("ended by a short silence: %v", err)
		default:
		}
		b.get("/out")
		<-ended
	})
}

// The scheme is written in any case (RFC 9110, 11.1).
func TestHeaderBearerCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHeader)
	p := w.program("ada")
	check(t, "subject", w.browser().asks(keyHeader+": bearer "+p.key()).get("/who").body, "ada")
}

// A program that opens a WebSocket by a key in a header gets no cookie.
func TestHeaderTakeCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byHeader)
	p := w.program("ada")
	inRequestOf(p, func(s *session.Session) {
		s.Renew()
		c, err := s.TakeCookie()
		t.Logf("TakeCookie: %v, %v", c, err)
	})
}
