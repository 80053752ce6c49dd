package session_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/sealed"
)

// What has ended stays ended where sessions with companion records leave their cookies for the
// store.

// A cookie of before a renewal opens nothing after the move either. Guard:
// internal/place/fromcompanions.go, fromCompanions.Open: the key of a moved session depends on more
// than its id.
func TestCompanionMoveAfterRenewal(t *testing.T) {
	t.Parallel()
	w := newCompanions(t)
	b := w.signedIn("ada")
	old := b.copy()
	b.get("/renew")
	check(t, "who by the old cookie", old.copy().get("/who").body, "")
	moving := w.fromCookies(sealed.New())
	b.w, old.w = moving, moving
	check(t, "who by the old cookie before the move", old.copy().get("/who").body, "")
	b.get("/set?city=Oslo")
	b.expect("/who", "ada")
	check(t, "who by the old cookie after the move", old.copy().get("/who").body, "")
}

// EndEverything reaches who was not seen yet, and marks are no sessions on the way either. Guard:
// ends.go, Manager.EndEverything and each.
func TestCompanionMoveEndEverything(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	ended, unseen := w.elsewhere("ada"), w.elsewhere("bob")
	thief := ended.copy()
	ended.get("/who")
	w.end("ada")
	w.clock.add(time.Second)
	moving := w.fromCookies(newPlain())
	thief.w, unseen.w = moving, moving
	check(t, "who by a copy of the ended", thief.copy().get("/who").body, "")
	moving.endEverything()
	check(t, "who by one that was not seen before", unseen.copy().get("/who").body, "")
	check(t, "who by a copy of the ended", thief.copy().get("/who").body, "")
	n, _ := moving.m.OldKeys(t.Context())
	check(t, "old keys", n, 0)
}

// A copy of the cookie opens nothing once the session has ended, moved or not. Guard:
// internal/place/fromcompanions.go, fromCompanions.Open, which finds as accompanied does;
// internal/place/marks.go, seenMark.
func TestCompanionMoveCopyAfterTheEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*world, *browser){
		"sign-out":            func(_ *world, b *browser) { b.get("/out") },
		"End":                 func(w *world, _ *browser) { w.end("ada") },
		"sign-out when moved": func(_ *world, b *browser) { b.get("/set?city=Rome"); b.get("/out") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newShared(t)
			b := w.elsewhere("ada")
			thief := b.copy()
			b.get("/who")
			moving := w.fromCookies(newPlain())
			b.w, thief.w = moving, moving
			end(moving, b)
			check(t, "who by a copy", thief.get("/who").body, "")
		})
	}
}

// After a sign-out neither the old cookie nor the new one opens anything, whatever came between.
// Guard: internal/place/fromcompanions.go, fromCompanions.taken, the derived key.
func TestCompanionMoveAndSignOut(t *testing.T) {
	t.Parallel()
	for name, move := range companionMoves {
		for _, first := range []string{"", "/set?city=Rome", "/renew", "/in?as=ada"} {
			before, moving := move(t)
			routes(moving)
			ada := before.signedIn("ada")
			old := ada.copy()
			ada.to(moving)
			old.to(moving)
			before.clock.add(time.Second)
			if first != "" {
				ada.get(first)
			}
			current := ada.copy()
			check(t, name+first+": status", ada.get("/out").status, http.StatusOK)
			for _, b := range []*browser{old, current} {
				for _, path := range []string{"/who", "/set?city=Bergen", "/who"} {
					check(t, name+" "+first+path, b.copy().get(path).body, "")
				}
			}
			check(t, name+first+": records", moving.live("ada"), 0)
		}
	}
}

// What EndAll and EndEverything refuse stays refused on the way. Guard: ends.go, Manager.refuse,
// for the place before; internal/place/fromcompanions.go, fromCompanions.Refuse.
func TestCompanionMoveMarks(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world){
		"EndAll": func(w *world) { w.endAll("ada") }, "EndEverything": func(w *world) { w.endEverything() },
	} {
		w := newShared(t)
		moving := w.fromCookies(newPlain())
		unseen := moving.elsewhere("ada")
		w.clock.add(time.Second)
		end(moving)
		w.clock.add(time.Second)
		later := moving.elsewhere("ada")
		for range 2 {
			check(t, name+": who by what was made before", unseen.copy().get("/who").body, "")
		}
		later.expect("/who", "ada")
	}
}
