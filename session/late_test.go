package session_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// A request with the key of before that comes after a renewal, and writes, does not replace the new
// cookie by a stranger's: a page is sent to its own address once, everything else is refused, both
// without a cookie. When ten seconds have passed it may begin anew: the answer with the new key got
// lost, and locks nobody out.
func TestLateRequestThrowsNobodyOut(t *testing.T) {
	t.Parallel()
	for name, renew := range map[string]string{"sign-in": "/in?as=ada", "renewal": "/renew"} {
		for world, make := range map[string]func(testing.TB, ...func(*session.Config)) *world{"stored": newWorld, "beside a cookie": newCompanions} {
			if world == "beside a cookie" && name == "sign-in" {
				continue // a stranger's session has no record there, so nothing is renewed
			}
			t.Run(world+", "+name, func(t *testing.T) {
				w := make(t)
				if world == "stored" {
					w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
				}
				b := w.browser()
				b.get("/set?city=Rome")
				if name == "renewal" {
					b.get("/in?as=ada")
				}
				late, script := b.copy().asks(html), b.copy()
				b.get(renew)
				w.clock.add(9 * time.Second)
				for visit, want := range []int{http.StatusSeeOther, http.StatusUnauthorized} {
					a := late.copy().asks(html).get("/set?city=Oslo")
					if a.status != want || len(a.header["Set-Cookie"]) > 0 {
						t.Errorf("visit %d of a page: %d %v", visit, a.status, a.header)
					}
				}
				if a := script.get("/set?city=Oslo"); a.status != http.StatusUnauthorized || len(a.header["Set-Cookie"]) > 0 {
					t.Errorf("by a script: %d %v", a.status, a.header)
				}
				check(t, "reading", late.copy().get("/who").status, http.StatusOK)
				check(t, "who by the new key", b.get("/who").body, "ada")
				w.clock.add(2 * time.Second)
				check(t, "a write after ten seconds", late.get("/set?city=Oslo").status, http.StatusOK)
				check(t, "what it wrote", late.get("/city").body, "Oslo")
				check(t, "a sign-in with the old key", script.get("/in?as=bob").status, http.StatusOK)
				check(t, "who by that", script.get("/who").body, "bob")
				check(t, "who by the new key afterwards", b.get("/who").body, "ada")
			})
		}
	}
}
