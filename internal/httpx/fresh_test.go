package httpx_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestFresh: whatever the table says takes a recent sign-in is refused to an older one without the
// password, and done with it. Guard: admit.go, admitTo.
func TestFresh(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, route := range httpx.Routes() {
		method, path, _ := strings.Cut(route.Pattern, " ")
		if route.Fresh == 0 || method == http.MethodGet {
			continue
		}
		tried++
		t.Run(route.Pattern, func(t *testing.T) {
			t.Parallel()
			c := newCast(t)
			who := map[bool]account.Developer{true: c.root, false: c.ada}[route.Who == httpx.Admins]
			v := c.SignedIn(who)
			ask := func(password string) int {
				at := strings.Replace(path, "{id}", c.bob.ID, 1)
				if route.Form == httpx.JSON {
					return v.JSON(method, at, `{`+besides(path)+`"current_password":"`+password+`"}`).Status
				}
				return v.Post(at, url.Values{"current_password": {password}}).Status
			}
			c.Clock.Turn(route.Fresh + time.Second)
			for _, password := range []string{"", "not the right one at all"} {
				if status := ask(password); status != http.StatusUnprocessableEntity {
					t.Errorf("with the password %q: %d", password, status)
				}
			}
			if status := ask(sitetest.Password); status >= 400 {
				t.Errorf("with the right one: %d", status)
			}
		})
	}
	if tried < 4 {
		t.Errorf("%d routes take a recent sign-in", tried)
	}
}

// besides is what else a JSON body must hold at an address.
func besides(path string) string {
	return map[string]string{"/api/tokens": `"name":"deploy","scopes":["read"],`}[path]
}
