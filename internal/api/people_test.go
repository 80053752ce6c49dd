package api_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// TestLinkIsWhole: a one-time link in an answer is one that can be sent to somebody, with the address of
// the site.
func TestLinkIsWhole(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	whole := regexp.MustCompile(`^http://localhost:8080/link/[A-Z2-7]{26}$`)
	made := wantGood(t, c.asRoot.JSON("POST", "/api/people", `{"email":"new@example.org"}`), 201).(object)
	invited := made["person"].(object)["id"].(string)
	for path, data := range map[string]object{
		"/api/people": made,
		"password":    wantGood(t, c.asRoot.JSON("POST", "/api/people/"+c.ada.ID+"/password-link", ""), 201).(object),
		"invitation":  wantGood(t, c.asRoot.JSON("POST", "/api/people/"+invited+"/invitation", ""), 201).(object),
	} {
		if url := data["url"].(string); !whole.MatchString(url) {
			t.Errorf("%s: %q", path, url)
		}
	}
}

// TestUnknownParameters: below /api/ a parameter that is none is refused by its name, for the answer would
// be to another question; the original's routes pass over it.
func TestUnknownParameters(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	for _, path := range []string{"/api/people?stat=disabled", "/api/people?q=a&stat=", "/api/account?stat", "/api/people/" + c.ada.ID + "?stat=1"} {
		a := c.asRoot.JSON("GET", path, "")
		if wantBad(t, a, 400); !strings.Contains(a.Body, `\"stat\" is no parameter`) {
			t.Errorf("%s: %s", path, a.Body)
		}
	}
	secret := "violet otter"
	if a := c.asRoot.JSON("GET", "/api/people?"+url.QueryEscape(secret), ""); a.Status != 400 || strings.Contains(a.Body, secret) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	wantGood(t, c.asRoot.JSON("GET", "/api/people?q=a&role=admin&state=active&group=x&limit=3&after=", ""), 200)
	wantGood(t, c.asRoot.JSON("GET", "/logs?stat=1", ""), 200)
}
