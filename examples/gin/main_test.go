package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/doorbook/doorbook/examples/internal/browser"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/sessiontest"
)

func TestStory(t *testing.T) { browser.Story(t, site(browser.Sessions(t, session.Config{}))) }

// TestCookie looks whether the session is saved and its cookie set whatever way gin answers.
func TestCookie(t *testing.T) {
	for _, c := range []struct {
		path, body string
		status     int
	}{
		{"/visits", `{"visits":1}`, http.StatusOK},
		{"/countdown", "event:message\ndata:3\n\nevent:message\ndata:2\n\nevent:message\ndata:1", http.StatusOK},
		{"/nothing", "", http.StatusNoContent},
		{"/broken", `{"message":"no coffee"}`, http.StatusTeapot},
	} {
		b := browser.New(t, site(browser.Sessions(t, session.Config{})))
		p := b.Get(c.path)
		if p.Status != c.status || strings.TrimSpace(p.Body) != c.body || len(b.Cookies()) != 1 {
			t.Errorf("%s: %d %q and cookies %v", c.path, p.Status, p.Body, b.Cookies())
		}
	}
}

// TestPanic looks that a handler that panicked saved nothing, though gin.Recovery is inside of the
// sessions.
func TestPanic(t *testing.T) {
	b := browser.New(t, site(browser.Sessions(t, session.Config{})))
	if p := b.Get("/panic"); p.Status != http.StatusInternalServerError || len(b.Cookies()) != 0 {
		t.Errorf("got %d %q and cookies %v", p.Status, p.Body, b.Cookies())
	}
}

// TestFailClosed looks that nothing of an answer is sent whose session could not be saved, whatever
// way gin answers.
func TestFailClosed(t *testing.T) {
	for _, path := range []string{"/visits", "/countdown", "/nothing", "/broken"} {
		store := sessiontest.Fault(memstore.New(memstore.Config{}), sessiontest.Plan{Call: 1, For: -1})
		b := browser.New(t, site(browser.Sessions(t, session.Config{Home: session.Home{Store: store}})))
		p := b.Get(path)
		if p.Status != http.StatusServiceUnavailable || p.Body != "Service Unavailable\n" || len(b.Cookies()) != 0 {
			t.Errorf("%s: %d %q and cookies %v", path, p.Status, p.Body, b.Cookies())
		}
	}
}

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	gin.DefaultErrorWriter = io.Discard
	m.Run()
}
