package web_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// devicePaths are the addresses of a page's forms that end in a word, of the sessions in their order.
func devicePaths(a *sitetest.Answer, word string) (list []string) {
	for _, m := range regexp.MustCompile(`action="(/account/sessions/[0-9a-f]{24}/`+word+`)"`).FindAllStringSubmatch(a.Body, -1) {
		list = append(list, m[1])
	}
	return list
}

// TestNamingADevice: by a form, whose mistakes are told beside what was typed; the name takes the
// place of what the browser says of itself.
func TestNamingADevice(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	v := s.SignedIn(ada)
	s.SignedIn(ada)
	page := v.Get("/account/sessions")
	wantPage(t, page, 200, "Was it you?", "Yes, name it")
	to := devicePaths(page, "name")
	if len(to) != 2 {
		t.Fatalf("%d forms: %v", len(to), to)
	}
	for _, bad := range []string{strings.Repeat("x", 41), "a\u202eb"} {
		a := v.Post(to[1], url.Values{"name": {bad}})
		wantPage(t, a, 422, "The name ")
		if got, _ := value(a, "name"); got == bad { // of this device, whose own form is as it was
			t.Error("what was typed stands at another device")
		}
		if !strings.Contains(html.UnescapeString(a.Body), `value="`+bad+`"`) || !strings.Contains(a.Body, "<details open>") {
			t.Error("what was typed is not there, or out of sight")
		}
	}
	const name = `"><b>the kitchen</b>`
	wantRedirect(t, v.Post(to[1], url.Values{"name": {" " + name + " "}}), "/account/sessions")
	page = v.Get("/account/sessions")
	wantPage(t, page, 200, "Unknown browser is now called ", "Sign out <bdi>"+name+"</bdi>", "Change its name")
	if strings.Contains(page.Body, "Was it you?") || strings.Contains(page.Body, "<b>the kitchen") {
		t.Error("it is still asked about, or its name is HTML")
	}
	wantRedirect(t, v.Post(to[1], url.Values{"name": {""}}), "/account/sessions")
	wantPage(t, v.Get("/account/sessions"), 200, "Unknown browser has no name any more.", "Was it you?")
	wantRedirect(t, v.Post("/account/sessions/65f0c0de0000000000000001/name", url.Values{"name": {"x"}}), "/account/sessions")
}

// TestEndedOnThePage: what has ended moves there, with when, why and by whom.
func TestEndedOnThePage(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	v := s.SignedIn(ada)
	if page := v.Get("/account/sessions"); strings.Contains(page.Body, "Ended in the last 30 days") {
		t.Error("a list of nothing")
	}
	s.SignedIn(ada)
	wantRedirect(t, v.Post(devicePaths(v.Get("/account/sessions"), "end")[1], nil), "/account/sessions")
	page := v.Get("/account/sessions")
	wantPage(t, page, 200, "You are signed in only here.", "Ended in the last 30 days", ": signed out from another session by", "<bdi>you</bdi>")
	if flash := regexp.MustCompile(`<p class="flash"[^>]*>`).FindString(page.Body); !strings.Contains(flash, "autofocus") || !strings.Contains(flash, `role="status"`) {
		t.Errorf("the message: %s", flash)
	}
}

// TestManyEnded: the page does not grow with them.
func TestManyEnded(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	v := s.SignedIn(ada)
	for range 60 {
		s.SignedIn(ada).Post("/auth/logout", nil)
	}
	page := v.Get("/account/sessions")
	wantPage(t, page, 200, "These are the newest 50; there are others before them.")
	if n := strings.Count(page.Body, "signed out there"); n != 50 {
		t.Errorf("%d are shown", n)
	}
}
