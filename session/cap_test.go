package session_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
)

func capped(most int) func(*session.Config) {
	return func(c *session.Config) { c.MaxPerSubject = most }
}

// One session too many ends the one that was not used for the longest time, not the oldest sign-in.
// Guard: ends.go, Session.trim, the order and the number.
func TestCapEndsTheLongestUnused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, capped(3))
	var all []*browser
	for range 3 {
		all = append(all, w.signedIn("ada"))
		w.clock.add(5 * time.Minute)
	}
	check(t, "records at the cap", w.live("ada"), 3)
	check(t, "subject", all[0].get("/who").body, "ada") // the first sign-in is the latest use
	w.clock.add(5 * time.Minute)
	bob := w.signedIn("bob")
	all = append(all, w.signedIn("ada"))
	check(t, "records", w.live("ada"), 3)
	for i, want := range []string{"ada", "", "ada", "ada"} {
		check(t, fmt.Sprint("session ", i), all[i].get("/who").body, want)
	}
	check(t, "another subject", bob.get("/who").body, "bob")
	check(t, "observed", w.seen(session.EventEnded), 1)
}

// What a cap counts, and what it does not. Guard: ends.go, Session.trim, its conditions; config.go,
// MaxPerSubject.
func TestCapCounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		most, signIns, want int
	}{
		"one":        {1, 5, 1},
		"exactly":    {7, 7, 7},
		"one beyond": {7, 8, 7},
		"default":    {0, 103, 100},
		"no limit":   {-1, 120, 120},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, capped(test.most))
			var last *browser
			for range test.signIns {
				w.clock.add(time.Millisecond)
				last = w.signedIn("ada")
			}
			check(t, "records", w.live("ada"), test.want)
			check(t, "the last", last.get("/who").body, "ada")
		})
	}
	t.Run("strangers", func(t *testing.T) {
		w := newWorld(t, capped(1))
		var all []*browser
		for range 5 {
			b := w.browser()
			b.get("/set?city=Oslo")
			all = append(all, b)
		}
		for _, b := range all {
			check(t, "city", b.get("/city").body, "Oslo")
		}
	})
	t.Run("again in the same session", func(t *testing.T) {
		w := newWorld(t, capped(2))
		other, b := w.signedIn("ada"), w.signedIn("ada")
		for range 5 {
			w.clock.add(time.Second)
			b.get("/in?as=ada")
		}
		check(t, "the other", other.get("/who").body, "ada")
		check(t, "records", w.live("ada"), 2)
	})
	t.Run("writes do not count", func(t *testing.T) {
		w := newWorld(t, capped(1))
		b := w.signedIn("ada")
		w.store.forget()
		b.get("/set?city=Oslo")
		check(t, "store calls", fmt.Sprint(w.store.called()), "[Load Patch]")
	})
	t.Run("the expired", func(t *testing.T) {
		w := newWorld(t, capped(2))
		w.signedIn("ada")
		w.clock.add(90 * time.Minute)
		b := w.signedIn("ada")
		w.clock.add(time.Hour) // the first is over
		w.signedIn("ada")
		check(t, "second", b.get("/who").body, "ada")
	})
	t.Run("sealed", func(t *testing.T) {
		w := newWorld(t, capped(1), func(c *session.Config) { c.Home.Store, c.Home.Format = nil, sealed.New() })
		a, b := w.signedIn("ada"), w.signedIn("ada")
		check(t, "both", a.get("/who").body+b.get("/who").body, "adaada")
	})
}

// Two sign-ins at once where one session is allowed: one stays, the later one, never none and never
// both. Guard: ends.go, Session.trim, its break.
func TestCapAtOnce(t *testing.T) {
	t.Parallel()
	for _, together := range []int{2, 5} {
		w := newWorld(t, capped(1))
		w.clock.add(time.Hour)
		for round := range 100 {
			w.clock.add(time.Millisecond)
			created := barrier(together)
			w.store.stepIn(func(method string) error {
				if method == "BySubject" {
					created() // everybody is signed in before anybody counts
				}
				return nil
			})
			all := make([]*browser, together)
			var wg sync.WaitGroup
			for i := range all {
				wg.Add(1)
				go func() {
					defer wg.Done()
					if round%2 == 0 {
						w.clock.add(time.Millisecond)
					}
					all[i] = w.signedIn("ada")
				}()
			}
			wg.Wait()
			w.store.stepIn(nil)
			list, _ := w.m.List(t.Context(), "ada")
			if len(list) != 1 {
				t.Fatalf("round %d: %d sessions", round, len(list))
			}
			var lives int
			for _, b := range all {
				if b.get("/who").body == "ada" {
					lives++
				}
			}
			check(t, "who is signed in", lives, 1)
			if lives != 1 {
				t.Fatalf("round %d list %v now %v", round, list, w.clock.Now())
			}
		}
	}
}

// The later of two is the one that stays. Guard: ends.go, Session.trim, the order.
func TestCapLaterStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, capped(1))
	first := w.browser()
	var second *browser
	w.store.stepIn(func(method string) error {
		if method == "BySubject" && second == nil { // the first is created, and has not counted yet
			second = w.browser()
			w.clock.add(time.Millisecond)
			second.get("/in?as=ada")
		}
		return nil
	})
	first.get("/in?as=ada")
	check(t, "first", first.get("/who").body, "")
	check(t, "second", second.get("/who").body, "ada")
}

// Where another node's clock is ahead its sessions count as used later; who signs in here gets in
// all the same. Guard: ends.go, Session.trim, its own session.
func TestCapNeverEndsTheNewOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, capped(1))
	ahead := newClock()
	ahead.add(time.Minute)
	w.node(func(c *session.Config) { c.Now = ahead.Now }).signedIn("ada")
	b := w.signedIn("ada")
	check(t, "the new one", b.get("/who").body, "ada")
	check(t, "records", w.live("ada"), 2)
	w.clock.add(2 * time.Minute)
	w.signedIn("ada")
	check(t, "records after the next sign-in", w.live("ada"), 1)
}

// A store that fails while it trims spoils no sign-in; it is told, and the next sign-in trims.
// Guard: ends.go, Session.trim, both errors.
func TestCapFails(t *testing.T) {
	t.Parallel()
	for _, fails := range []string{"BySubject", "Delete"} {
		t.Run(fails, func(t *testing.T) {
			w := newWorld(t, capped(1))
			old := w.signedIn("ada")
			w.clock.add(time.Second)
			w.store.stepIn(func(method string) error {
				if method == fails {
					return errors.New("away")
				}
				return nil
			})
			b := w.signedIn("ada")
			w.store.stepIn(nil)
			check(t, "the new session", b.get("/who").body, "ada")
			check(t, "the old session", old.get("/who").body, "ada")
			check(t, "observed", w.seen(session.EventSaveFailed), 1)
			w.clock.add(time.Second)
			w.signedIn("ada")
			check(t, "records after the next sign-in", w.live("ada"), 1)
		})
	}
}

// Who signs in by a child's key keeps the parent, without which the child would die. Guard:
// ends.go, trim, Parent.
func TestCapKeepsTheParent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, capped(2))
	parent := w.signedIn("ada")
	child := parent.issue()
	w.clock.add(time.Minute)
	third := w.signedIn("ada") // ends the one of parent and child that has the lower id, and with the parent both
	w.clock.add(time.Minute)
	if child.get("/who").body == "" {
		return
	}
	check(t, "third", third.get("/who").body, "ada")
	child.get("/in?as=ada")
	check(t, "parent", parent.get("/who").body, "ada")
	check(t, "child", child.get("/who").body, "ada")
}

// Nothing that the cap ends answers any more, and a request that was under way with it is told.
// Guard: retry.go, Session.retry.
func TestCapEndsRequestsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, capped(1))
	w.on("/slow", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		w.clock.add(time.Second)
		w.signedIn("ada")
	})
	b := w.signedIn("ada")
	check(t, "status", b.do("POST", "/slow").status, http.StatusUnauthorized)
	check(t, "subject", b.get("/who").body, "")
	check(t, "observed", w.seen(session.EventRevived), 2) // the request under way, and one that came with its key after
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
