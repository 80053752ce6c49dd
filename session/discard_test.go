package session_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session"
)

// What Discard takes back, and what it does not.

// Discard takes back what Save could not save in a sealed session, a sign-in among it, so that what
// follows can be saved.
func TestDiscardAfterFailedSave(t *testing.T) {
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

// Discard after Save takes back a sign-out, and not what was saved before.
func TestDiscardAfterSave(t *testing.T) {
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

// Discard goes back to what was saved last, not to what the request came with. Guard: session.go,
// Session.Discard.
func TestDiscardGoesBackToTheLastSave(t *testing.T) {
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

// A sign-out after Save and Discard ends what was saved (P2).
func TestSignOutAfterDiscard(t *testing.T) {
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

// After Discard the answer still says that it depends on the cookie (P10).
func TestDiscardKeepsVary(t *testing.T) {
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

// The status of an answer does not matter to what is saved; Discard takes it back. Guard:
// cutshort.go, Session.cutShort.
func TestAnswerOf500Saves(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusNotFound, http.StatusInternalServerError, http.StatusServiceUnavailable} {
		for _, discards := range []bool{false, true} {
			name := fmt.Sprint(status, ", discarded ", discards)
			w := newWorld(t)
			fails := func(path string, use func(*session.Session)) {
				w.on(path, func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
					use(s)
					if discards {
						s.Discard()
					}
					http.Error(rw, "oh", status)
				})
			}
			fails("/write", func(s *session.Session) { city.Set(s, "Oslo") })
			fails("/pop", func(s *session.Session) { city.Pop(s) })
			fails("/leave", func(s *session.Session) { s.SignOut() })
			after := func(saved, before string) string {
				if discards {
					return before
				}
				return saved
			}
			b := w.signedIn("ada")
			b.get("/set?city=Rome")
			check(t, name+": status", b.get("/write").status, status)
			check(t, name+": written", b.get("/city").body, after("Oslo", "Rome"))
			b.get("/pop")
			check(t, name+": popped", b.get("/city").body, after("", "Rome"))
			b.get("/leave")
			check(t, name+": signed out", b.get("/who").body, after("", "ada"))
		}
	}
}
