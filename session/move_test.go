package session_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// Moving from one home of the data to another, without logging anybody out: read old, write new.

func TestMoveLogsNobodyOut(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, c *clock, before, moving, after http.Handler) {
		stranger, ada, bob, reader := newCaller(t), newCaller(t), newCaller(t), newCaller(t)
		stranger.get(before, "/set?city=Oslo")
		for _, path := range []string{"/in?as=ada", "/set?city=Rome", "/add", "/flash?text=one"} {
			ada.get(before, path)
		}
		bob.get(before, "/remember?as=bob")
		reader.get(before, "/in?as=eve")
		c.add(time.Second)

		// Reading goes on as it was, and gives out no cookie before its time.
		for v, want := range map[*caller]string{stranger: "", ada: "ada", bob: "bob", reader: "eve"} {
			jar := maps.Clone(v.jar)
			v.expect(moving, "/who", want)
			if !maps.Equal(jar, v.jar) {
				t.Errorf("%q got another cookie by reading", want)
			}
		}
		// Writing moves.
		id := ada.get(moving, "/id").body
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
		ada.expect(after, "/flashes", "one")
		ada.expect(after, "/flashes", "")
		ada.expect(after, "/id", id)
		reader.expect(after, "/who", "eve")
		bob.expect(after, "/city", "Bergen")
		for v, cookies := range map[*caller]int{stranger: 1, ada: 1, bob: 1, reader: 1} {
			if len(v.jar) != cookies || v.jar["__Host-session"] == "" {
				t.Errorf("cookies afterwards: %v", v.jar)
			}
		}
		c.add(6 * 24 * time.Hour)
		bob.expect(after, "/who", "bob") // still one who is remembered
		ada.expect(after, "/who", "")
	})
}

// The limits of a session do not begin anew by its move.
func TestMoveKeepsLimits(t *testing.T) {
	t.Parallel()
	eachWay(t, func(t *testing.T, c *clock, before, moving, after http.Handler) {
		ada, eve := newCaller(t), newCaller(t)
		ada.get(before, "/in?as=ada")
		eve.get(before, "/in?as=eve")
		late := eve.copy()
		for range 23 {
			c.add(time.Hour)
			ada.get(before, "/who")
		}
		late.expect(moving, "/who", "")
		ada.expect(moving, "/set?city=Rome", "")
		c.add(time.Hour - time.Millisecond)
		ada.expect(after, "/who", "ada")
		c.add(time.Millisecond)
		ada.expect(after, "/who", "")
	})
}

// Everything works as the first thing after the move.
func TestMoveFirstThing(t *testing.T) {
	t.Parallel()
	type step struct{ path, want string }
	for name, steps := range map[string][]step{
		"flash":         {{"/flash?text=two", ""}, {"/flashes", "one,two"}, {"/flashes", ""}, {"/who", "ada"}},
		"flashes":       {{"/flashes", "one"}, {"/flashes", ""}, {"/who", "ada"}, {"/city", "Oslo"}},
		"pop":           {{"/pop", "Oslo"}, {"/pop", ""}, {"/who", "ada"}},
		"update":        {{"/add", "2"}, {"/add", "3"}, {"/who", "ada"}},
		"sign in again": {{"/in?as=ada", ""}, {"/who", "ada"}, {"/city", "Oslo"}},
		"sign in other": {{"/in?as=bob", ""}, {"/who", "bob"}, {"/city", ""}},
		"remember":      {{"/remember?as=ada", ""}, {"/who", "ada"}, {"/city", "Oslo"}},
		"renew":         {{"/renew", ""}, {"/who", "ada"}, {"/city", "Oslo"}, {"/add", "2"}},
		"sign out":      {{"/out", ""}, {"/who", ""}, {"/city", ""}},
	} {
		eachWay(t, func(t *testing.T, c *clock, before, moving, after http.Handler) {
			ada := newCaller(t)
			for _, path := range []string{"/in?as=ada", "/set?city=Oslo", "/add", "/flash?text=one"} {
				ada.get(before, path)
			}
			c.add(time.Second)
			for i, step := range steps {
				h := moving
				if i == len(steps)-1 && name != "flashes" { // taking messages is no use that is written down
					h = after
				}
				if a := ada.get(h, step.path); a.status != http.StatusOK || a.body != step.want {
					t.Errorf("%s: %s: %d %q, want %q", name, step.path, a.status, a.body, step.want)
				}
			}
		})
	}
}

// Requests that come at once with one cookie of the old home become one record, and none of their
// writes is lost.
//
// Guard: internal/place/fromcookies.go, fromCookies.Open, the derived key; fromCookies.overtaken.
func TestMoveAtOnce(t *testing.T) {
	t.Parallel()
	const n = 30
	for _, name := range []string{"sealed to store", "sealed to store, another cookie", "memory to memory", "store, another cookie"} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			home, old := directions[name](t)
			ada := newCaller(t)
			ada.get(node(t, c.Now, old, session.Home{}), "/in?as=ada")
			moves, from := newOrder(home, old)
			m, err := session.New(session.Config{
				Keys: ring(t, "one"), Now: c.Now, Home: moves, Old: from,
				SaveTimeout: time.Hour, // on a busy machine a crowd takes its time
			})
			if err != nil {
				t.Fatal(err)
			}
			wait := barrier(n)
			h := m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				s := session.From(r.Context())
				who := s.Subject()
				wait()
				if who != "ada" {
					t.Errorf("%q is signed in", who)
				}
				session.Key[bool](r.URL.Path).Set(s, true)
				count.Update(s, func(n int) int { return n + 1 })
			}))
			var group sync.WaitGroup
			callers := make([]*caller, n)
			for i := range n {
				callers[i] = ada.copy()
				group.Add(1)
				go func() {
					defer group.Done()
					if a := callers[i].get(h, fmt.Sprint("/", i)); a.status != http.StatusOK {
						t.Errorf("answered by %d", a.status)
					}
				}()
			}
			group.Wait()
			list, err := m.List(t.Context(), "ada")
			if err != nil || len(list) != 1 {
				t.Fatalf("%d sessions, %v", len(list), err)
			}
			for i, v := range callers {
				var kept int
				var has bool
				v.get(m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					s := session.From(r.Context())
					kept, has = must(count.Get(s)), s.Has(fmt.Sprint("/", i))
				})), "/")
				if kept != n || !has {
					t.Fatalf("caller %d sees %d of %d, and their own write %t", i, kept, n, has)
				}
			}
		})
	}
}

// What cookies open after a sign-out. A copy of a sealed cookie opens what it holds until its
// limits; that is all.
//
//	move                 the old cookie                 the new one
//	store to sealed      nothing                        what it holds (it is sealed)
//	sealed to store      what it holds (it is sealed)   nothing
//	sealed to sealed     what it holds                  what it holds
//	store to store       nothing                        nothing
func TestMoveAndSignOut(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"", "/set?city=Rome", "/renew", "/in?as=ada"} {
		eachWay(t, func(t *testing.T, c *clock, before, moving, _ http.Handler) {
			oldSealed := strings.HasPrefix(t.Name()[strings.Index(t.Name(), "/")+1:], "sealed")
			ada := newCaller(t)
			ada.get(before, "/in?as=ada")
			old := ada.copy()
			c.add(time.Second)
			if first != "" {
				ada.get(moving, first)
			}
			current := ada.copy()
			if a := ada.get(moving, "/out"); a.status != http.StatusOK {
				t.Errorf("after %q: signing out is answered by %d", first, a.status)
			}
			if len(ada.jar) > 0 {
				t.Errorf("after %q: left in the browser that signed out: %v", first, ada.jar)
			}
			toSealed := strings.Contains(t.Name(), "to_sealed") || strings.Contains(t.Name(), "/sealed,")
			for i, v := range []*caller{current, old} {
				what, sealed := "old", oldSealed
				if i == 0 && first != "" {
					what, sealed = "current", toSealed
				}
				for _, path := range []string{"/who", "/set?city=Bergen", "/who"} { // reading, and trying to bring it back
					if got := v.copy().get(moving, path).body; got != "" && !sealed {
						t.Errorf("after %q: the %s cookie opens the session of %q after the sign-out", first, what, got)
					}
				}
			}
		})
	}
}

// A cookie of the old name that came back beside the new one does not outlive the sign-out.
//
// Guard: answer.go, Session.sendDue, the removal of the old cookie.
func TestMoveRemovesTheOldCookie(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"sealed, another cookie", "store, another cookie", "two stores, another cookie", "sealed to store, another cookie"} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			home, old := directions[name](t)
			before := node(t, c.Now, old, session.Home{})
			moves, from := newOrder(home, old)
			moving := node(t, c.Now, moves, from)
			ada := newCaller(t)
			ada.get(before, "/remember?as=ada")
			was := ada.jar["__Host-before"]
			c.add(time.Second)
			a := ada.get(moving, "/set?city=Rome")
			if got := fmt.Sprint(slices.Collect(maps.Keys(ada.jar))); got != "[__Host-session]" {
				t.Errorf("cookies after the move: %s", got)
			}
			for _, line := range a.header["Set-Cookie"] {
				if strings.HasPrefix(line, "__Host-before=") && !strings.Contains(line, "; Secure") {
					t.Errorf("browsers refuse %q", line)
				}
			}
			ada.jar["__Host-before"] = was // from a node that still serves as before
			ada.get(moving, "/out")
			ada.expect(moving, "/who", "")
		})
	}
}

// While the order is turned around, nodes of both orders serve the same people, one request after
// the other.
func TestMoveRolling(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(directions)) {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			home, old := directions[name](t)
			moves, from := newOrder(home, old)
			stays, to := oldOrder(home, old)
			nodes := []http.Handler{node(t, c.Now, moves, from), node(t, c.Now, stays, to)}
			ada := newCaller(t)
			ada.get(node(t, c.Now, old, session.Home{}), "/in?as=ada")
			for i := range 12 {
				c.add(time.Second)
				h := nodes[[]int{0, 1, 1, 0, 0, 1}[i%6]]
				if a := ada.get(h, "/add"); a.status != http.StatusOK || a.body != fmt.Sprint(i+1) {
					t.Fatalf("the write %d is answered by %d %q", i+1, a.status, a.body)
				}
				ada.expect(nodes[i%2], "/who", "ada")
				if len(ada.jar) != 1 {
					t.Fatalf("cookies: %v", ada.jar)
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
			if !strings.Contains(name, "sealed") {
				signedOut.expect(nodes[0], "/who", "")
				signedOut.expect(nodes[1], "/who", "")
			}
		})
	}
}

// The order is turned around, and back again: nobody notices.
func TestMoveRollback(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(directions)) {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			home, old := directions[name](t)
			moves, from := newOrder(home, old)
			stays, to := oldOrder(home, old)
			before, on, back := node(t, c.Now, old, session.Home{}), node(t, c.Now, moves, from), node(t, c.Now, stays, to)
			ada, idle := newCaller(t), newCaller(t)
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
			ada.expect(on, "/who", "ada") // what has moved stays where it is
			ada.expect(on, "/count", "2")
			idle.expect(on, "/who", "eve")
		})
	}
}
