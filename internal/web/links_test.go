package web_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestLinkAsSomebodyElse: who opens a one-time link while they are signed in is told that using it
// signs them out, and then it does; who is invited is greeted all the same. Guard: linkPage,
// door.UseLink, door.begin.
func TestLinkAsSomebodyElse(t *testing.T) {
	t.Parallel()
	const signsOut = "You are signed in as <bdi>Ada</bdi>. Taking this account signs you out here."
	s := sitetest.New(t)
	root := s.SignedIn(s.Developer("Root", account.Admin))
	ada, bob := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)
	made := func(a *sitetest.Answer) string {
		t.Helper()
		link := linkForm.FindStringSubmatch(a.Body)
		if link == nil {
			t.Fatalf("no link: %d %s", a.Status, a.Body)
		}
		return link[1]
	}
	passwordLink := func(d account.Developer) string {
		t.Helper()
		return made(root.Post("/people/"+d.ID+"/password-link", nil))
	}
	invitation := made(root.Post("/invite", url.Values{"email": {"zoe@example.org"}}))
	if a := s.Visitor().Get(invitation); strings.Contains(a.Body, "You are signed in as") {
		t.Error("a stranger is told that they are signed in")
	}

	v := s.SignedIn(ada)
	wantPage(t, v.Get(invitation), 200, signsOut)
	wantPage(t, v.Post(invitation, url.Values{"name": {"Zoë"}, "password": {"short"}}), 422, signsOut)
	wantRedirect(t, v.Post(invitation, url.Values{"name": {"Zoë"}, "password": {sitetest.Password}}), "/")
	wantPage(t, v.Get("/"), 200, "Welcome Zoë", "Your account is ready, and you are signed in.")

	v, link := s.SignedIn(ada), passwordLink(bob)
	wantPage(t, v.Get(link), 200, signsOut)
	wantRedirect(t, v.Post(link, url.Values{"password": {"another one, as long as that"}}), "/login")
	wantPage(t, v.Get("/login"), 200, "Your new password is set.")

	v, link = s.SignedIn(ada), passwordLink(ada) // their own
	if a := v.Get(link); strings.Contains(a.Body, "You are signed in as") {
		t.Error("their own link says that it is somebody else's")
	}
	wantRedirect(t, v.Post(link, url.Values{"password": {"another one, as long as that"}}), "/login")
	wantPage(t, v.Get("/login"), 200, "Your new password is set. You are signed out everywhere")
}
