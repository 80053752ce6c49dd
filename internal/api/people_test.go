package api_test

import (
	"regexp"
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
