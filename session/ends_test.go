package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
)

// The latest used comes first, and the one that asks is marked, whatever others ask meanwhile.
// Guard: ends.go, Manager.List, the order; Manager.current.
func TestListOrderAndCurrent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []*browser
	for i := range 5 {
		b := w.browser()
		b.header.Set("User-Agent", fmt.Sprint(i))
		b.get("/in?as=ada")
		all = append(all, b)
		w.clock.add(10 * time.Minute)
	}
	all[1].get("/who") // used last
	var order string
	var marked []string
	for _, want := range []string{"14320", "31420", "31420"} { // asking is a use, which is written down when the answer begins
		order, marked = "", nil
		rec := newRecorder()
		w.m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			w.m.From(r.Context()).Subject()
			list, err := w.m.List(r.Context(), "ada")
			check(t, "error", err, nil)
			for _, i := range list {
				if order += i.UserAgent; i.Current {
					marked = append(marked, i.UserAgent)
				}
			}
		})).ServeHTTP(rec, all[3].request("GET", "/"))
		check(t, "order", order, want)
		check(t, "marked", fmt.Sprint(marked), "[3]")
	}
	list, _ := w.m.List(t.Context(), "ada")
	for _, i := range list {
		check(t, "marked outside of a request", i.Current, false)
	}
}

// Nothing is marked that is not the session of who asks. Guard: ends.go, Manager.current.
func TestListCurrentOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.node(func(c *session.Config) { c.Home.Cookie.Name = "__Host-other-session" })
	marked := func(b *browser, use func(*session.Session), list *world) (n int) {
		h := b.w.m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			use(session.From(r.Context()))
			infos, _ := list.m.List(r.Context(), "ada")
			for _, i := range infos {
				if i.Current {
					n++
				}
			}
		}))
		h.ServeHTTP(newRecorder(), b.request("GET", "/"))
		return n
	}
	ada := w.signedIn("ada")
	read := func(s *session.Session) { s.Subject() }
	check(t, "one's own", marked(ada.copy(), read, w), 1)
	check(t, "another's", marked(w.signedIn("bob"), read, w), 0)
	check(t, "a stranger's", marked(w.browser(), read, w), 0)
	check(t, "by another manager", marked(ada.copy(), read, other), 0)
	check(t, "signed out just now", marked(ada.copy(), (*session.Session).SignOut, w), 0)
}

// Each goes through everybody, strangers too, and stops with the error it is given.
// Guard: ends.go, Manager.Each.
func TestEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 5 {
		w.signedIn(fmt.Sprint("user", i))
		w.browser().get("/set?city=Oslo")
	}
	subjects := map[string]int{}
	err := w.m.Each(t.Context(), func(i session.Info) error {
		if subjects[i.Subject]++; i.ID == (session.ID{}) || i.Expires.IsZero() {
			t.Errorf("%+v", i)
		}
		return nil
	})
	check(t, "error", err, nil)
	check(t, "strangers", subjects[""], 5)
	check(t, "subjects", len(subjects), 6)
	enough, n := errors.New("enough"), 0
	err = w.m.Each(t.Context(), func(session.Info) error {
		if n++; n == 3 {
			return enough
		}
		return nil
	})
	check(t, "stops", n, 3)
	check(t, "with the error", errors.Is(err, enough), true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.m.Each(ctx, func(session.Info) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("hung up: %v", err)
	}
	w.clock.add(2 * time.Hour)
	_ = w.m.Each(t.Context(), func(i session.Info) error { t.Errorf("dead: %+v", i); return nil })
}

// Everything ends, in batches, strangers' sessions too, while people go on using theirs.
// Guard: ends.go, Manager.EndEverything, flush.
func TestEndEverything(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n, err := w.m.EndEverything(t.Context())
	check(t, "nothing: ended", n, 0)
	check(t, "nothing: error", err, nil)
	var all []*browser
	for i := range 250 {
		b := w.browser()
		if b.get("/set?city=Oslo"); i%2 == 0 {
			b.get(fmt.Sprint("/in?as=user", i))
		}
		all = append(all, b)
	}
	n, err = w.m.EndEverything(t.Context())
	check(t, "ended", n, 250)
	check(t, "error", err, nil)
	for _, b := range all {
		check(t, "city", b.copy().get("/city").body, "")
		check(t, "subject", b.get("/who").body, "")
	}
	check(t, "observed", w.seen(session.EventEnded), 250)
	n, _ = w.m.EndEverything(t.Context())
	check(t, "again", n, 0)
	check(t, "afterwards", w.signedIn("ada").get("/who").body, "ada")
}

// What could not be ended is told, with how many were. Guard: ends.go, Manager.EndEverything, its
// errors.
func TestEndEverythingFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 150 {
		w.browser().get("/set?city=Oslo")
	}
	away, deletes := errors.New("away"), 0
	w.store.stepIn(func(method string) error {
		if method == "Delete" {
			if deletes++; deletes == 2 {
				return away
			}
		}
		return nil
	})
	n, err := w.m.EndEverything(t.Context())
	check(t, "ended", n, 100)
	check(t, "error", errors.Is(err, away), true)
	n, err = w.m.EndEverything(t.Context())
	check(t, "the rest", n, 50)
	check(t, "error", err, nil)
	w.store.stepIn(func(string) error { return away })
	if n, err := w.m.EndEverything(t.Context()); n != 0 || !errors.Is(err, away) {
		t.Errorf("%d, %v", n, err)
	}
}

// The old key can go when nobody's cookie is signed by it any more. Guard: manager.go,
// Manager.OldKeys.
func TestOldKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []*browser
	for i := range 3 {
		all = append(all, w.signedIn(fmt.Sprint("user", i)))
	}
	stranger := w.browser()
	stranger.get("/set?city=Oslo")
	old := func(what string, want int) {
		t.Helper()
		n, err := w.m.OldKeys(t.Context())
		check(t, what+": error", err, nil)
		check(t, what, n, want)
	}
	old("before", 0)
	check(t, "SetKeys", w.m.SetKeys(ring(t, "one", "two")), nil)
	old("the new key joins behind", 0)
	check(t, "SetKeys", w.m.SetKeys(ring(t, "two", "one")), nil)
	old("the new key signs", 4)
	w.signedIn("new")
	old("a new session", 4)
	all[0].get("/set?city=Oslo")
	old("after a write", 3)
	all[1].get("/out")
	old("after a sign-out", 2)
	w.clock.add(time.Hour)
	all[2].get("/who")
	old("after a touch", 1)
	stranger.get("/city")
	old("after the last one's touch", 0)
	w.clock.add(2 * time.Hour)
	check(t, "SetKeys", w.m.SetKeys(ring(t, "three", "two")), nil)
	old("the expired", 0)
	for _, keys := range []*session.KeyRing{nil, {}} {
		if err := w.m.SetKeys(keys); err == nil {
			t.Error("took no keys for keys")
		}
	}
	sealed := newWorld(t, func(c *session.Config) { c.Home.Store, c.Home.Format = nil, sealed.New() })
	if _, err := sealed.m.OldKeys(t.Context()); !errors.Is(err, session.ErrUnsupported) {
		t.Errorf("sealed: %v", err)
	}
	if _, err := sealed.m.EndEverything(t.Context()); !errors.Is(err, session.ErrUnsupported) {
		t.Errorf("sealed: %v", err)
	}
}
