package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestWayToPeople: the navigation leads admins to the page of people if there is one, and nobody
// else.
func TestWayToPeople(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	admin, member := s.SignedIn(s.Developer("Root", account.Admin)), s.SignedIn(s.Developer("Ada", account.Member))
	there := admin.Get("/people").Status != http.StatusNotFound
	const way = `<a href="/people">People</a>`
	if strings.Contains(admin.Get("/").Body, way) != there {
		t.Errorf("the page is there: %v, and the way to it is not so", there)
	}
	for name, v := range map[string]*sitetest.Visitor{"a member": member, "a stranger": s.Visitor()} {
		for _, path := range []string{"/", "/login", "/nothing/here"} {
			if strings.Contains(v.Get(path).Body, way) {
				t.Errorf("%s is led to people from %s", name, path)
			}
		}
	}
}

// TestNamesInMessages: a name that somebody has chosen stands apart from the message it is in.
func TestNamesInMessages(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	v := s.SignedIn(ada)
	s.SignedIn(ada)
	const name = "המחשב של שרה"
	v.Get("/account/sessions")
	wantRedirect(t, v.Post(devicePaths(v.Get("/account/sessions"), "name")[1], url.Values{"name": {name}}), "/account/sessions")
	a := v.Get("/account/sessions")
	wantPage(t, a, 200, "is now called <bdi>"+name+"</bdi>.")
	wantRedirect(t, v.Post(devicePaths(a, "end")[1], nil), "/account/sessions")
	wantPage(t, v.Get("/account/sessions"), 200, "<bdi>"+name+"</bdi> is signed out.")
}
