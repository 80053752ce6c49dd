package session_test

import (
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// Marks keep the cookies of sessions that ended, and were made elsewhere, from coming back.

// Marks refuse what was made before, and nothing that was made after, nor anybody else's. Guard:
// internal/place/enrol.go, accompanied.over, the comparison.
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

// The clock of another node is behind, or of two EndAll at once the earlier one comes later. Guard:
// internal/place/marks.go, accompanied.Refuse, whose Touch moves a mark only forward.
func TestCompanionMarkMovesOnlyForward(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	behind := newClock()
	node := w.node(shared, func(c *session.Config) { c.Now = behind.Now })
	w.clock.add(time.Minute)
	b := w.elsewhere("ada")
	w.endAll("ada")
	check(t, "who", b.copy().get("/who").body, "")
	node.endAll("ada")
	check(t, "who after another EndAll", b.copy().get("/who").body, "")
}

// The first copy stays refused for as long as it could come back; then all traces are swept. Guard:
// internal/place/place.go, Env.longest; internal/place/marks.go, seenMark.
func TestCompanionEndedStaysEnded(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, b *browser){
		"End": func(w *world, _ *browser) { w.end("ada") }, "sign-out": func(_ *world, b *browser) { b.get("/out") },
		"EndAll": func(w *world, _ *browser) { w.endAll("ada") },
	} {
		w := newShared(t)
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
		check(t, name+": sessions left", n, 0)
		check(t, name+": who by a copy that is too old", thief.get("/who").body, "")
	}
}

// Somebody who was remembered elsewhere confirms who they are here, in a session that is shorter.
// Guard: internal/place/marks.go, accompanied.mark: what was enrolled must not be forgotten before
// its cookie is dead.
func TestCompanionShorterSessionLeavesMark(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada", func(p *plainText) { p.Persist = true })
	thief := b.copy()
	b.get("/in?as=ada")
	check(t, "who by a copy after the renewal", thief.copy().get("/who").body, "")
	w.clock.add(3 * time.Hour)
	check(t, "who after the idle limit", b.get("/who").body, "")
	check(t, "who by a copy after it", thief.copy().get("/who").body, "")
	w.sweep()
	check(t, "who by a copy after the sweep", thief.copy().get("/who").body, "")
}

// A cookie whose record has run out of time is over, whether it is swept or not. Guard:
// internal/place/enrol.go, accompanied.enrol, seenMark.
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
