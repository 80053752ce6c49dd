package httpx_test

import (
	"encoding/json"
	"fmt"
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
			bring(t, c.Site, c.bob, route.Pattern)
			ask := func(password string) int {
				named := c.bob.ID
				if route.Who < httpx.Admins {
					named = who.ID
				}
				at := strings.Replace(path, "{id}", named, 1)
				typed := map[string]any{"current_password": password}
				switch {
				case strings.HasPrefix(route.Pattern, "DELETE /api/people/") && !strings.Contains(path, "invitation"):
					typed["email"] = c.bob.Email
				case strings.HasSuffix(route.Pattern, "/delete"):
					typed["email"] = c.bob.Email
				case strings.HasSuffix(route.Pattern, "/role"):
					typed["role"] = "member"
				case route.Pattern == "POST /api/people", route.Pattern == "POST /invite":
					typed["email"] = "zoe@example.org"
				case route.Pattern == "POST /api/tokens":
					typed["name"], typed["scopes"] = "deploy", []string{"read"}
				case route.Pattern == "POST /account/tokens":
					typed["name"], typed["read"], typed["days"] = "deploy", "yes", 30
				}
				if route.Form == httpx.JSON {
					body, err := json.Marshal(typed)
					if err != nil {
						t.Fatal(err)
					}
					return v.JSON(method, at, string(body)).Status
				}
				form := url.Values{}
				for name, value := range typed {
					form.Set(name, fmt.Sprint(value))
				}
				return v.Post(at, form).Status
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

// bring brings an account into the state in which what a route does can be done to it.
func bring(t *testing.T, s *sitetest.Site, d account.Developer, pattern string) {
	t.Helper()
	var state account.State
	switch {
	case strings.Contains(pattern, "approve"):
		state = account.Waiting
	case strings.Contains(pattern, "invitation"), strings.Contains(pattern, "withdraw"), strings.Contains(pattern, "{id}/invite"):
		state = account.Invited
	default:
		return
	}
	if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, d.ID, account.Change{State: &state}, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
}
