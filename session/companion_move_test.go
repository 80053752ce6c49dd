//go:build go1.25

package session_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
)

// Sessions with companion records leave their cookies for the store: Config.Old{Format, Store} and
// Config{Store} alike.

// Nobody is logged out, and nothing is lost. Guard: internal/place/fromcompanions.go,
// fromCompanions.Write, the values; lifecycle.go, Session.recognise.
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

// Requests at once with one cookie become one session, and none of their writes is lost. Guard:
// internal/place/fromcompanions.go, fromCompanions.overtaken and taken.
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
				inRequestOf(b, func(s *session.Session) {
					check(t, "count", must(count.Get(s)), n)
					check(t, "own write", s.Has(fmt.Sprint("/w/", i)), true)
				})
			}
		})
	}
}

// Strangers with byte-identical cookies never share a record on the way. Guard:
// internal/place/fromcookies.go, fromCookies.Open, the new id.
func TestCompanionMoveStrangers(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	moving := w.fromCookies(newPlain())
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

// The same with another name of the cookie. Guard: as TestCompanionMove; answer.go,
// Session.sendDue.
func TestCompanionMoveToAnotherName(t *testing.T) {
	t.Parallel()
	c, store := newClock(), memory()
	old := session.Home{Format: sealed.New(), Store: store, Cookie: session.Cookie{Name: "__Host-before"}}
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

// Guard: internal/place/enrol.go, accompanied.confirm: what a pending record holds is no value of
// the session.
func TestCompanionMoveValuesOfAnyName(t *testing.T) {
	t.Parallel()
	for _, named := range []bool{false, true} {
		w := newShared(t)
		b := w.elsewhere("ada", func(p *plainText) { p.Values["pending"] = []byte(`"yes"`) })
		if named {
			b.get("/who")
		} else {
			b.copy().get("/who")
		}
		b.w = w.fromCookies(newPlain())
		tab := b.copy()
		inRequestOf(b, func(s *session.Session) { count.Set(s, 7) })
		tab.get("/set?city=Rome")
		inRequestOf(b, func(s *session.Session) {
			check(t, "who", s.Subject(), "ada")
			check(t, "count", must(count.Get(s)), 7)
		})
	}
}

// Guard: home.go, Manager.arrival: the signer of the home that the record was made in.
func TestCompanionMoveToAnotherNameAfterEnrolment(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	b := w.elsewhere("ada")
	b.copy().get("/who") // enrolled, and the answer with the new cookie was lost
	b.w = w.fromCookies(newPlain(), func(c *session.Config) {
		c.Old.Cookie.Name, c.Home.Cookie.Name = sealedCookie, "__Host-new"
	})
	b.expect("/who", "ada")
}

// Byte-identical cookies of strangers (a page that set the same message for both in one second)
// where no companions are kept. Guard: internal/place/fromcookies.go, fromCookies.Open, the new id
// of a stranger whose cookie names none.
func TestCompanionMoveStrangersWithoutStore(t *testing.T) {
	t.Parallel()
	w := newShared(t)
	w = w.node(func(c *session.Config) { c.Old = session.Home{Format: newPlain()} })
	a, b := w.elsewhere(""), w.elsewhere("")
	a.get("/set?city=Rome")
	b.get("/set?city=Bergen")
	a.expect("/city", "Rome")
	b.expect("/city", "Bergen")
}
