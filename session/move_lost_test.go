package session_test

import (
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
)

// Moves under way: answers that are lost, ways back, and two names of the cookie.

// The answer that brought the new cookie of a moved and renewed session is lost: the browser, which
// comes with the sealed one for good, is not sent in a circle by pages that write.
func TestMoveAnswerLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sealedHome)
	b := w.signedIn("ada")
	b.w = newWorld(t, func(c *session.Config) { c.Old.Format = sealed.New() })
	b.header.Set("Sec-Fetch-Mode", "navigate")
	lost := b.copy()
	inHandler(lost, func(s *session.Session) { s.Renew() }) // or SignIn; the answer is lost
	for i := range 5 {
		a := b.get("/set?city=Oslo")
		if a.status == http.StatusOK {
			return
		}
		t.Logf("visit %d: %d to %s, Set-Cookie %q; reading says %q", i, a.status, a.header.Get("Location"), a.header.Values("Set-Cookie"), b.copy().get("/who").body)
	}
	t.Error("the browser is sent in a circle")
}

// The same after a change of keys, for which no renewal is needed.
func TestMoveAnswerLostAndKeysChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sealedHome)
	b := w.signedIn("ada")
	b.w = newWorld(t, func(c *session.Config) { c.Old.Format = sealed.New() })
	b.header.Set("Sec-Fetch-Mode", "navigate")
	lost := b.copy()
	lost.get("/set?city=Rome")
	if err := b.w.m.SetKeys(ring(t, "two", "one")); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if a := b.get("/set?city=Oslo"); a.status == http.StatusOK {
			return
		}
	}
	t.Error("the browser is sent in a circle")
}

// From a store into cookies, for longer than the idle limit, and back: what is left dead in the
// store, not swept yet, does not keep the living session from being written.
func TestMoveBackMeetsDeadRecord(t *testing.T) {
	t.Parallel()
	c := newClock()
	store := memory()
	inStore := session.Home{Store: store}
	inCookie := session.Home{Format: sealed.New()}
	v := newCaller(t)
	v.get(node(t, c.Now, inStore, session.Home{}), "/in?as=ada")
	moved := node(t, c.Now, inCookie, inStore)
	for range 6 {
		c.add(30 * time.Minute)
		v.get(moved, "/set?city=Oslo")
	}
	back := node(t, c.Now, inStore, inCookie)
	v.expect(back, "/who", "ada")
	v.expect(back, "/add", "1")
	v.expect(back, "/add", "2")
	v.expect(back, "/who", "ada")
}

// Clients that bring their key in a header stay signed in when the cookie gets another name.
func TestMoveKeepsClientsByHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) { c.Header = "X-Session-Key" })
	b := w.browser()
	b.header.Set("X-Session-Key", "")
	key := b.get("/in?as=ada").header.Get("X-Session-Key")
	after := newWorld(t, func(c *session.Config) {
		c.Header, c.Home.Store, c.Now = "X-Session-Key", w.memory, w.clock.Now
		c.Home.Cookie.Name = "__Host-newsession"
		c.Old.Cookie.Name = "__Host-session"
	})
	b = after.browser()
	b.header.Set("X-Session-Key", key)
	check(t, "who", b.get("/who").body, "ada")
}

// Both cookie names in a browser: a sign-out takes both away.
func TestMoveSignOutOfBothNames(t *testing.T) {
	t.Parallel()
	store := memory()
	old := session.Home{Cookie: session.Cookie{Name: "sid"}}
	before := node(t, time.Now, session.Home{Store: store, Cookie: session.Cookie{Name: "sid"}}, session.Home{})
	after := node(t, time.Now, session.Home{Store: store}, old)
	v := newCaller(t)
	v.get(before, "/in?as=ada")
	v.get(after, "/in?as=ada")
	t.Log(len(v.jar), slices.Sorted(maps.Keys(v.jar)))
	x := newCaller(t)
	x.get(before, "/in?as=ada")
	maps.Copy(v.jar, x.jar) // a node that was not changed yet, at the same time
	v.get(after, "/out")
	check(t, "who after the sign-out", v.get(after, "/who").body, "")
}
