package conformance

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/movestore"
	"github.com/doorbook/doorbook/session/store"
)

// testMove: who was known before is known on the way and after, with all they had.
func testMove(t *testing.T, c *moveClock, home, old store.Store) {
	before, moving, after := moveNode(t, c, old), moveNode(t, c, movestore.New(home, old)), moveNode(t, c, home)
	stranger, ada, bob, reader := newMover(t), newMover(t), newMover(t), newMover(t)
	stranger.get(before, "/set?city=Oslo")
	ada.gets(before, "/in?as=ada", "/set?city=Rome", "/add", "/flash?text=one")
	bob.get(before, "/remember?as=bob")
	reader.get(before, "/in?as=eve")
	c.add(time.Second)

	// Reading goes on as it was, and gives out no cookie before its time.
	for v, want := range map[*mover]string{stranger: "", ada: "ada", bob: "bob", reader: "eve"} {
		jar := maps.Clone(v.jar)
		v.expect(moving, "/who", want)
		if !maps.Equal(jar, v.jar) {
			t.Errorf("%q got another cookie by reading", want)
		}
	}
	// Writing moves.
	id := ada.get(moving, "/id")
	stranger.expect(moving, "/add", "1")
	ada.expect(moving, "/add", "2")
	bob.expect(moving, "/set?city=Bergen", "")
	c.add(2 * time.Minute)
	reader.expect(moving, "/who", "eve") // so does a use that is written down

	stranger.expect(after, "/city", "Oslo")
	stranger.expect(after, "/count", "1")
	ada.expect(after, "/who", "ada")
	ada.expect(after, "/city", "Rome")
	ada.expect(after, "/count", "2")
	ada.expect(after, "/flashes", `["one"]`)
	ada.expect(after, "/flashes", "null")
	ada.expect(after, "/id", id)
	reader.expect(after, "/who", "eve")
	bob.expect(after, "/city", "Bergen")
	for _, v := range []*mover{stranger, ada, bob, reader} {
		if len(v.jar) != 1 {
			t.Errorf("cookies afterwards: %v", v.jar)
		}
	}
	c.add(6 * 24 * time.Hour)
	bob.expect(after, "/who", "bob") // still one who is remembered
	ada.expect(after, "/who", "")
}

// testMoveLimits: the limits of a session do not begin anew by its move.
func testMoveLimits(t *testing.T, c *moveClock, home, old store.Store) {
	before, moving, after := moveNode(t, c, old), moveNode(t, c, movestore.New(home, old)), moveNode(t, c, home)
	ada, eve := newMover(t), newMover(t)
	ada.get(before, "/in?as=ada")
	eve.get(before, "/in?as=eve")
	for range 23 {
		c.add(time.Hour)
		ada.get(before, "/who")
	}
	eve.expect(moving, "/who", "")
	ada.expect(moving, "/set?city=Rome", "")
	c.add(time.Hour - time.Millisecond)
	ada.expect(after, "/who", "ada")
	c.add(time.Millisecond)
	ada.expect(after, "/who", "")
}

// testMoveFirstThing: everything works as the first thing after the move.
func testMoveFirstThing(t *testing.T, c *moveClock, home, old store.Store) {
	before, moving, after := moveNode(t, c, old), moveNode(t, c, movestore.New(home, old)), moveNode(t, c, home)
	type step struct{ path, want string }
	for name, steps := range map[string][]step{
		"flash":         {{"/flash?text=two", ""}, {"/flashes", `["one","two"]`}, {"/flashes", "null"}, {"/who", "ada"}},
		"flashes":       {{"/flashes", `["one"]`}, {"/flashes", "null"}, {"/who", "ada"}, {"/city", "Oslo"}},
		"pop":           {{"/pop", "Oslo"}, {"/pop", ""}, {"/who", "ada"}},
		"update":        {{"/add", "2"}, {"/add", "3"}, {"/who", "ada"}},
		"sign in again": {{"/in?as=ada", ""}, {"/who", "ada"}, {"/city", "Oslo"}},
		"sign in other": {{"/in?as=bob", ""}, {"/who", "bob"}, {"/city", ""}},
		"remember":      {{"/remember?as=ada", ""}, {"/who", "ada"}, {"/city", "Oslo"}},
		"renew":         {{"/renew", ""}, {"/who", "ada"}, {"/city", "Oslo"}, {"/add", "2"}},
		"sign out":      {{"/out", ""}, {"/who", ""}, {"/city", ""}},
	} {
		ada := newMover(t)
		ada.gets(before, "/in?as=ada", "/set?city=Oslo", "/add", "/flash?text=one")
		c.add(time.Second)
		for i, step := range steps {
			h := moving
			if i == len(steps)-1 && name != "flashes" { // taking messages is no use that is written down
				h = after
			}
			if got := ada.get(h, step.path); got != step.want {
				t.Errorf("%s: %s: %q, want %q", name, step.path, got, step.want)
			}
		}
	}
}

// testMoveSignOut: after a sign-out no cookie opens the session, neither the old one nor the new.
func testMoveSignOut(t *testing.T, c *moveClock, home, old store.Store) {
	before, moving := moveNode(t, c, old), moveNode(t, c, movestore.New(home, old))
	for _, first := range []string{"", "/set?city=Rome", "/renew", "/in?as=ada"} {
		ada := newMover(t)
		ada.get(before, "/in?as=ada")
		copies := []*mover{ada.copy()}
		c.add(time.Second)
		if first != "" {
			ada.get(moving, first)
			copies = append(copies, ada.copy())
		}
		ada.get(moving, "/out")
		if len(ada.jar) > 0 {
			t.Errorf("after %q: left in the browser that signed out: %v", first, ada.jar)
		}
		for i, v := range copies {
			for _, path := range []string{"/who", "/set?city=Bergen", "/who"} { // reading, and trying to bring it back
				if got := v.copy().get(moving, path); got != "" {
					t.Errorf("after %q: cookie %d opens the session of %q after the sign-out", first, i, got)
				}
			}
		}
	}
}

// testMoveRolling: while the order is turned around, nodes of both orders serve the same people,
// one request after the other.
func testMoveRolling(t *testing.T, c *moveClock, home, old store.Store) {
	nodes := []http.Handler{moveNode(t, c, movestore.New(home, old)), moveNode(t, c, movestore.Ready(old, home))}
	ada := newMover(t)
	ada.get(moveNode(t, c, old), "/in?as=ada")
	for i := range 12 {
		c.add(time.Second)
		ada.expect(nodes[[]int{0, 1, 1, 0, 0, 1}[i%6]], "/add", fmt.Sprint(i+1))
		ada.expect(nodes[i%2], "/who", "ada")
		if len(ada.jar) != 1 || t.Failed() {
			t.Fatalf("write %d, cookies: %v", i+1, ada.jar)
		}
	}
	for i := range 6 {
		c.add(20 * time.Minute)
		ada.expect(nodes[i%2], "/who", "ada")
	}
	ada.expect(nodes[0], "/count", "12")
	signedOut := ada.copy()
	ada.get(nodes[1], "/out")
	ada.expect(nodes[0], "/who", "")
	signedOut.copy().expect(nodes[0], "/who", "")
	signedOut.expect(nodes[1], "/who", "")
}

// testMoveRollback: the order is turned around, and back again, and nobody notices. What has moved
// stays where it is.
func testMoveRollback(t *testing.T, c *moveClock, home, old store.Store) {
	before, on, back := moveNode(t, c, old), moveNode(t, c, movestore.New(home, old)), moveNode(t, c, movestore.Ready(old, home))
	ada, idle := newMover(t), newMover(t)
	ada.get(before, "/in?as=ada")
	idle.get(before, "/in?as=eve")
	c.add(time.Minute)
	ada.expect(on, "/set?city=Rome", "")
	ada.expect(on, "/add", "1")
	c.add(time.Minute)
	ada.expect(back, "/who", "ada")
	ada.expect(back, "/city", "Rome")
	ada.expect(back, "/add", "2")
	ada.expect(back, "/renew", "")
	idle.expect(back, "/add", "1")
	c.add(time.Minute)
	ada.expect(on, "/who", "ada")
	ada.expect(on, "/count", "2")
	idle.expect(on, "/who", "eve")
}
