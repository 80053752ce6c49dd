package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/examples/internal/browser"
	"github.com/doorbook/doorbook/session"
)

func TestStory(t *testing.T) { browser.Story(t, site(browser.Sessions(t, session.Config{}))) }

// TestPrivatePage asks for a private page as a browser does, and as a program.
func TestPrivatePage(t *testing.T) {
	b := browser.New(t, site(browser.Sessions(t, session.Config{})))
	if p := b.Get("/private/diary"); p.Status != http.StatusUnauthorized {
		t.Errorf("a program got %d %q", p.Status, p.Body)
	}
	r, err := http.NewRequest(http.MethodGet, b.URL+"/private/diary", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if p := b.Do(r); p.Status != http.StatusOK || p.Body != loginPage {
		t.Errorf("a stranger's browser got %d %q", p.Status, p.Body)
	}
	if p := b.Post("/login?next=%2Fprivate%2Fdiary", "name", "Ada"); !strings.Contains(p.Body, `"diary" of "Ada"`) {
		t.Errorf("after the sign-in: %d %q", p.Status, p.Body)
	}
	if p := b.Post("/login?next=%2F%2Felsewhere.example", "name", "Ada"); p.Body != "Hello \"Ada\"\n" {
		t.Errorf("the way elsewhere led to %d %q", p.Status, p.Body)
	}
}
