package session_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// Sessions with companion records leave their cookies for the store: Config.Old{Carrier, Store} and
// Config{Store} alike.

// companionMoves gives worlds, and into which of them their sessions move.
var companionMoves = map[string]func(t *testing.T) (before, moving *world){
	"sealed": func(t *testing.T) (_, _ *world) { w := newCompanions(t); return w, w.fromCookies(session.Sealed) },
	"shared": func(t *testing.T) (_, _ *world) { w := newShared(t); return w, w.fromCookies(newPlain) },
}

// to lets the browser go on with another world.
func (b *browser) to(w *world) { b.w = w }

// Nobody is logged out, and nothing is lost. Guard: adopt.go, Session.adoptable, takeValues.
func TestCompanionMove(t *testing.T) {
	t.Parallel()
	for name, move := range companionMoves {
		t.Run(name, func(t *testing.T) {
			before, moving := move(t)
			routes(moving)
			ada, eve, stranger := before.browser(), before.browser(), before.browser()
			for _, path := range []string{"/in?as=ada", "/set?city=Oslo", "/add", "/flash?text=one"} {
				ada.get(path)
			}
			eve.get("/in?as=eve&remember=1")
			stranger.get("/set?city=Rome")
			before.clock.add(time.Second)
			for _, b := range []*browser{ada, eve, stranger} {
				b.to(moving)
			}
			id := list(t, moving, "ada")[0].ID
			ada.expect("/who", "ada")
			ada.expect("/city", "Oslo")
			ada.expect("/add", "2")
			ada.expect("/flashes", "one ")
			ada.expect("/flashes", "")
			stranger.expect("/city", "Rome")
			stranger.get("/in?as=sam")
			before.clock.add(time.Hour)
			eve.expect("/who", "eve")
			check(t, "id", list(t, moving, "ada")[0].ID, id)
			after := before.node()
			routes(after)
			for b, who := range map[*browser]string{ada: "ada", eve: "eve", stranger: "sam"} {
				b.to(after)
				b.expect("/who", who)
				check(t, who+": sessions", moving.listed(who), 1)
			}
			ada.expect("/city", "Oslo")
			ada.expect("/add", "3")
			stranger.expect("/city", "Rome")
			before.clock.add(6 * 24 * time.Hour)
			eve.expect("/who", "eve")
		})
	}
}

// routes adds what newCompanions adds.
func routes(w *world) {
	w.on("/add", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		_, _ = fmt.Fprint(rw, count.Update(s, func(n int) int { return n + 1 }))
	})
	w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
	w.on("/flashes", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		for _, f := range s.Flashes() {
			_, _ = fmt.Fprint(rw, f.Text, " ")
		}
	})
}

// Requests at once with one cookie become one session, and none of their writes is lost.
// Guard: adopt.go, takeValues, ErrConflict; companion.go, takenOver.
func TestCompanionMoveAtOnce(t *testing.T) {
	t.Parallel()
	const n = 20
	for name, move := range companionMoves {
		t.Run(name, func(t *testing.T) {
			before, moving := move(t)
			ada := before.signedIn("ada")
			ada.to(moving)
			wait := barrier(n)
			moving.on("/w/", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
				check(t, "who", s.Subject(), "ada")
				wait()
				session.Key[bool](r.URL.Path).Set(s, true)
				count.Update(s, func(n int) int { return n + 1 })
			})
			all := make([]*browser, n)
			var wg sync.WaitGroup
			for i := range n {
				all[i] = ada.copy()
				wg.Go(func() { check(t, "status", all[i].get(fmt.Sprint("/w/", i)).status, http.StatusOK) })
			}
			wg.Wait()
			check(t, "sessions", moving.listed("ada"), 1)
			for i, b := range all {
				inBrowser(t, b, func(s *session.Session) {
					check(t, "count", must(count.Get(s)), n)
					check(t, "own write", s.Has(fmt.Sprint("/w/", i)), true)
				})
			}
		})
	}
}

// After a sign-out neither the old cookie nor the new one opens anything, whatever came between.
// Guard: companion.go, takenOver; adopt.go, adoptedKey.
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

// Strangers with byte-identical cookies never share a record on the way.
// Guard: adopt.go, Session.adoptable, the new id.
func TestCompanionMoveStrangers(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	moving := w.fromCookies(newPlain)
	a, b := moving.elsewhere(""), moving.elsewhere("")
	check(t, "identical", a.cookie, b.cookie)
	a.get("/set?city=Rome")
	b.expect("/city", "Oslo")
	b.get("/set?city=Bergen")
	a.get("/in?as=ada")
	b.get("/in?as=bob")
	a.expect("/city", "Rome")
	b.expect("/city", "Bergen")
	a.expect("/who", "ada")
	b.expect("/who", "bob")
}

// Guard: ends.go, Manager.endBefore, for the home before.
func TestCompanionMoveMarks(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world){
		"EndAll": func(w *world) { w.endAll("ada") }, "EndEverything": func(w *world) { w.endEverything() },
	} {
		w := newShared(t)
		moving := w.fromCookies(newPlain)
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

// Guard: home.go, Config.homeDefaults.
func TestCompanionContradictions(t *testing.T) {
	t.Parallel()
	var none *session.Memory
	s := memory()
	for name, c := range map[string]session.Config{
		"another store":           {Store: s, Old: session.Home{Store: memory(), Carrier: session.Sealed}},
		"from a store":            {Store: s, Carrier: session.Sealed, Old: session.Home{Store: memory()}},
		"from the same store":     {Store: s, Carrier: session.Sealed, Old: session.Home{Store: s}},
		"companions left behind":  {Carrier: session.Sealed, Old: session.Home{Store: s, Carrier: session.Sealed}},
		"a nil store":             {Store: none, Carrier: session.Sealed},
		"a nil store of before":   {Store: s, Old: session.Home{Store: none, Carrier: session.Sealed}},
		"companions of elsewhere": {Store: s, Carrier: newPlain, Old: session.Home{Store: memory(), Carrier: session.Sealed}},
	} {
		c.Keys = ring(t, "one")
		if _, err := session.New(c); err == nil {
			t.Errorf("%s: New accepts it", name)
		}
	}
	for name, c := range map[string]session.Config{
		"companions":          {Store: s, Carrier: session.Sealed},
		"another carrier":     {Store: s, Carrier: newPlain, Old: session.Home{Carrier: session.Sealed}},
		"both of them beside": {Store: s, Carrier: newPlain, Old: session.Home{Carrier: session.Sealed, Store: s}},
		"into the store":      {Store: s, Old: session.Home{Carrier: session.Sealed, Store: s}},
	} {
		c.Keys = ring(t, "one")
		if _, err := session.New(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// From cookies without companions to cookies with them, and from one carrier to another: nobody is
// logged out, and what is moved can be ended. Guard: home.go, Manager.newKeyed, beside.
func TestCompanionIntroduced(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*session.Config){
		"beside the same cookie": companions,
		"another carrier":        func(c *session.Config) { c.Carrier = newPlain; c.Old = session.Home{Carrier: session.Sealed} },
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

// The same with another name of the cookie. Guard: as TestCompanionMove; headers.go,
// Session.sendDue.
func TestCompanionMoveToAnotherName(t *testing.T) {
	t.Parallel()
	c, store := newClock(), memory()
	old := session.Home{Carrier: session.Sealed, Store: store, Cookie: session.Cookie{Name: "__Host-before"}}
	before, moving, after := node(t, c.Now, old, session.Home{}), node(t, c.Now, session.Home{Store: store}, old), node(t, c.Now, session.Home{Store: store}, session.Home{})
	v, stranger := newCaller(t), newCaller(t)
	for _, path := range []string{"/in?as=ada", "/set?city=Oslo", "/add", "/flash?text=one"} {
		v.get(before, path)
	}
	stranger.get(before, "/set?city=Rome")
	copied := v.copy()
	c.add(time.Second)
	v.expect(moving, "/who", "ada")
	v.expect(moving, "/add", "2")
	v.expect(moving, "/flashes", "one")
	stranger.expect(moving, "/add", "1")
	check(t, "cookies", len(v.jar)+len(stranger.jar), 2)
	copied.copy().expect(moving, "/who", "ada") // another tab
	v.expect(after, "/who", "ada")
	v.expect(after, "/city", "Oslo")
	v.expect(after, "/count", "2")
	stranger.expect(after, "/city", "Rome")
	v.get(moving, "/out")
	copied.expect(moving, "/who", "")
	copied.expect(before, "/who", "")
}
