package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestTokensPage: a token is made with a form, shown in that answer and in no other, listed, and
// ended. Guard: web.makeToken.
func TestTokensPage(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	v := s.SignedIn(s.Developer("Ada", account.Member))
	if a := v.Get("/account/tokens"); a.Status != 200 || !strings.Contains(a.Body, "You have no tokens.") {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	form := url.Values{"name": {"<b>deploy</b>"}, "read": {"yes"}, "write": {"yes"}, "applications": {"yes"}, "days": {"7"}}
	made := v.Post("/account/tokens", form)
	at := strings.Index(made.Body, "dbk_")
	if made.Status != 200 || at < 0 || !strings.Contains(made.Body, "only this once") {
		t.Fatalf("%d %s", made.Status, made.Body)
	}
	text := made.Body[at : at+37]
	if a := s.Visitor().Do("GET", "/api/tokens", "", "Authorization", "Bearer "+text); a.Status != 200 {
		t.Errorf("it does not let in: %d", a.Status)
	}
	list := v.Get("/account/tokens")
	for _, want := range []string{"&lt;b&gt;deploy&lt;/b&gt;", "may read, write, pass to applications", "last used"} {
		if !strings.Contains(list.Body, want) {
			t.Errorf("the list has no %q", want)
		}
	}
	if strings.Contains(list.Body, text) || strings.Contains(v.Get("/").Body, text) {
		t.Error("the token is shown again")
	}
	_, after, _ := strings.Cut(list.Body, `action="/account/tokens/`)
	id, _, _ := strings.Cut(after, "/end")
	for _, want := range []string{"has ended.", "had ended already"} {
		if a := v.Post("/account/tokens/"+id+"/end", nil); a.Location() != "/account/tokens" {
			t.Errorf("%d to %s", a.Status, a.Location())
		}
		if a := v.Get("/account/tokens"); !strings.Contains(a.Body, want) || !strings.Contains(a.Body, "Ended in the last 30 days") {
			t.Errorf("no %q: %s", want, a.Body)
		}
	}
	if a := s.Visitor().Do("GET", "/api/tokens", "", "Authorization", "Bearer "+text); a.Status != 401 {
		t.Errorf("it lets in: %d", a.Status)
	}
}

// TestTokenForm: what is wrong stands beside its field, and what was typed is kept, but the
// password.
func TestTokenForm(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	v := s.SignedIn(s.Developer("Ada", account.Member))
	a := v.Post("/account/tokens", url.Values{"name": {"deploy"}, "days": {"many"}})
	for _, want := range []string{"Choose what the token may do.", "1 to 365 days", `value="deploy"`, `href="#read"`, "Error: "} {
		if a.Status != 422 || !strings.Contains(a.Body, want) {
			t.Errorf("%d, no %q: %s", a.Status, want, a.Body)
		}
	}
	s.Clock.Turn(11 * time.Minute)
	if a := v.Get("/account/tokens/new"); !strings.Contains(a.Body, "current_password") {
		t.Error("the password is not asked for")
	}
	if _, group, _ := strings.Cut(a.Body, `class="field" data-wrong`); strings.Count(strings.SplitN(group, "</fieldset>", 2)[0], `type="checkbox"`) != 3 {
		t.Error("what is wrong does not stand beside all three boxes")
	}
	a = v.Post("/account/tokens", url.Values{"name": {"deploy"}, "read": {"yes"}, "days": {"7"}, "current_password": {"not the right one"}})
	for _, want := range []string{"The current password is not right.", `value="deploy"`, `value="yes" checked`} {
		if a.Status != 422 || !strings.Contains(a.Body, want) {
			t.Errorf("%d, no %q: %s", a.Status, want, a.Body)
		}
	}
	if strings.Contains(a.Body, "not the right one") {
		t.Error("the password is shown again")
	}
}
