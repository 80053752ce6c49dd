package main

import (
	"net/http"
	"testing"

	"github.com/doorbook/doorbook/examples/internal/browser"
)

func program(t *testing.T) http.Handler {
	t.Helper()
	public, admin, err := newSessions([]byte("for tests only: 6gTzL0wQe1XyKp9v"), []byte("for tests only: Wq83hZk5RbT7mNc2"))
	if err != nil {
		t.Fatal(err)
	}
	return site(public, admin)
}

func TestStory(t *testing.T) { browser.Story(t, program(t)) }

func TestBoth(t *testing.T) {
	b := browser.New(t, program(t))
	for _, step := range []struct{ post, name, site, admin string }{
		{"/login", "Ada", "Visitor \"Ada\"\n", "Administrator \"\", visitor \"Ada\"\n"},
		{"/admin/login", "Grace", "Visitor \"Ada\"\n", "Administrator \"Grace\", visitor \"Ada\"\n"},
		{"/logout", "", "Visitor \"\"\n", "Administrator \"Grace\", visitor \"\"\n"},
		{"/login", "Ada", "Visitor \"Ada\"\n", "Administrator \"Grace\", visitor \"Ada\"\n"},
		{"/admin/logout", "", "Visitor \"Ada\"\n", "Administrator \"\", visitor \"Ada\"\n"},
	} {
		b.Post(step.post, "name", step.name)
		if site, admin := b.Get("/").Body, b.Get("/admin/").Body; site != step.site || admin != step.admin {
			t.Errorf("after %s: %q and %q", step.post, site, admin)
		}
	}
}

// TestSwapped gives the visitor's cookie the administrator's name.
func TestSwapped(t *testing.T) {
	b := browser.New(t, program(t))
	b.Post("/login", "name", "Ada")
	cookies := b.Cookies()
	cookies[0].Name = "__Host-admin"
	b.Forget()
	b.Present(cookies)
	if p := b.Get("/admin/"); p.Body != "Administrator \"\", visitor \"\"\n" {
		t.Errorf("got %d %q", p.Status, p.Body)
	}
}
