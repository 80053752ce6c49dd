package session_test

import (
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
)

// From cookies without companions to cookies with them, and from one format to another: nobody is
// logged out, and what is moved can be ended. Guard: home.go, Manager.arrival.
func TestCompanionIntroduced(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*session.Config){
		"beside the same cookie": companions,
		"another format":         func(c *session.Config) { c.Home.Format = newPlain(); c.Old = session.Home{Format: sealed.New()} },
	} {
		alone := newSealedWorld(t)
		b, stranger := alone.signedIn("ada"), alone.browser()
		b.get("/set?city=Oslo")
		stranger.get("/set?city=Rome")
		thief, unseen := b.copy(), alone.signedIn("ada")
		w := alone.node(change)
		for _, x := range []*browser{b, stranger, thief, unseen} {
			x.to(w)
		}
		b.expect("/who", "ada")
		b.expect("/city", "Oslo")
		stranger.expect("/city", "Rome")
		stranger.get("/in?as=bob")
		stranger.expect("/city", "Rome")
		check(t, name+": listed", w.listed("ada"), 1)
		alone.clock.add(time.Second)
		w.endAll("ada")
		for _, x := range []*browser{b, thief, unseen} {
			x.expect("/who", "")
		}
		stranger.expect("/who", "bob")
	}
}

// While companions are introduced, nodes with and without them serve the same people. Guard:
// internal/place/carried.go, carried.Write, which keeps the digest.
func TestCompanionIntroducedNodeByNode(t *testing.T) {
	t.Parallel()
	with := newCompanions(t)
	without := with.node(sealedHome)
	b := with.signedIn("ada")
	b.w = without
	b.get("/set?city=Oslo")
	b.w = with
	b.expect("/who", "ada")
	b.expect("/city", "Oslo")
}
