package session_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
)

// Sessions with companion records leave their cookies for the store that has the records, while
// nodes of both orders serve the same people: what lies in the store is used there by those that
// still keep sessions in cookies.
//
// Guard: home.go, newKeyed.
func TestCompanionsLeaveTheirCookiesNodeByNode(t *testing.T) {
	t.Parallel()
	for name, format := range map[string]session.Home{"sealed": {Format: sealed.New()}, "shared": {Format: newPlain()}} {
		for _, cookie := range []string{"__Host-session", "__Host-before"} {
			t.Run(name+" "+cookie, func(t *testing.T) {
				c, s := newClock(), memory()
				inCookie := session.Home{Store: s, Format: format.Format, Cookie: session.Cookie{Name: cookie}}
				inStore := session.Home{Store: s, Cookie: session.Cookie{Name: "__Host-session"}}
				before := node(t, c.Now, inCookie, session.Home{})
				oldOrder := node(t, c.Now, inCookie, inStore)
				newOrder := node(t, c.Now, inStore, inCookie)
				ada, bob := newCaller(t), newCaller(t)
				ada.get(before, "/in?as=ada")
				bob.get(before, "/in?as=bob")
				for i := range 12 {
					c.add(time.Second)
					h := []http.Handler{oldOrder, newOrder, newOrder, oldOrder, oldOrder, newOrder}[i%6]
					ada.expect(h, "/add", fmt.Sprint(i+1))
					ada.expect([]http.Handler{oldOrder, newOrder}[i%2], "/who", "ada")
					if len(ada.jar) != 1 {
						t.Fatalf("cookies: %v", ada.jar)
					}
				}
				signedOut := ada.copy()
				ada.get(oldOrder, "/out")
				for _, h := range []http.Handler{oldOrder, newOrder} {
					signedOut.copy().expect(h, "/who", "")
					ada.expect(h, "/who", "")
					bob.expect(h, "/who", "bob")
				}
				ada.get(oldOrder, "/in?as=ada") // begins in the cookie still
				ada.expect(newOrder, "/add", "1")
				ada.expect(oldOrder, "/who", "ada")
				list, err := manager(t, c, inStore, inCookie).List(t.Context(), "ada")
				if err != nil || len(list) != 1 {
					t.Errorf("%d sessions listed, %v", len(list), err)
				}
			})
		}
	}
}

func manager(t *testing.T, c *clock, home, old session.Home) *session.Manager {
	t.Helper()
	m, err := session.New(session.Config{Keys: ring(t, "one"), Now: c.Now, Home: home, Old: old})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
