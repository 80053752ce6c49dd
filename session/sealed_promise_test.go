package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// The promises that hold where the data is in the cookie: P3 to P7, P9 to P12, and P14.

// What one browser does, one request after the other, is the same in every home.
func TestSealedInOneBrowser(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t)
	b := w.browser()
	do := func(f func(s *session.Session)) { t.Helper(); w.clock.add(time.Second); inRequestOf(b, f) }
	do(func(s *session.Session) { city.Set(s, "Oslo"); s.Flash("info", "one"); s.Flash("info", "two") })
	first := b.copy()
	do(func(s *session.Session) { s.SignIn("ada") })
	do(func(s *session.Session) {
		check(t, "subject", s.Subject(), "ada")
		check(t, "what a stranger's session held", must(city.Get(s)), "Oslo")
		check(t, "count", count.Update(s, func(n int) int { return n + 7 }), 7)
	})
	check(t, "the cookie from before the sign-in", first.get("/who").body, "")
	var id session.ID
	do(func(s *session.Session) {
		id, _ = s.ID()
		check(t, "count", count.Update(s, func(n int) int { return n + 1 }), 8)
		s.Renew()
	})
	do(func(s *session.Session) {
		now, ok := s.ID()
		check(t, "id after a renewal", now, id)
		check(t, "has an id", ok, true)
		check(t, "messages", fmt.Sprint(s.Flashes()), "[{info one} {info two}]")
		s.Flash("info", "three")
	})
	do(func(s *session.Session) { check(t, "messages", fmt.Sprint(s.Flashes()), "[{info three}]") })
	do(func(s *session.Session) { check(t, "messages", len(s.Flashes()), 0) })
	do(func(s *session.Session) { check(t, "popped", must(city.Pop(s)), "Oslo") })
	do(func(s *session.Session) { check(t, "popped again", s.Has("city"), false); count.Delete(s) })
	do(func(s *session.Session) { check(t, "deleted", s.Has("count"), false); city.Set(s, "Rome") })
	do(func(s *session.Session) { s.SignIn("bob") })
	do(func(s *session.Session) {
		check(t, "subject", s.Subject(), "bob")
		check(t, "what another subject's held", s.Has("city"), false)
		city.Set(s, "Bergen")
		check(t, "Save", s.Save(), nil)
	})
	do(func(s *session.Session) { check(t, "saved", must(city.Get(s)), "Bergen"); s.Clear() })
	do(func(s *session.Session) {
		check(t, "cleared", s.Has("city"), false)
		check(t, "subject", s.Subject(), "bob")
		s.SignOut()
		s.Flash("info", "bye")
	})
	do(func(s *session.Session) {
		check(t, "subject", s.Subject(), "")
		check(t, "messages", fmt.Sprint(s.Flashes()), "[{info bye}]")
		s.SignOut()
	})
	check(t, "the cookie after signing out", b.cookie, "")
}

// P3. Guard: lifecycle.go, Session.todo.
func TestSealedTouchIsThrottled(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t)
	b := w.signedIn("ada")
	b.get("/set?city=Oslo")
	w.on("/unused", func(http.ResponseWriter, *http.Request, *session.Session) {})
	for i := range 59 {
		w.clock.add(time.Second)
		check(t, fmt.Sprint("cookies of a read after ", i+1, " s"), len(b.get("/city").header["Set-Cookie"]), 0)
	}
	w.clock.add(time.Hour)
	check(t, "cookies of a request that does not use it", len(b.get("/unused").header["Set-Cookie"]), 0)
	check(t, "cookies of a read after an hour", len(b.get("/city").header["Set-Cookie"]), 1)
	check(t, "cookies of the next", len(b.get("/city").header["Set-Cookie"]), 0)
	check(t, "city", b.get("/city").body, "Oslo")
}

// P4. Guard: writer.go, request.begin.
func TestSealedFirstByteCommits(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t)
	var late error
	w.on("/", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		switch r.FormValue("by") {
		case "flush":
			_ = http.NewResponseController(rw).Flush()
		case "write":
			_, _ = rw.Write([]byte("x"))
		case "header":
			rw.WriteHeader(http.StatusNoContent)
		case "hint":
			rw.WriteHeader(http.StatusEarlyHints)
			return
		}
		city.Set(s, "Rome")
		late = s.Err()
	})
	for _, by := range []string{"flush", "write", "header", "hint"} {
		late = session.ErrCommitted
		b := w.browser()
		b.fetch("GET", "/?by="+by)
		check(t, by+": city", b.get("/city").body, "Oslo")
		if !errors.Is(late, session.ErrCommitted) {
			t.Errorf("%s: a change after it: %v", by, late)
		}
	}
}

// P5. Guard: answer.go, Session.setDue, the error; lifecycle.go, Session.close.
func TestSealedFailClosed(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t)
	huge := strings.Repeat("x", 5000)
	w.on("/", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		rw.Header().Set("X-Handler", "said")
		city.Set(s, "Rome")
		switch r.FormValue("do") {
		case "panic":
			panic(http.ErrAbortHandler)
		case "sign in":
			s.SignIn("bob")
		case "flash":
			s.Flash("info", huge)
		case "out":
			s.SignOut()
		}
		city.Set(s, huge)
		_, _ = io.WriteString(rw, "said")
	})
	b := w.signedIn("ada")
	b.get("/set?city=Oslo")
	for _, do := range []string{"", "sign+in", "flash", "out"} {
		was := b.cookie
		a := b.get("/?do=" + do)
		if all := fmt.Sprint(a.header, a.body); a.status != http.StatusRequestEntityTooLarge || strings.Contains(all, "said") || len(a.header["Set-Cookie"]) > 0 {
			t.Errorf("%s: %d %s", do, a.status, all)
		}
		check(t, do+": the cookie", b.cookie, was)
	}
	func() {
		defer func() { _ = recover() }()
		b.get("/?do=panic")
	}()
	check(t, "city", b.get("/city").body, "Oslo")
	check(t, "failures told", w.seen(session.EventSaveFailed), 4)

	slow := http.TimeoutHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		city.Set(session.From(r.Context()), "Rome")
		<-r.Context().Done()
	}), 10*time.Millisecond, "")
	rec := httptest.NewRecorder()
	w.m.Handler(slow).ServeHTTP(rec, b.request("GET", "/"))
	check(t, "status of who was too slow", rec.Code, http.StatusServiceUnavailable)
	check(t, "cookies of who was too slow", len(rec.Result().Cookies()), 0)
}

// P6.
func TestSealedStrangersGetNothing(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t)
	a := w.browser()
	inRequestOf(a, useAll)
	check(t, "cookie", a.cookie, "")
	check(t, "events", len(w.events), 0)
}

// P7: a value that does not read is one absent key.
func TestSealedBrokenValue(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t)
	b := w.signedIn("ada")
	inRequestOf(b, func(s *session.Session) { session.Key[string]("count").Set(s, "seven"); city.Set(s, "Oslo") })
	inRequestOf(b, func(s *session.Session) {
		_, ok := count.Get(s)
		check(t, "a text as a number", ok, false)
		check(t, "city", must(city.Get(s)), "Oslo")
	})
	check(t, "counted", w.seen(session.EventUnreadable), 1)
}

// P9, P10 and P12.
//
// Guard: headers.go, Session.headers.
func TestSealedHeaders(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t)
	b := w.browser()
	a := b.get("/in?as=ada")
	line := a.header.Get("Set-Cookie")
	_, attributes, _ := strings.Cut(line, "; ")
	check(t, "attributes", attributes, "Path=/; HttpOnly; Secure; SameSite=Lax")
	check(t, "name", line[:len(sealedCookie)+1], sealedCookie+"=")
	for path, noStore := range map[string]string{"/in?as=ada": "no-store", "/who": "no-store", "/city": "no-store", "/set?city=x": "no-store", "/out": "no-store"} {
		a := b.copy().get(path)
		check(t, path+": Cache-Control", a.header.Get("Cache-Control"), noStore)
		check(t, path+": Vary", a.header.Get("Vary"), "Cookie")
	}
	a = w.browser().get("/who")
	check(t, "a stranger's Cache-Control", a.header.Get("Cache-Control"), "")
	check(t, "a stranger's Vary", a.header.Get("Vary"), "Cookie")
	broken := b.copy()
	broken.cookie += "x"
	a = broken.get("/who")
	check(t, "Vary of a cookie that is none", a.header.Get("Vary"), "Cookie")

	gone, cancel := context.WithCancel(context.Background())
	cancel()
	rec := httptest.NewRecorder()
	w.h.ServeHTTP(rec, b.request("GET", "/set?city=Oslo").WithContext(gone))
	check(t, "status of who hung up", rec.Code, http.StatusOK)
	check(t, "cookies of who hung up", len(rec.Result().Cookies()), 1)
}

// P14: what was held before a sign-in opens nothing that came after it.
func TestSealedIdentityChangesTheCookie(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t)
	b := w.browser()
	b.get("/set?city=Oslo")
	planted := b.copy()
	b.get("/in?as=ada")
	check(t, "who", b.get("/who").body, "ada")
	check(t, "who by the cookie of before", planted.get("/who").body, "")
	planted.get("/in?as=eve")
	check(t, "who", b.get("/who").body, "ada")
	adas := b.copy()
	b.get("/in?as=bob")
	check(t, "whose city", b.get("/city").body, "")
	b.get("/out")
	check(t, "cookie after signing out", b.cookie, "")
	check(t, "what a copy opens until its limits", adas.get("/who").body, "ada")
}

// A source of randomness that is Config's draws session ids; nonces come from the system whatever
// it says, so that a repeated id is harmless.
func TestSealedPoorRandomness(t *testing.T) {
	t.Parallel()
	w := newSealedWorld(t, func(c *session.Config) { c.Rand = zeros{} })
	first, second := w.browser(), w.browser()
	first.get("/set?city=Oslo")
	second.get("/set?city=Oslo")
	if first.cookie == second.cookie {
		t.Error("two cookies of one id, moment and content are the same")
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return copy(b, bytes.Repeat([]byte{0}, len(b))), nil }

// Nobody is told of a sign-in that did not fit into the cookie. Guard: internal/place/carried.go,
// carried.Write, which seals before anybody is told; lifecycle.go, Session.write, the order.
func TestSealedTellsOfWhatFits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sealedHome)
	w.on("/much", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.SignIn("ada")
		city.Set(s, strings.Repeat("x", 5000))
	})
	check(t, "status", w.browser().get("/much").status, http.StatusRequestEntityTooLarge)
	check(t, "told of as created", w.seen(session.EventCreated), 0)
	check(t, "told of as signed in", w.seen(session.EventSignedIn), 0)
	check(t, "told of as not saved", w.seen(session.EventSaveFailed), 1)
}
