//go:build go1.25

package session_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/store"
)

// P12: nobody's save depends on their patience.

// Guard: manager.go, Manager.visit, WithoutCancel.
func TestP12HangUp(t *testing.T) {
	t.Parallel()
	for name, when := range map[string]string{
		"before the first read": "load",
		"before the save":       "save",
		"before the touch":      "touch",
	} {
		for _, answer := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t)
				// The store obeys its context, as a database does.
				w.store.Store = obedient{w.memory}
				b := w.signedIn("ada")
				done := make(chan struct{})
				entered := make(chan struct{})
				w.on("/slow", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
					defer close(done)
					if when != "load" {
						s.Subject()
					}
					close(entered)
					<-r.Context().Done()
					if when != "touch" {
						city.Set(s, "Oslo")
					}
					if answer {
						rw.WriteHeader(http.StatusAccepted)
					}
				})
				w.clock.add(time.Hour)
				ctx, hangUp := context.WithCancel(t.Context())
				r, _ := http.NewRequestWithContext(ctx, "POST", w.serve()+"/slow", nil)
				r.Header.Set("Cookie", b.cookie)
				go func() {
					<-entered
					hangUp()
				}()
				if res, err := wire.RoundTrip(r); err == nil {
					_ = res.Body.Close()
					t.Fatal("the client did not hang up")
				}
				<-done
				w.server.Close() // waits for the request
				w.server = nil
				if when != "touch" {
					check(t, "city", b.get("/city").body, "Oslo")
				}
				list, _ := w.m.List(t.Context(), "ada")
				check(t, "last seen", list[0].LastSeen, w.clock.Now())
			})
		}
	}
}

type obedient struct{ store.Store }

func (s obedient) Load(ctx context.Context, id session.ID, now time.Time) (store.Record, error) {
	if ctx.Err() != nil {
		return store.Record{}, ctx.Err()
	}
	return s.Store.Load(ctx, id, now)
}

func (s obedient) Patch(ctx context.Context, p store.Patch) (int64, error) {
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	return s.Store.Patch(ctx, p)
}

func (s obedient) Touch(ctx context.Context, id session.ID, d store.Digest, touch store.Touch, now time.Time) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.Store.Touch(ctx, id, d, touch, now)
}

// The same without a network, for the memory store by itself. Guard: manager.go, Manager.visit.
func TestP12HangUpMemory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) { c.Home.Store = memstore.New(memstore.Config{}) })
	b := w.signedIn("ada")
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	w.h.ServeHTTP(httptest.NewRecorder(), b.request("GET", "/set?city=Oslo").WithContext(ctx))
	check(t, "city", b.get("/city").body, "Oslo")
	if n, err := w.m.EndAll(t.Context(), "ada"); n != 1 || err != nil {
		t.Errorf("ended %d, %v", n, err)
	}
}

// hanging is a store that answers nothing, and is built on the memory store.
type hanging struct{ *memstore.Store }

func (hanging) Load(ctx context.Context, _ session.ID, _ time.Time) (store.Record, error) {
	<-ctx.Done()
	return store.Record{}, ctx.Err()
}

func (hanging) Create(ctx context.Context, _ store.Record) error {
	<-ctx.Done()
	return ctx.Err()
}

func (hanging) BySubject(ctx context.Context, _ string, _ time.Time) ([]store.Record, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (hanging) DeleteExpired(ctx context.Context, _ time.Time, _ int) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

// Guard: manager.go, Manager.limit, and New, which takes the word of the memory store alone that it
// never waits.
func TestP12SaveHasALimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 30 * time.Millisecond
		w := newWorld(t)
		b := w.signedIn("ada")
		slow := newWorld(t, func(c *session.Config) {
			c.Home.Store, c.SaveTimeout = hanging{w.memory}, limit
		})
		begin := time.Now()
		b.w = slow
		check(t, "a load", b.get("/who").status, http.StatusServiceUnavailable)
		check(t, "a create", slow.browser().get("/set?city=Oslo").status, http.StatusServiceUnavailable)
		for what, f := range map[string]func() error{
			"list":    func() error { _, err := slow.m.List(t.Context(), "ada"); return err },
			"end":     func() error { return slow.m.End(t.Context(), "ada", session.ID{}) },
			"end all": func() error { _, err := slow.m.EndAll(t.Context(), "ada"); return err },
			"sweep":   func() error { _, err := slow.m.Sweep(t.Context(), 10); return err },
		} {
			if err := f(); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", what, err)
			}
		}
		check(t, "took", time.Since(begin), 6*limit)
	})
}

// The store of Config.Old has the limit, too, where sessions stay there: that new ones wait for
// nothing says nothing of it.
func TestP12StoreOfBeforeHasALimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 30 * time.Millisecond
		w := newWorld(t)
		b := w.signedIn("ada")
		b.w = newWorld(t, sealedHome, func(c *session.Config) {
			c.Old.Store, c.SaveTimeout = hanging{w.memory}, limit
		})
		begin := time.Now()
		check(t, "a load", b.get("/who").status, http.StatusServiceUnavailable)
		check(t, "took", time.Since(begin), limit)
	})
}
