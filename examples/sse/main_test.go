package main

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/examples/internal/browser"
	"github.com/doorbook/doorbook/session"
)

func TestStory(t *testing.T) { browser.Story(t, site(browser.Sessions(t, session.Config{}))) }

func TestStranger(t *testing.T) {
	b := browser.New(t, site(browser.Sessions(t, session.Config{})))
	if p := b.Get("/events"); p.Status != http.StatusUnauthorized {
		t.Errorf("got %d %q", p.Status, p.Body)
	}
}

// TestEnd signs out in another tab while a stream is open.
func TestEnd(t *testing.T) {
	b := browser.New(t, site(browser.Sessions(t, session.Config{})))
	b.Post("/login", "name", "Ada")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := b.Client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	lines := bufio.NewScanner(answer.Body)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "data: ") {
		t.Fatalf("the stream begins with %q", lines.Text())
	}

	b.Post("/logout")
	last := ""
	for lines.Scan() {
		if lines.Text() != "" {
			last = lines.Text()
		}
	}
	if last != "data: please sign in" { // an open session has the stream go on for ever
		t.Errorf("the last line was %q", last)
	}
}
