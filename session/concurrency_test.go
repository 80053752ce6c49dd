//go:build go1.25

package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// Two people, many requests at once, a third of the clients in a hurry: each answer names its own
// person.
func TestConcurrentPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const user session.Key[person] = "user"
	w.on("/me", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		v, _ := user.Get(s)
		count.Update(s, func(n int) int { return n + 1 })
		if r.FormValue("touch") != "" {
			w.clock.add(10 * time.Second)
		}
		_, _ = fmt.Fprint(rw, s.Subject(), " ", v.Name)
	})
	w.on("/login", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		s.SignIn(r.FormValue("as"))
		user.Set(s, person{Name: r.FormValue("as")})
	})
	w.serve()
	var wg sync.WaitGroup
	for _, name := range []string{"ada", "bob"} {
		b := w.browser()
		b.get("/login?as=" + name)
		for g := range 8 {
			wg.Go(func() {
				for i := range 50 {
					mine := b.copy()
					if (g+i)%3 == 0 {
						ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
						r, _ := http.NewRequestWithContext(ctx, "GET", w.serve()+"/me", nil)
						r.Header.Set("Cookie", mine.cookie)
						if res, err := wire.RoundTrip(r); err == nil {
							_ = res.Body.Close()
						}
						cancel()
						continue
					}
					a := mine.fetch("GET", "/me?touch=1")
					if a.status != http.StatusOK || a.body != name+" "+name {
						t.Errorf("%s got %d %q", name, a.status, a.body)
					}
				}
			})
		}
	}
	wg.Wait()
}

// The goroutines of one request may share its session.
func TestConcurrentGoroutines(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const n = 50
	w.on("/", func(rw http.ResponseWriter, r *http.Request, _ *session.Session) {
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				s := session.From(r.Context())
				session.Key[int](fmt.Sprint("k", i)).Set(s, i)
				count.Update(s, func(n int) int { return n + 1 })
				s.Flash("info", fmt.Sprint(i))
				s.Subject()
				s.Flashes()
				session.Key[int](fmt.Sprint("k", i)).Get(s)
			})
		}
		wg.Wait()
		got, _ := count.Get(session.From(r.Context()))
		_, _ = fmt.Fprint(rw, got)
	})
	b := w.signedIn("ada")
	check(t, "counter", b.get("/").body, fmt.Sprint(n))
	for i := range n {
		inRequestOf(b, func(s *session.Session) {
			check(t, "value", must(session.Key[int](fmt.Sprint("k", i)).Get(s)), i)
		})
	}
}

// Guard: lifecycle.go, Session.load and writable, committed: what a goroutine does after its
// request comes too late, and says so.
func TestAfterTheRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	var read, unread *session.Session
	inRequestOf(b, func(s *session.Session) { s.Subject(); read = s })
	inRequestOf(b, func(s *session.Session) { unread = s })
	w.store.forget()
	check(t, "what was loaded", read.Subject(), "ada")
	check(t, "error of reading it", read.Err(), nil)
	city.Set(read, "Oslo")
	check(t, "what was not loaded", unread.Subject(), "")
	for _, s := range []*session.Session{read, unread} {
		s.Flashes()
		s.SignOut()
		if !errors.Is(s.Err(), session.ErrCommitted) {
			t.Errorf("Err: %v", s.Err())
		}
	}
	check(t, "store calls", len(w.store.called()), 0)
	check(t, "city", b.get("/city").body, "")
}

// reentrant is a store that, like one with tracing, looks for the session in its context.
type reentrant struct{ store.Store }

func (s reentrant) Load(ctx context.Context, id session.ID, now time.Time) (store.Record, error) {
	session.From(ctx).Subject()
	return s.Store.Load(ctx, id, now)
}

// Callbacks and stores are called while the session is locked. They get a context from which it
// cannot be reached, so that a logger that looks for it finds nobody, not a deadlock. Guard:
// middleware.go, Manager.Handler, session.r, which is the request as it came.
func TestCallbacksDoNotDeadlock(t *testing.T) {
	t.Parallel()
	called := 0
	w := newWorld(t, func(c *session.Config) {
		c.Home.Store = reentrant{c.Home.Store}
		c.Observe = func(ctx context.Context, _ session.Event) {
			called++
			if s := session.From(ctx); s.Subject() != "" || !errors.Is(s.Err(), session.ErrNoMiddleware) {
				t.Errorf("reached the session of %q", s.Subject())
			}
		}
		c.ClientAddr = func(r *http.Request) string {
			called++
			return session.From(r.Context()).Subject()
		}
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := w.signedIn("ada")
		b.get("/who")
		b.get("/out")
	}()
	<-done // unless there is a deadlock
	if called < 4 {
		t.Errorf("only %d callbacks", called)
	}
}

// A callback or store that panics leaves no lock behind: whoever recovers can go on with the
// session.
func TestPanicInCallbacksLeavesNoLock(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"Load", "Patch", "Delete", "Observe", "ClientAddr", "Valid"} {
		t.Run(where, func(t *testing.T) {
			armed, boomed := false, false
			boom := func(at string) {
				if armed && at == where {
					boomed = true
					panic("boom in " + at)
				}
			}
			w := newWorld(t, func(c *session.Config) {
				c.ClientAddr = func(*http.Request) string { boom("ClientAddr"); return "x" }
				c.Observe = func(context.Context, session.Event) { boom("Observe") }
				c.Valid = func(context.Context, *session.Session) (bool, error) {
					boom("Valid")
					return true, nil
				}
			})
			b := w.signedIn("ada")
			w.store.stepIn(func(method string) error { boom(method); return nil })
			recovered := func(f func()) {
				defer func() { _ = recover() }()
				f()
			}
			armed = true
			recovered(func() {
				inHandler(b.copy(), func(s *session.Session) {
					recovered(func() { s.Subject() })
					recovered(func() { city.Set(s, "Oslo") })
					recovered(func() { _ = s.Save() })
					recovered(func() { s.SignIn("bob") })
					recovered(s.SignOut)
					_ = s.Err() // would wait for a lock that was left
				})
			})
			armed = false
			check(t, "panicked", boomed, true)
			check(t, "status afterwards", b.get("/who").status, http.StatusOK)
		})
	}
}
