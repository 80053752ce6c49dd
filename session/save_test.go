package session_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session"
)

// failsAfter lets a store fail from the n-th call of a method on.
func (w *world) failsAfter(method string, n int) {
	w.store.stepIn(func(called string) error {
		if called == method {
			if n--; n < 0 {
				return errors.New("away")
			}
		}
		return nil
	})
}

// What Save has saved is saved, before the answer begins, and is not saved twice. Guard: save.go,
// Session.Save, reset.
func TestSaveAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, b := range map[string]*browser{"stranger": w.browser(), "signed in": w.signedIn("ada")} {
		w.store.forget()
		inRequestOf(b, func(s *session.Session) {
			city.Set(s, "Oslo")
			check(t, "Save", s.Save(), nil)
			check(t, name+": saved", len(w.store.called()) > 0, true)
			w.store.forget()
			check(t, "Save again", s.Save(), nil)
			check(t, "city", must(city.Get(s)), "Oslo")
			_, ok := s.ID()
			check(t, "there is a record", ok, true)
		})
		check(t, name+": store calls afterwards", fmt.Sprint(w.store.called()), "[]")
		check(t, name+": city", b.get("/city").body, "Oslo")
	}
	w.store.forget()
	a := inHandler(w.browser(), func(s *session.Session) {
		check(t, "nothing used", s.Save(), nil)
		s.Subject()
		check(t, "nothing changed", s.Save(), nil)
	}).status
	check(t, "status", a, http.StatusOK)
	check(t, "store calls for nothing", len(w.store.called()), 0)
}

// What is done after Save is saved with the answer, in any order, with one cookie: the last. Guard:
// save.go, Session.Save, saved; session.go, Session.drop.
func TestSaveAndGoOn(t *testing.T) {
	t.Parallel()
	save := func(s *session.Session) {
		if err := s.Save(); err != nil {
			panic(err)
		}
	}
	for name, test := range map[string]struct {
		do   func(*session.Session)
		who  string
		city string
		live int // records of ada and bob
	}{
		"sign in":             {func(s *session.Session) { s.SignIn("ada"); save(s) }, "ada", "", 1},
		"sign in, out":        {func(s *session.Session) { s.SignIn("ada"); save(s); s.SignOut() }, "", "", 0},
		"sign in, out, saved": {func(s *session.Session) { s.SignIn("ada"); save(s); s.SignOut(); save(s) }, "", "", 0},
		"sign in, renew":      {func(s *session.Session) { s.SignIn("ada"); save(s); s.Renew() }, "ada", "", 1},
		"sign in, renew, set": {func(s *session.Session) { s.SignIn("ada"); save(s); s.Renew(); save(s); city.Set(s, "Oslo") }, "ada", "Oslo", 1},
		"sign in, as another": {func(s *session.Session) { s.SignIn("ada"); city.Set(s, "Oslo"); save(s); s.SignIn("bob") }, "bob", "", 1},
		"sign in, out, in":    {func(s *session.Session) { s.SignIn("ada"); save(s); s.SignOut(); save(s); s.SignIn("ada") }, "ada", "", 1},
		"set, sign in":        {func(s *session.Session) { city.Set(s, "Oslo"); save(s); s.SignIn("ada") }, "ada", "Oslo", 1},
		"set, delete":         {func(s *session.Session) { s.SignIn("ada"); city.Set(s, "Oslo"); save(s); city.Delete(s) }, "ada", "", 1},
		"set, pop":            {func(s *session.Session) { s.SignIn("ada"); city.Set(s, "Oslo"); save(s); city.Pop(s) }, "ada", "", 1},
		"set, clear":          {func(s *session.Session) { s.SignIn("ada"); city.Set(s, "Oslo"); save(s); s.Clear() }, "ada", "", 1},
		"set, update, set": {func(s *session.Session) {
			city.Set(s, "O")
			save(s)
			city.Update(s, func(v string) string { return v + "s" })
			save(s)
			city.Update(s, func(v string) string { return v + "lo" })
		}, "", "Oslo", 0},
		"set, discard": {func(s *session.Session) {
			s.SignIn("ada")
			city.Set(s, "Oslo")
			save(s)
			city.Set(s, "Rome")
			s.Discard()
		}, "ada", "Oslo", 1},
		"set, set more, discard, again": {func(s *session.Session) { city.Set(s, "Oslo"); save(s); s.SignIn("ada"); s.Discard(); count.Set(s, 1) }, "", "Oslo", 0},
	} {
		for _, known := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", known), func(t *testing.T) {
				w := newWorld(t)
				b := w.browser()
				if known {
					b.get("/set?city=Paris")
				}
				rec := newRecorder()
				w.m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					s := session.From(r.Context())
					test.do(s)
					check(t, "in the request: subject", s.Subject(), test.who)
					if test.city != "" || !known {
						check(t, "in the request: city", must(city.Get(s)), test.city)
					}
				})).ServeHTTP(rec, b.request("GET", "/"))
				check(t, "status", rec.Code, http.StatusOK)
				if n := len(rec.Header()["Set-Cookie"]); n > 1 || n == 0 && !known {
					t.Errorf("%d cookies", n)
				}
				b.keep(rec.Result())
				check(t, "subject", b.get("/who").body, test.who)
				if test.city != "" {
					check(t, "city", b.get("/city").body, test.city)
				}
				check(t, "records", w.live("ada")+w.live("bob"), test.live)
			})
		}
	}
}

// The commit fails after Save: the answer is withheld, with the cookie of what was saved, and
// nothing else. Guard: lifecycle.go, Session.commit, due and saved.
func TestSaveThenFailingCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.SignIn("ada")
		city.Set(s, "Oslo")
		if err := s.Save(); err != nil {
			t.Error(err)
		}
		w.failsAfter("Patch", 0)
		s.Renew()
		city.Set(s, "Rome")
		rw.Header().Set("X-Handler", "x")
		_, _ = io.WriteString(rw, "page")
	})
	b := w.browser()
	a := b.get("/")
	w.store.stepIn(nil)
	check(t, "status", a.status, http.StatusServiceUnavailable)
	check(t, "handler's header", a.header.Get("X-Handler"), "")
	check(t, "cookies", len(a.header["Set-Cookie"]), 1)
	check(t, "Cache-Control", a.header.Get("Cache-Control"), "no-store")
	check(t, "subject", b.get("/who").body, "ada")
	check(t, "city", b.get("/city").body, "Oslo")

	// Without Save the same shows no cookie at all.
	w.failsAfter("Patch", 0)
	was := b.cookie
	check(t, "cookies without Save", len(b.get("/in?as=ada").header["Set-Cookie"]), 0)
	check(t, "cookie", b.cookie, was)
	// A sticky error after Save is no different.
	w.store.stepIn(nil)
	stranger := w.browser()
	status := inHandler(stranger, func(s *session.Session) {
		s.SignIn("bob")
		_ = s.Save()
		city.Set(s, strings.Repeat("x", 1<<20))
		if !errors.Is(s.Save(), session.ErrTooLarge) {
			t.Errorf("Save after an error: %v", s.Err())
		}
	}).status
	check(t, "status", status, http.StatusRequestEntityTooLarge)
	check(t, "subject", stranger.get("/who").body, "bob")
}

// Errors of Save stick, until they are discarded; then the session is what it was. Guard: save.go,
// Session.Save.
func TestSaveFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	b.get("/set?city=Oslo")
	w.failsAfter("Patch", 0)
	status := inHandler(b, func(s *session.Session) {
		city.Set(s, "Rome")
		first := s.Save()
		w.store.stepIn(nil)
		if again := s.Save(); first == nil || again == nil || !errors.Is(again, first) || s.Err() == nil {
			t.Errorf("Save: %v, then %v", first, again)
		}
	}).status
	check(t, "status", status, http.StatusServiceUnavailable)
	check(t, "told", w.seen(session.EventSaveFailed) > 0, true)
	check(t, "city", b.get("/city").body, "Oslo")

	w.failsAfter("Patch", 0)
	inRequestOf(b, func(s *session.Session) {
		city.Set(s, "Rome")
		if s.Save() == nil {
			t.Error("saved")
		}
		w.store.stepIn(nil)
		s.Discard()
		check(t, "discarded", s.Err(), nil)
		check(t, "city", must(city.Get(s)), "Oslo")
		count.Set(s, 1)
	})
	inRequestOf(b, func(s *session.Session) { check(t, "count", must(count.Get(s)), 1) })

	ended := inHandler(b, func(s *session.Session) {
		city.Set(s, "Rome")
		b.copy().get("/out")
		if err := s.Save(); !errors.Is(err, session.ErrEnded) {
			t.Errorf("Save: %v", err)
		}
	}).status
	check(t, "status of an ended one", ended, http.StatusUnauthorized)
}

// After the first byte nothing can be saved, and nothing that was is undone. Guard: save.go,
// Session.Save, committed.
func TestSaveAfterTheFirstByte(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		_, _ = io.WriteString(rw, "page")
		if err := s.Save(); !errors.Is(err, session.ErrCommitted) {
			t.Errorf("Save: %v", err)
		}
		s.Discard()
	})
	b := w.browser()
	check(t, "status", b.get("/").status, http.StatusOK)
	check(t, "city", b.get("/city").body, "Oslo")
	if err := session.From(t.Context()).Save(); !errors.Is(err, session.ErrNoMiddleware) {
		t.Errorf("no middleware: %v", err)
	}
}

// A panic after Save: what was saved stays, what came after is lost. Guard: lifecycle.go,
// Session.close; save.go, Session.Save, reset.
func TestSaveThenPanic(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"inside", "outside"} {
		t.Run(where, func(t *testing.T) {
			w := newWorld(t)
			recovery := func(h http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					defer func() {
						if recover() != nil {
							http.Error(rw, "sorry", http.StatusInternalServerError)
						}
					}()
					h.ServeHTTP(rw, r)
				})
			}
			w.on("/boom", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				city.Set(s, "Oslo")
				if err := s.Save(); err != nil {
					t.Error(err)
				}
				city.Set(s, "Rome")
				count.Set(s, 1)
				s.SignOut()
				panic("boom")
			})
			if w.h = w.m.Handler(recovery(w.mux)); where == "outside" {
				w.h = recovery(w.m.Handler(w.mux))
			}
			b := w.signedIn("ada")
			check(t, "status", b.get("/boom").status, http.StatusInternalServerError)
			check(t, "subject", b.get("/who").body, "ada")
			check(t, "city", b.get("/city").body, "Oslo")
			inRequestOf(b, func(s *session.Session) { check(t, "count", s.Has("count"), false) })
		})
	}
}

// The cookie that Save promised comes with the answer to a panic, too: a renewed key is the only
// one. Guard: writer.go, finish.
func TestSaveThenPanicKeepsTheCookie(t *testing.T) {
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

// One failed save is one event. Guard: lifecycle.go, Session.commit, told; event.go,
// Session.tellFailure.
func TestSaveFailureIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	w.failsAfter("Patch", 0)
	inHandler(b, func(s *session.Session) { city.Set(s, "Rome"); _ = s.Save() })
	check(t, "told", w.seen(session.EventSaveFailed), 1)
}
