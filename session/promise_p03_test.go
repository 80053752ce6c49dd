package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// P3: reading never writes.

// Guard: lifecycle.go, Session.todo and touchEvery.
func TestP03TouchIsThrottled(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		life  session.Lifetime
		every time.Duration // between requests
		want  int           // touches in 60 requests
	}{
		{"within a minute", session.Lifetime{}, time.Second - time.Millisecond, 0},
		{"an hour", session.Lifetime{}, time.Minute, 60},
		{"ten seconds apart", session.Lifetime{}, 10 * time.Second, 10},
		{"a quarter of a short limit", session.Lifetime{Idle: 40 * time.Second, Absolute: time.Hour}, 5 * time.Second, 30},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, func(c *session.Config) { c.Lifetime = test.life })
			b := w.signedIn("ada")
			w.store.forget()
			for range 60 {
				w.clock.add(test.every)
				a := b.get("/who")
				check(t, "subject", a.body, "ada")
				check(t, "cookies", len(a.header["Set-Cookie"]), 0)
			}
			calls := map[string]int{}
			for _, c := range w.store.called() {
				calls[c]++
			}
			check(t, "loads", calls["Load"], 60)
			check(t, "touches", calls["Touch"], test.want)
			check(t, "calls", len(w.store.called()), 60+test.want)
		})
	}
}

// Guard: lifecycle.go, Session.load, which is called at the first use and not before.
func TestP03UnusedIsNoActivity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/static", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) { _, _ = rw.Write([]byte("body{}")) })
	b := w.signedIn("ada")
	w.store.forget()
	for range 5 {
		w.clock.add(time.Hour / 2)
		a := b.get("/static")
		check(t, "Vary", a.header.Get("Vary"), "")
		check(t, "Cache-Control", a.header.Get("Cache-Control"), "")
	}
	check(t, "store calls", len(w.store.called()), 0)
	check(t, "subject after 2½ idle hours", b.get("/who").body, "")
}

// Guard: lifecycle.go, Session.use, which passes over a failure.
func TestP03TouchFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	w.store.stepIn(func(method string) error {
		if method == "Touch" || method == "Patch" {
			return errors.New("read-only")
		}
		return nil
	})
	w.clock.add(time.Hour)
	a := b.get("/who")
	check(t, "status", a.status, http.StatusOK)
	check(t, "subject", a.body, "ada")
	check(t, "observed", w.seen(session.EventTouchFailed), 1)
}

// Messages cannot be taken from a store that does not write, so none is shown, but the page is.
// Guard: flash.go, Session.notTaken.
func TestP03FlashesFail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/flash", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Flash("info", "hello") })
	w.on("/page", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) { _, _ = fmt.Fprint(rw, s.Flashes()) })
	b := w.signedIn("ada")
	b.get("/flash")
	w.store.stepIn(func(method string) error {
		if method == "Patch" {
			return errors.New("read-only")
		}
		return nil
	})
	a := b.get("/page")
	check(t, "status", a.status, http.StatusOK)
	check(t, "page", a.body, "[]")
	check(t, "observed", w.seen(session.EventSaveFailed), 1)
	w.store.stepIn(nil)
	check(t, "the next page", b.get("/page").body, "[{info hello}]")
}

// Guard: internal/place/place.go, Used, the Deadline; Env.Alive.
func TestP03LimitsHold(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		remember string
		idle     time.Duration
		absolute time.Duration
	}{
		{"ordinary", "", 2 * time.Hour, 24 * time.Hour},
		{"remembered", "&remember=1", 7 * 24 * time.Hour, 30 * 24 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			b := w.browser()
			b.get("/in?as=ada" + test.remember)
			info := func() session.Info {
				list, err := w.m.List(t.Context(), "ada")
				if err != nil || len(list) != 1 {
					t.Fatalf("list: %v %v", list, err)
				}
				return list[0]
			}
			end := w.clock.Now().Add(test.absolute)
			step := test.idle - time.Second
			for w.clock.Now().Add(step).Before(end) { // used just in time, again and again
				w.clock.add(step)
				check(t, "subject just before the idle limit", b.get("/who").body, "ada")
				check(t, "last seen", info().LastSeen, w.clock.Now())
				if info().Expires.After(end) {
					t.Fatalf("a use moved the end to %v, past the deadline %v", info().Expires, end)
				}
			}
			w.clock.add(end.Sub(w.clock.Now()) - time.Millisecond)
			check(t, "subject just before the absolute limit", b.get("/who").body, "ada")
			w.clock.add(time.Millisecond)
			check(t, "subject at the absolute limit", b.get("/who").body, "")

			b.get("/in?as=ada" + test.remember)
			w.clock.add(test.idle)
			check(t, "subject at the idle limit", b.get("/who").body, "")
		})
	}
}

// A write is a use: it moves the idle limit with the same patch. Guard: lifecycle.go,
// Session.change, Seen.
func TestP03WriteIsUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	w.clock.add(90 * time.Minute)
	w.store.forget()
	b.get("/set?city=Oslo")
	if got := w.store.called(); !slices.Equal(got, []string{"Load", "Patch"}) {
		t.Errorf("calls: %v", got)
	}
	w.clock.add(90 * time.Minute)
	check(t, "subject", b.get("/who").body, "ada")
}

// A clock that jumps back extends nothing; one that jumps forward ends what is over, and no record
// is touched backward. Guard: clock.go, Manager.now; store/values.go, Record.Touched.
func TestP03ClockJumps(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.get("/in?as=ada&remember=1")
	ends := func() time.Time {
		list, _ := w.m.List(t.Context(), "ada")
		if len(list) != 1 {
			t.Fatal("no session")
		}
		return list[0].Expires
	}
	w.clock.add(time.Hour)
	b.get("/who")
	before := ends()
	w.clock.add(-time.Hour - 4*time.Minute)
	a := b.get("/set?city=Oslo") // a persistent cookie is sent again with every write
	check(t, "status", a.status, http.StatusOK)
	check(t, "end after a jump back", ends(), before)
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.MaxAge <= 0 {
			t.Errorf("a live session's cookie has Max-Age %d", c.MaxAge)
		}
	}
	check(t, "subject", b.get("/who").body, "ada")
	w.clock.add(60 * 24 * time.Hour)
	check(t, "subject after a jump forward", b.get("/who").body, "")
}

// careless is a store that does not look at the time.
type careless struct{ store.Store }

func (s careless) Load(ctx context.Context, id session.ID, _ time.Time) (store.Record, error) {
	return s.Store.Load(ctx, id, time.Time{})
}

// Guard: internal/place/place.go, Env.load, which does not take a store's word for it.
func TestP03CarelessStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) { c.Home.Store = careless{c.Home.Store} })
	b := w.signedIn("ada")
	w.clock.add(2*time.Hour - 1e6)
	check(t, "subject before the limit", b.copy().get("/who").body, "ada")
	w.clock.add(2 * time.Hour)
	check(t, "subject at the limit", b.get("/who").body, "")
}
