package session_test

import (
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// What was wrong once where sessions with companions move into the store; see
// companion_found_test.go.

// fromCookies makes a node of the same store into which sessions move from their cookies.
func (w *world) fromCookies(carrier session.NewCarrier, change ...func(*session.Config)) *world {
	w.t.Helper()
	n := w.node(append([]func(*session.Config){func(c *session.Config) {
		c.Old = session.Home{Carrier: carrier, Store: w.store}
	}}, change...)...)
	n.clock, n.store, n.memory = w.clock, w.store, w.memory
	return n
}

// Guard: adopt.go, adoptedKey: the key of a moved session must depend on more than its id.
func TestCompanionMoveRevivesNoOldCookie(t *testing.T) {
	t.Parallel()
	w := newCompanions(t)
	b := w.signedIn("ada")
	old := b.copy()
	b.get("/renew")
	check(t, "who by the old cookie", old.copy().get("/who").body, "")
	moving := w.fromCookies(session.Sealed)
	b.w, old.w = moving, moving
	check(t, "who by the old cookie before the move", old.copy().get("/who").body, "")
	b.get("/set?city=Oslo")
	b.expect("/who", "ada")
	check(t, "who by the old cookie after the move", old.copy().get("/who").body, "")
}

// Guard: ends.go, Manager.EndEverything and each: marks and tombstones are no sessions on the way
// either.
func TestCompanionMoveEndEverything(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	ended, unseen := w.elsewhere("ada"), w.elsewhere("bob")
	thief := ended.copy()
	ended.get("/who")
	w.end("ada")
	w.clock.add(time.Second)
	moving := w.fromCookies(newPlain)
	thief.w, unseen.w = moving, moving
	check(t, "who by a copy of the ended", thief.copy().get("/who").body, "")
	moving.endEverything()
	check(t, "who by one that was not seen before", unseen.copy().get("/who").body, "")
	check(t, "who by a copy of the ended", thief.copy().get("/who").body, "")
	n, _ := moving.m.OldKeys(t.Context())
	check(t, "old keys", n, 0)
}

// Guard: the store of the way, which should leave tombstones, too.
func TestCompanionMoveLeavesTombstones(t *testing.T) {
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
			moving := w.fromCookies(newPlain)
			b.w, thief.w = moving, moving
			end(moving, b)
			check(t, "who by a copy", thief.get("/who").body, "")
		})
	}
}

// Guard: companion.go: the marks in the values of a record must have names that no program can use.
func TestCompanionMoveKeyOfTheMarksName(t *testing.T) {
	t.Parallel()
	for _, named := range []bool{false, true} {
		w := newShared(t)
		b := w.elsewhere("ada", func(p *plainText) { p.Values["pending"] = []byte(`"yes"`) })
		if named {
			b.get("/who")
		} else {
			b.copy().get("/who")
		}
		b.w = w.fromCookies(newPlain)
		tab := b.copy()
		inBrowser(t, b, func(s *session.Session) { count.Set(s, 7) })
		tab.get("/set?city=Rome")
		inBrowser(t, b, func(s *session.Session) {
			check(t, "who", s.Subject(), "ada")
			check(t, "count", must(count.Get(s)), 7)
		})
	}
}

// Guard: companion.go, Session.derived: the signer of the home that the record was made in.
func TestCompanionMoveToAnotherNameFindsTheEnrolled(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	b.copy().get("/who") // enrolled, and the answer with the new cookie was lost
	b.w = w.fromCookies(newPlain, func(c *session.Config) {
		c.Old.Cookie.Name, c.Cookie.Name = sealedCookie, "__Host-new"
	})
	b.expect("/who", "ada")
}

// Byte-identical cookies of strangers (a page that set the same message for both in one second)
// where no companions are kept. Guard: adopt.go, Session.adoptable, the condition on a new id.
func TestCompanionMoveStrangersWithoutStore(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	w = w.node(func(c *session.Config) { c.Old = session.Home{Carrier: newPlain} })
	a, b := w.elsewhere(""), w.elsewhere("")
	a.get("/set?city=Rome")
	b.get("/set?city=Bergen")
	a.expect("/city", "Rome")
	b.expect("/city", "Bergen")
}
