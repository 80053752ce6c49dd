//go:build go1.25

package session_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// A cookie that names no companion record is enrolled when it is first seen: once, and not if it
// was refused before.

// Fifty requests at once with one cookie: all are answered, and one record comes of them. Guard:
// internal/place/enrol.go, accompanied.enrol, ErrExists; accompanied.confirm, ErrConflict.
func TestCompanionEnrolAtOnce(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	wait := barrier(50)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			c := b.copy()
			wait()
			c.expect("/who", "ada")
			c.expect("/city", "Oslo")
			if c.told().ID == "" {
				t.Error("the cookie does not name the session")
			}
		})
	}
	wg.Wait()
	check(t, "listed", w.listed("ada"), 1)
	check(t, "created", w.seen(session.EventCreated), 1)
	b.expect("/who", "ada")
}

// Requests with one copy race with an end. Once that has returned no copy of before is signed in,
// ever. Guard: internal/place/enrol.go, the order of Create, marks and confirm; ends.go,
// Manager.EndAll, the order of mark and list.
func TestCompanionEnrolRace(t *testing.T) {
	t.Parallel()
	const rounds = 150
	for name, end := range map[string]func(w *world){
		"EndAll": func(w *world) { w.endAll("ada") }, "EndEverything": func(w *world) { w.endEverything() },
		"End": func(w *world) { // ends what is listed; a cookie that was seen by nobody is not
			for _, i := range list(t, w, "ada") {
				_ = w.m.End(t.Context(), "ada", i.ID)
			}
		},
	} {
		w := newShared(t)
		for round := range rounds {
			w.clock.add(time.Second)
			b := w.elsewhere("ada")
			if name == "End" {
				b.copy().get("/who")
			}
			w.clock.add(time.Second)
			var wg sync.WaitGroup
			var mu sync.Mutex
			got := []*browser{b}
			for i := range 4 {
				wg.Go(func() {
					c := b.copy()
					dawdle(i * round % 200)
					c.get([]string{"/who", "/set?city=Rome", "/add", "/renew"}[i])
					mu.Lock()
					defer mu.Unlock()
					got = append(got, c)
				})
			}
			wg.Go(func() {
				dawdle(round % 150)
				end(w)
				for range 2 {
					if who := b.copy().get("/who").body; who != "" {
						t.Errorf("%s, round %d: an old copy is signed in as %q after the end", name, round, who)
					}
				}
			})
			wg.Wait()
			for i, c := range got {
				if who := c.get("/who").body; who != "" {
					t.Errorf("%s, round %d, browser %d: %q is signed in after the end", name, round, i, who)
				}
			}
			check(t, "records", w.live("ada"), 0)
			if t.Failed() {
				t.FailNow()
			}
		}
	}
}

// Between its two looks, for the record and for the mark of its cookie, another request is
// enrolled. Guard: internal/place/enrol.go, accompanied.enrol: where there is a mark the record may
// have come meanwhile.
func TestCompanionEnrolMeetsTheMark(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	w.atCall("Load", 2, func() error { w.store.stepIn(nil); b.copy().get("/who"); return nil })
	tab := b.copy()
	a := tab.page("/who")
	check(t, "who", a.body, "ada")
	check(t, "has a cookie", tab.cookie != "", true)
}

// A copy is enrolled while somebody who shares the cookie ends all others: what was confirmed is
// not deleted by a slower request with the same cookie. Guard: internal/place/enrol.go,
// accompanied.confirm, over.
func TestCompanionSlowEnrolmentEndsNobody(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	w.clock.add(time.Second)
	w.on("/others", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		id, _ := s.ID()
		w.endAll("ada", id)
	})
	mine := b.copy()
	w.atCall("Load", 3, func() error { w.store.stepIn(nil); mine.get("/others"); return nil }) // the mark of the subject
	b.copy().get("/who")
	mine.expect("/who", "ada")
}

// A page that is asked for while another request renews the key does not tell the browser to forget
// it. Guard: internal/place/enrol.go, accompanied.confirm, the error of Patch.
func TestCompanionSlowEnrolmentForgetsNothing(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	tab := b.copy()
	w.atCall("Patch", 1, func() error { w.store.stepIn(nil); b.get("/renew"); return nil })
	check(t, "cookies", len(tab.page("/who").header["Set-Cookie"]), 0)
	b.expect("/who", "ada")
}

// Guard: internal/place/enrol.go, accompanied.over, the error of a mark, which is no "not found".
func TestCompanionEnrolMarksNotReadable(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	was := b.cookie
	w.atCall("Load", 2, func() error { return errors.New("away") }) // the first is for the record
	a := b.page("/who")
	w.store.stepIn(nil)
	check(t, "status", a.status, http.StatusServiceUnavailable)
	check(t, "cookie", b.cookie, was)
	check(t, "who afterwards", b.page("/who").body, "ada")
}

// Guard: internal/place/enrol.go, accompanied.confirm: what is found half enrolled is no proof.
func TestCompanionRefusedEnrolmentLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	w.clock.add(time.Second)
	w.endAll("ada")
	w.atCall("Delete", 1, func() error { return errors.New("away") })
	b.copy().get("/who")
	w.store.stepIn(nil)
	check(t, "who after EndAll", b.copy().get("/who").body, "")
	check(t, "listed", w.listed("ada"), 0)
}

// The process ends between the two steps of an enrolment. Guard: internal/place/enrol.go,
// accompanied.confirm.
func TestCompanionHalfEnrolledAndGone(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	w.clock.add(time.Second)
	w.endAll("ada")
	w.atCall("Load", 2, func() error { panic("the process ends here") })
	func() {
		defer func() { _ = recover() }()
		b.copy().get("/who")
	}()
	w.store.stepIn(nil)
	check(t, "who afterwards", b.copy().get("/who").body, "")
}

// Two requests with one copy after EndAll has returned, the second while the first one enrols.
// Guard: internal/place/enrol.go, accompanied.confirm.
func TestCompanionHalfEnrolledAtOnce(t *testing.T) {
	t.Parallel()
	for _, second := range []string{"finds it", "meets it at Create"} {
		t.Run(second, func(t *testing.T) {
			w := newShared(t)
			b := w.elsewhere("ada")
			w.clock.add(time.Second)
			w.endAll("ada")
			var who string
			var meet func() error
			meet = func() error { // the first is about to look at the marks
				w.store.stepIn(nil)
				who = b.copy().get("/who").body
				return nil
			}
			if second == "meets it at Create" {
				meet = func() error { // the second is about to create, and the first does all of it meanwhile
					w.atCall("Load", 2, func() error { return errors.New("away") })
					b.copy().get("/who")
					w.store.stepIn(nil)
					return nil
				}
				w.atCall("Create", 1, meet)
				who = b.copy().get("/who").body
			} else {
				w.atCall("Load", 2, meet)
				check(t, "who by the first", b.copy().get("/who").body, "")
			}
			check(t, "who by the second", who, "")
		})
	}
}

// Guard: internal/place/enrol.go, accompanied.confirm.
func TestCompanionHalfEnrolledDuringEndAll(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	w.clock.add(time.Second)
	var who string
	w.atCall("Create", 1, func() error {
		w.store.stepIn(nil)
		w.endAll("ada")
		w.atCall("Load", 1, func() error { // of the mark
			w.store.stepIn(nil)
			who = b.copy().get("/who").body
			return nil
		})
		return nil
	})
	check(t, "who by the first", b.copy().get("/who").body, "")
	check(t, "who by one that came after EndAll", who, "")
}
