package httpx_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestCookiePrefix: two programs on one host, which share a browser's cookies whatever their ports,
// leave each other's sessions alone (P18), and so does a program with a session cookie of its own.
// Guard: cookies.go, Cookies.
func TestCookiePrefix(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"localhost": true, "plain http": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one := sitetest.New(t, func(p *server.Parts) { p.Secure = secure })
			two := sitetest.New(t, func(p *server.Parts) { p.Secure, p.CookiePrefix = secure, "two" })
			ada, eve := one.Developer("Ada", "member"), two.Developer("Eve", "member")
			first := one.SignedIn(ada)
			second := first.At(two.Handler)
			if a := second.SignIn(eve.Email, sitetest.Password); a.Status != http.StatusSeeOther {
				t.Fatalf("on the second: %d", a.Status)
			}
			for cookie := range second.Cookies {
				if secure != strings.HasPrefix(cookie, "__Host-") {
					t.Errorf("a cookie %q", cookie)
				}
			}
			second.Cookies["flask"] = "x"
			if a := second.Get("/"); a.Status != http.StatusOK || !strings.Contains(a.Body, "Eve") {
				t.Errorf("the second: %d", a.Status)
			}
			if a := second.At(one.Handler).Get("/"); a.Status != http.StatusOK || !strings.Contains(a.Body, "Ada") {
				t.Errorf("the first, afterwards: %d", a.Status)
			}
			second.Post("/auth/logout", nil)
			if a := second.At(one.Handler).Get("/"); a.Status != http.StatusOK {
				t.Errorf("the first, after signing out of the second: %d", a.Status)
			}
			foreign := two.Visitor()
			foreign.Cookies["session"] = "another program's"
			if a := foreign.SignIn(eve.Email, sitetest.Password); a.Status != http.StatusSeeOther || foreign.Cookies["session"] != "another program's" {
				t.Errorf("beside another program: %d, cookies %v", a.Status, foreign.Cookies)
			}
			if a := foreign.Get("/"); a.Status != http.StatusOK {
				t.Errorf("beside another program: %d", a.Status)
			}
		})
	}
}
