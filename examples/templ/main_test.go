package main

import (
	"strings"
	"testing"

	"github.com/doorbook/doorbook/examples/internal/browser"
	"github.com/doorbook/doorbook/session"
)

func TestStory(t *testing.T) { browser.Story(t, site(browser.Sessions(t, session.Config{}))) }

func TestPage(t *testing.T) {
	b := browser.New(t, site(browser.Sessions(t, session.Config{})))
	first := b.Post("/login", "name", "<Ada>").Body
	if !strings.Contains(first, `<p class="success">Welcome back</p>`) || !strings.Contains(first, "Hello &lt;Ada&gt;") {
		t.Errorf("after the sign-in: %s", first)
	}
	second := b.Get("/").Body
	if strings.Contains(second, "Welcome back") || !strings.Contains(second, "Hello &lt;Ada&gt;") {
		t.Errorf("the next page: %s", second)
	}
}
