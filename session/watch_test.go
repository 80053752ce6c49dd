//go:build go1.25

package session_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/sealed"
)

// realTime is the clock of a synctest bubble.
func realTime(c *session.Config) { c.Now = time.Now }

// watching opens /watch in the browser: an answer that has begun and lasts until the session ends.
// It gives the result of Watch when that has returned, and a way to hang up.
func (b *browser) watching() (result <-chan error, hangUp context.CancelFunc) {
	ctx, cancel := context.WithCancel(b.w.t.Context())
	got, begun := make(chan error, 1), make(chan struct{})
	h := b.w.m.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		s.Subject()
		_, _ = io.WriteString(rw, "begun")
		close(begun)
		got <- s.Watch(r.Context())
	}))
	go h.ServeHTTP(newRecorder(), b.request("GET", "/watch").WithContext(ctx))
	<-begun
	return got, cancel
}

// Whatever ends a session, those who watch learn it within five seconds, on every node.
// Guard: watch.go, Session.stillLives, each condition; watchEvery.
func TestWatchEnds(t *testing.T) {
	t.Parallel()
	var disabled atomic.Bool
	end := map[string]func(w *world, b *browser){
		"sign-out": func(_ *world, b *browser) { b.get("/out") },
		"End": func(w *world, _ *browser) {
			list, _ := w.m.List(w.t.Context(), "ada")
			_ = w.m.End(w.t.Context(), "ada", list[0].ID)
		},
		"EndAll":        func(w *world, _ *browser) { _, _ = w.m.EndAll(w.t.Context(), "ada") },
		"EndEverything": func(w *world, _ *browser) { _, _ = w.m.EndEverything(w.t.Context()) },
		"somebody else": func(_ *world, b *browser) { b.get("/in?as=bob") },
		"account off":   func(*world, *browser) { disabled.Store(true) },
		"another node": func(w *world, _ *browser) {
			_, _ = newWorld(w.t, func(c *session.Config) { c.Home.Store = w.store; realTime(c) }).m.EndAll(w.t.Context(), "ada")
		},
		"parent sign-out": nil, // see below
	}
	for name, f := range end {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disabled.Store(false)
				w := newWorld(t, realTime, func(c *session.Config) {
					c.Valid = func(context.Context, *session.Session) (bool, error) { return !disabled.Load(), nil }
				})
				b := w.signedIn("ada")
				watcher := b.copy()
				if name == "parent sign-out" {
					watcher = b.issue()
					f = func(_ *world, b *browser) { b.get("/out") }
				}
				ended, _ := watcher.watching()
				time.Sleep(time.Hour)
				synctest.Wait()
				select {
				case err := <-ended:
					t.Fatalf("ended without a reason: %v", err)
				default:
				}
				f(w, b)
				began := time.Now()
				if err := <-ended; !errors.Is(err, session.ErrEnded) {
					t.Errorf("Watch: %v", err)
				}
				if took := time.Since(began); took > 5*time.Second {
					t.Errorf("noticed after %v", took)
				}
			})
		})
	}
}

// Watching is no use: the session ends at its idle limit, while use elsewhere keeps it, and at its
// absolute one. Guard: watch.go, Session.stillLives, which touches nothing.
func TestWatchLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, realTime)
		b := w.signedIn("ada")
		began := time.Now()
		ended, _ := b.copy().watching()
		for range 6 {
			time.Sleep(90 * time.Minute)
			check(t, "subject elsewhere", b.get("/who").body, "ada")
		}
		b.get("/in?as=ada") // the same person once more, with another key
		check(t, "subject", b.get("/who").body, "ada")
		last := time.Now()
		if err := <-ended; !errors.Is(err, session.ErrEnded) {
			t.Errorf("Watch: %v", err)
		}
		if idle := time.Since(last); idle < 2*time.Hour || idle > 2*time.Hour+5*time.Second {
			t.Errorf("ended %v after the last use", idle)
		}
		check(t, "the day is not over", time.Since(began) < 24*time.Hour, true)
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, realTime)
		b := w.signedIn("ada")
		began := time.Now()
		ended, _ := b.copy().watching()
		go func() {
			for time.Since(began) < 25*time.Hour {
				time.Sleep(time.Hour)
				b.copy().get("/who")
			}
		}()
		if err := <-ended; !errors.Is(err, session.ErrEnded) {
			t.Errorf("Watch: %v", err)
		}
		if age := time.Since(began); age < 24*time.Hour || age > 24*time.Hour+5*time.Second {
			t.Errorf("ended at the age of %v", age)
		}
		time.Sleep(2 * time.Hour)
	})
}

// A stranger's session in which somebody signs in is another one to those who watch; and the limits
// are those of the node that watches. Guard: watch.go, Session.stillLives, Subject and alive.
func TestWatchSubjectAndLoweredLimits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, realTime)
		b := w.browser()
		b.get("/set?city=Oslo")
		ended, _ := b.copy().watching()
		time.Sleep(time.Minute)
		b.get("/in?as=ada")
		began := time.Now()
		if err := <-ended; !errors.Is(err, session.ErrEnded) || time.Since(began) > 5*time.Second {
			t.Errorf("Watch: %v after %v", err, time.Since(began))
		}
		strict := w.node(realTime, func(c *session.Config) { c.Lifetime = session.Lifetime{Idle: time.Hour, Absolute: time.Hour} })
		ended, _ = b.at(strict).watching()
		if err := <-ended; !errors.Is(err, session.ErrEnded) || time.Since(began) > time.Hour+5*time.Second {
			t.Errorf("Watch: %v after %v", err, time.Since(began))
		}
	})
}

// A renewal is no end. Guard: watch.go, which looks up the record's id, not the key.
func TestWatchSurvivesRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, realTime)
		w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
		b := w.signedIn("ada")
		ended, hangUp := b.copy().watching()
		for _, path := range []string{"/renew", "/set?city=Oslo", "/in?as=ada", "/renew"} {
			b.get(path)
			time.Sleep(10 * time.Second)
			synctest.Wait()
			select {
			case err := <-ended:
				t.Fatalf("%s ended it: %v", path, err)
			default:
			}
		}
		hangUp()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch: %v", err)
		}
	})
}

// Those who hang up are let go at once, with the error of their context, also while the store
// hangs. Guard: watch.go, Session.Watch, ctx.Done; Session.stillLives, its context.
func TestWatchContext(t *testing.T) {
	t.Parallel()
	for name, hang := range map[string]bool{"store answers": false, "store hangs": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := &muteStore{Store: memstore.New(memstore.Config{})}
				w := newWorld(t, realTime, func(c *session.Config) { c.Home.Store = st })
				b := w.signedIn("ada")
				ended, hangUp := b.watching()
				time.Sleep(time.Minute)
				st.set(hang)
				time.Sleep(2500 * time.Millisecond)
				began := time.Now()
				hangUp()
				if err := <-ended; !errors.Is(err, context.Canceled) {
					t.Errorf("Watch: %v", err)
				}
				check(t, "took", time.Since(began), 0)
			})
		})
	}
}

// Config.Valid that cannot answer is an outage, too: short ones end nothing. Guard: watch.go,
// Session.stillLives, orNotFound.
func TestWatchValidFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var fails error
		w := newWorld(t, realTime, func(c *session.Config) {
			c.Valid = func(context.Context, *session.Session) (bool, error) { return false, fails }
		})
		fails = nil
		b := w.browser()
		b.get("/in?as=ada")
		fails = errors.New("no accounts")
		var got error
		inHandler(b, func(s *session.Session) { got = s.Watch(t.Context()) })
		if !errors.Is(got, fails) {
			t.Errorf("Watch: %v", got)
		}
	})
}

// Where there is nothing to watch. Guard: watch.go, Session.Watch, its first switch.
func TestWatchNothing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorld(t)
	for name, f := range map[string]func(*session.Session) error{
		"stranger":      func(s *session.Session) error { return s.Watch(ctx) },
		"signed out":    func(s *session.Session) error { s.SignIn("ada"); _ = s.Save(); s.SignOut(); return s.Watch(ctx) },
		"not saved yet": func(s *session.Session) error { s.SignIn("ada"); return s.Watch(ctx) },
	} {
		if err := inRequest(t, w.m, f); !errors.Is(err, session.ErrEnded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := session.From(ctx).Watch(ctx); !errors.Is(err, session.ErrNoMiddleware) {
		t.Errorf("no middleware: %v", err)
	}
	sealed := newWorld(t, func(c *session.Config) { c.Home.Store, c.Home.Format = nil, sealed.New() })
	b := sealed.browser()
	b.get("/in?as=ada")
	inRequestOf(b, func(s *session.Session) {
		if err := s.Watch(ctx); !errors.Is(err, session.ErrUnsupported) {
			t.Errorf("sealed: %v", err)
		}
	})
	// The store is away already when the watch would begin.
	b = w.signedIn("ada")
	w.store.stepIn(func(string) error { return errors.New("away") })
	status := inHandler(b, func(s *session.Session) {
		if err := s.Watch(ctx); err == nil || errors.Is(err, session.ErrEnded) {
			t.Errorf("away: %v", err)
		}
	}).status
	check(t, "status", status, http.StatusServiceUnavailable)
}

// A session that was saved by this request can be watched by it. Guard: watch.go, Session.Watch;
// save.go, Session.Save, reset.
func TestWatchAfterSave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, realTime)
		ended := make(chan error, 1)
		go func() {
			ended <- inRequest(t, w.m, func(s *session.Session) error {
				s.SignIn("ada")
				if err := s.Save(); err != nil {
					return err
				}
				return s.Watch(t.Context())
			})
		}()
		time.Sleep(time.Minute)
		n, _ := w.m.EndAll(t.Context(), "ada")
		check(t, "ended", n, 1)
		if err := <-ended; !errors.Is(err, session.ErrEnded) {
			t.Errorf("Watch: %v", err)
		}
	})
}

// Nothing is left of those who watched, and many may watch one session. A synctest bubble fails if
// a goroutine stays. Guard: watch.go, which starts none and stops its ticker.
func TestWatchLeavesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, realTime)
		b := w.signedIn("ada")
		var all []<-chan error
		for range 100 {
			ended, hangUp := b.copy().watching()
			if all = append(all, ended); len(all)%2 == 0 {
				defer hangUp()
			}
		}
		time.Sleep(time.Minute)
		b.get("/out")
		for i, ended := range all {
			if err := <-ended; !errors.Is(err, session.ErrEnded) {
				t.Error(fmt.Sprint("watcher ", i), err)
			}
		}
	})
}
