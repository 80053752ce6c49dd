package session_test

import (
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

// P5, the second part: error handlers, and errors that stay.

// Guard: writer.go, errorWriter and what follows the error handler: its silence is not 200.
func TestP05ErrorHandler(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		handler func(http.ResponseWriter, *http.Request, error)
		status  int
		body    string
	}{
		"silent":       {func(http.ResponseWriter, *http.Request, error) {}, 503, ""},
		"only headers": {func(w http.ResponseWriter, _ *http.Request, _ error) { w.Header().Set("X-A", "b") }, 503, ""},
		"own page": {func(w http.ResponseWriter, r *http.Request, err error) {
			w.WriteHeader(103)
			w.WriteHeader(502)
			_, _ = fmt.Fprint(w, session.From(r.Context()).Subject(), errors.Is(err, session.ErrTooLarge))
		}, 502, "true"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(c *session.Config) { c.ErrorHandler = test.handler })
			b := w.browser()
			w.on("/", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
				rw.Header().Set("X-Handler", "x")
				city.Set(s, strings.Repeat("x", 1<<20))
				_, _ = io.WriteString(rw, "page")
			})
			if test.status == 503 {
				test.status = http.StatusRequestEntityTooLarge
			}
			a := b.fetch("GET", "/")
			check(t, "status", a.status, test.status)
			check(t, "body", a.body, test.body)
			check(t, "handler's header", a.header.Get("X-Handler"), "")
			check(t, "Vary", a.header.Get("Vary"), "Cookie")
			check(t, "Cache-Control", a.header.Get("Cache-Control"), "no-store")
		})
	}
}

// statusWriter remembers every status.
type statusWriter struct {
	*httptest.ResponseRecorder
	statuses []int
}

func (w *statusWriter) WriteHeader(status int) { w.statuses = append(w.statuses, status) }

// Guard: writer.go, request.WriteHeader, informational: what is withheld says nothing beforehand.
func TestP05NoHintsOfWhatIsWithheld(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		if r.FormValue("fail") != "" {
			city.Set(s, strings.Repeat("x", 1<<20))
		}
		rw.WriteHeader(103)
		rw.WriteHeader(200)
	})
	for path, want := range map[string]string{"/": "[103 200]", "/?fail=1": "[413]"} {
		rw := &statusWriter{ResponseRecorder: httptest.NewRecorder()}
		w.h.ServeHTTP(rw, httptest.NewRequest("GET", path, nil))
		check(t, path, fmt.Sprint(rw.statuses), want)
	}
}

// Guard: session.go, Session.failLocked and every "if !s.writable()": the first error stays, and
// nothing is saved after it. Session.Discard takes it back.
func TestP05ErrorsAreSticky(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]func(*session.Session){
		"empty key":       func(s *session.Session) { session.Key[string]("").Set(s, "x") },
		"long key":        func(s *session.Session) { session.Key[string](strings.Repeat("k", 129)).Set(s, "x") },
		"key of a flash":  func(s *session.Session) { session.Key[string]("_flash.1").Set(s, "x") },
		"not UTF-8":       func(s *session.Session) { session.Key[string]("\xff").Delete(s) },
		"not for JSON":    func(s *session.Session) { session.Key[any]("x").Set(s, func() {}) },
		"bad update":      func(s *session.Session) { session.Key[any]("x").Update(s, func(any) any { return func() {} }) },
		"nobody":          func(s *session.Session) { s.SignIn("") },
		"a long name":     func(s *session.Session) { s.SignIn(strings.Repeat("x", 256)) },
		"too large":       func(s *session.Session) { city.Set(s, strings.Repeat("x", 1<<20)) },
		"too large flash": func(s *session.Session) { s.Flash("info", strings.Repeat("x", 1<<20)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			b := w.signedIn("ada")
			w.on("/", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
				city.Set(s, "Oslo")
				bad(s)
				first := s.Err()
				session.Key[any]("other").Set(s, func() {})
				city.Set(s, "Rome")
				s.SignIn("bob")
				s.Flash("info", "x")
				if first == nil || s.Err() != first {
					t.Errorf("first error %v, then %v", first, s.Err())
				}
				if r.FormValue("discard") != "" {
					s.Discard()
					_, _ = io.WriteString(rw, s.Subject())
				}
			})
			w.store.forget()
			if a := b.get("/"); a.status < 400 {
				t.Errorf("status %d", a.status)
			}
			if got := strings.Join(w.store.called(), " "); got != "Load" {
				t.Errorf("store calls: %s", got)
			}
			a := b.get("/?discard=1")
			check(t, "status after Discard", a.status, 200)
			check(t, "body after Discard", a.body, "ada")
			check(t, "city", b.get("/city").body, "")
		})
	}
}

// Guard: session.go, Session.Discard, which loads again.
func TestP05DiscardAfterOutage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	w.store.stepIn(func(string) error { return errors.New("away") })
	w.on("/", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.Subject()
		w.store.stepIn(nil)
		s.Discard()
		s.SignOut()
		s.Discard()
		_, _ = io.WriteString(rw, s.Subject())
	})
	check(t, "subject", b.get("/").body, "ada")
	check(t, "records", w.live("ada"), 1)
}

// Guard: session.go, From: without the middleware nobody is signed in, and nothing pretends to be
// kept.
func TestP05NoMiddleware(t *testing.T) {
	t.Parallel()
	s := session.From(t.Context())
	for name, change := range map[string]func(){
		"SignIn": func() { s.SignIn("ada") }, "SignOut": s.SignOut, "Renew": s.Renew, "Clear": s.Clear,
		"Set": func() { city.Set(s, "Oslo") }, "SetFor": func() { city.SetFor(s, "Oslo", time.Hour) },
		"Delete": func() { city.Delete(s) }, "Pop": func() { city.Pop(s) },
		"Update": func() { count.Update(s, func(n int) int { return n }) },
		"Flash":  func() { s.Flash("info", "x") },
	} {
		func() {
			defer func() {
				if said := fmt.Sprint(recover()); !strings.Contains(said, "Manager.Handler") {
					t.Errorf("%s: %s", name, said)
				}
			}()
			change()
		}()
	}
	s.Discard()
	if _, err := s.TakeCookie(); !errors.Is(err, session.ErrNoMiddleware) {
		t.Errorf("TakeCookie: %v", err)
	}
	_, hasID := s.ID()
	if !errors.Is(s.Err(), session.ErrNoMiddleware) || s.Subject() != "" || hasID || s.Has("city") || len(s.Flashes()) != 0 || !s.SignedInSince().IsZero() {
		t.Errorf("%v, subject %q", s.Err(), s.Subject())
	}
}
