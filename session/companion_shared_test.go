package session_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// Cookies that another program makes, too: they are enrolled when they are first seen.

// Fifty requests at once with one cookie: all are answered, and one record comes of them.
// Guard: enrol.go, Session.enrol, ErrExists; confirm, ErrConflict.
func TestCompanionEnrolAtOnce(t *testing.T) {
	t.Parallel()
	for _, store := range []string{"memory", "SQLite"} {
		w := newShared(t, func(c *session.Config) {
			if store == "SQLite" {
				c.Store = sqlite(t)
			}
		})
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
		check(t, store+": listed", w.listed("ada"), 1)
		check(t, store+": created", w.seen(session.EventCreated), 1)
		b.expect("/who", "ada")
	}
}

// Requests with one copy race with an end. Once that has returned no copy of before is signed in,
// ever. Guard: enrol.go, the order of Create, marks and confirm; ends.go, Manager.EndAll, the order
// of mark and list.
func TestCompanionEnrolRace(t *testing.T) {
	t.Parallel()
	rounds := 500
	if raceEnabled {
		rounds = 150
	}
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

// The first copy stays refused for as long as it could come back; then all traces are swept.
// Guard: companion.go, keep; enrol.go, seenMark.
func TestCompanionEndedStaysEnded(t *testing.T) {
	t.Parallel()
	for _, store := range []string{"memory", "SQLite"} {
		for name, end := range map[string]func(w *world, b *browser){
			"End": func(w *world, _ *browser) { w.end("ada") }, "sign-out": func(_ *world, b *browser) { b.get("/out") },
			"EndAll": func(w *world, _ *browser) { w.endAll("ada") },
		} {
			w := newShared(t, func(c *session.Config) {
				if store == "SQLite" {
					c.Store = sqlite(t)
				}
			})
			b := w.elsewhere("ada", func(p *plainText) { p.Persist = true })
			thief := b.copy()
			b.get("/who")
			end(w, b)
			for range 30 * 4 {
				check(t, name+": who", thief.copy().get("/who").body, "")
				w.clock.add(6 * time.Hour)
				w.sweep()
			}
			w.clock.add(time.Hour)
			w.sweep()
			n := 0
			_ = w.m.Each(t.Context(), func(session.Info) error { n++; return nil })
			check(t, store+" "+name+": sessions left", n, 0)
			check(t, name+": who by a copy that is too old", thief.get("/who").body, "")
		}
	}
}

// Marks refuse what was made before, and nothing that was made after, nor anybody else's.
// Guard: enrol.go, companion.over, the comparison.
func TestCompanionMarks(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world){
		"EndAll": func(w *world) { w.endAll("ada") }, "EndEverything": func(w *world) { w.endEverything() },
	} {
		w := newShared(t)
		before, bob, here := w.elsewhere("ada"), w.elsewhere("bob"), w.signedIn("ada")
		w.clock.add(time.Millisecond)
		end(w)
		same := w.elsewhere("ada") // of the same moment: nobody knows
		w.clock.add(time.Millisecond)
		after := w.elsewhere("ada")
		before.expect("/who", "")
		same.expect("/who", "")
		here.expect("/who", "")
		after.expect("/who", "ada")
		if name == "EndAll" {
			bob.expect("/who", "bob")
		} else {
			bob.expect("/who", "")
		}
		w.signedIn("ada").expect("/who", "ada")
		check(t, name+": listed", w.listed("ada"), 2)
		n := 0
		_ = w.m.Each(t.Context(), func(session.Info) error { n++; return nil })
		check(t, name+": marks among the sessions", n, map[string]int{"EndAll": 3, "EndEverything": 2}[name])
		old, _ := w.m.OldKeys(t.Context())
		check(t, name+": old keys", old, 0)
		w.endEverything()
		before.expect("/who", "")
		after.expect("/who", "")
	}
}

// All but mine, from a cookie that is seen for the first time. Guard: ends.go, Manager.EndAll.
func TestCompanionEndAllButMine(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	others := []*browser{w.signedIn("ada"), w.elsewhere("ada", func(p *plainText) { p.At++ })}
	others[1].copy().get("/who")
	unseen := w.elsewhere("ada", func(p *plainText) { p.At += 2 })
	mine := w.elsewhere("ada")
	w.clock.add(time.Second)
	w.on("/others", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		id, _ := s.ID()
		n, err := w.m.EndAll(r.Context(), s.Subject(), id)
		check(t, "ended", n, 2)
		check(t, "error", err, nil)
	})
	mine.get("/others")
	mine.expect("/who", "ada")
	for _, b := range append(others, unseen) {
		b.expect("/who", "")
	}
	check(t, "listed", w.listed("ada"), 1)
}

// The other program signs the subject out, or somebody else in. Guard: companion.go,
// Session.accompany, Left.
func TestCompanionLeft(t *testing.T) {
	t.Parallel()
	for _, next := range []string{"", "bob"} {
		w := newShared(t)
		first := w.elsewhere("ada")
		b := first.copy()
		b.get("/who")
		copied := b.copy()
		other := w.signedIn("ada")
		left := w.elsewhere(next, func(p *plainText) { p.Left = b.told().ID })
		left.expect("/who", next)
		left.expect("/city", "Oslo")
		copied.expect("/who", "")
		first.expect("/who", "")
		other.expect("/who", "ada")
		left.get("/set?city=Rome")
		left.expect("/who", next)
		left.expect("/city", "Rome")
		check(t, "what the cookie says of it", left.told().Left, "")
		check(t, "sessions of ada", w.listed("ada"), 1)
	}
}

// Another subject in a cookie that names a session does not get that. Guard: companion.go, the
// comparison of subjects.
func TestCompanionAnotherSubject(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	b.get("/who")
	text := b.told()
	for _, digest := range [][]byte{text.Digest, nil, make([]byte, session.CarriedDigest)} {
		eve := w.browser()
		text := text
		text.User, text.Digest = "eve", digest
		eve.cookie = sealedCookie + "=" + text.value()
		eve.expect("/who", "")
		eve.expect("/city", "")
	}
	b.expect("/who", "ada")
}

// Byte-identical cookies. Of one subject they are one session; strangers never share any.
// Guard: companion.go, Session.accompanied, the new id.
func TestCompanionIdenticalCookies(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	a, b := w.elsewhere("ada"), w.elsewhere("ada")
	check(t, "identical", a.cookie, b.cookie)
	a.expect("/who", "ada")
	b.expect("/who", "ada")
	check(t, "sessions", w.listed("ada"), 1)
	a.get("/set?city=Rome")
	b.expect("/city", "Oslo") // what is in a cookie is in that cookie

	w = newShared(t)
	var all []*browser
	var wg sync.WaitGroup
	for range 10 {
		all = append(all, w.elsewhere(""))
	}
	for _, c := range all {
		check(t, "identical", c.cookie, all[0].cookie)
	}
	for i, c := range all {
		wg.Go(func() { c.get(fmt.Sprintf("/in?as=user%d", i/2)) })
	}
	wg.Wait()
	for i, c := range all {
		c.expect("/who", fmt.Sprintf("user%d", i/2))
		c.get(fmt.Sprintf("/set?city=%d", i))
	}
	all[0].get("/out")
	for i, c := range all[1:] {
		c.expect("/who", fmt.Sprintf("user%d", (i+1)/2))
		c.expect("/city", fmt.Sprint(i+1))
	}
	check(t, "sessions of the first", w.listed("user0"), 1)
	stranger := w.elsewhere("")
	stranger.get("/out")
	all[1].expect("/who", "user0")
}

// A cookie whose record has run out of time is over, whether it is swept or not. Guard: enrol.go,
// Session.enrol, seenMark.
func TestCompanionExpiredRecord(t *testing.T) {
	t.Parallel()
	for _, swept := range []bool{false, true} {
		w := newShared(t)
		b := w.elsewhere("ada", func(p *plainText) { p.ID, p.Created, p.SignedIn = "0102030405060708090a0b0c", p.At, p.At })
		b.copy().get("/who")
		w.clock.add(3 * time.Hour)
		text := b.told()
		text.At = w.clock.Now().UnixMilli()
		b.cookie = sealedCookie + "=" + text.value()
		if swept {
			check(t, "swept", w.sweep(), 1)
		}
		b.expect("/who", "")
		w.elsewhere("ada").expect("/who", "ada")
	}
}

// A copy is enrolled while somebody who shares the cookie ends all others: what was confirmed is
// not deleted by a slower request with the same cookie. Guard: enrol.go, Session.confirm, over.
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
// it. Guard: enrol.go, Session.confirm, the error of Patch.
func TestCompanionSlowEnrolmentForgetsNothing(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	tab := b.copy()
	w.atCall("Patch", 1, func() error { w.store.stepIn(nil); b.get("/renew"); return nil })
	check(t, "cookies", len(tab.page("/who").header["Set-Cookie"]), 0)
	b.expect("/who", "ada")
}

// Between its two looks, for the record and for the mark of its cookie, another request is
// enrolled. Guard: enrol.go, Session.enrol: where there is a mark the record may have come
// meanwhile.
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
