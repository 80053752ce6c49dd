package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/examples/internal/browser"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/sessiontest"
)

func TestStory(t *testing.T) { browser.Story(t, site(browser.Sessions(t, session.Config{}))) }

// TestCookie looks whether the session is saved and its cookie set whatever way echo answers, an
// error returned included.
func TestCookie(t *testing.T) {
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{"/visits", `{"visits":1}`, http.StatusOK},
		{"/countdown", "data: 3\n\ndata: 2\n\ndata: 1", http.StatusOK},
		{"/broken", `{"message":"no coffee"}`, http.StatusTeapot},
	} {
		b := browser.New(t, site(browser.Sessions(t, session.Config{})))
		p := b.Get(c.path)
		if p.Status != c.status || strings.TrimSpace(p.Body) != c.body || len(b.Cookies()) != 1 {
			t.Errorf("%s: %d %q and cookies %v", c.path, p.Status, p.Body, b.Cookies())
		}
	}
}

// TestPanic looks that a handler that panicked saved nothing, though echo writes the error page
// afterwards.
func TestPanic(t *testing.T) {
	b := browser.New(t, site(browser.Sessions(t, session.Config{})))
	if p := b.Get("/panic"); p.Status != http.StatusInternalServerError || len(b.Cookies()) != 0 {
		t.Errorf("got %d %q and cookies %v", p.Status, p.Body, b.Cookies())
	}
}

// TestFailClosed looks that nothing of an answer is sent whose session could not be saved, whatever
// way echo answers.
func TestFailClosed(t *testing.T) {
	for _, path := range []string{"/visits", "/countdown", "/broken"} {
		store := sessiontest.Fault(memstore.New(memstore.Config{}), sessiontest.Plan{Call: 1, For: -1})
		b := browser.New(t, site(browser.Sessions(t, session.Config{Home: session.Home{Store: store}})))
		p := b.Get(path)
		if p.Status != http.StatusServiceUnavailable || p.Body != "Service Unavailable\n" || len(b.Cookies()) != 0 {
			t.Errorf("%s: %d %q and cookies %v", path, p.Status, p.Body, b.Cookies())
		}
	}
}
