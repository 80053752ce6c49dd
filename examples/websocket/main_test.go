package main

import (
	"net/http"
	"testing"

	"github.com/coder/websocket"

	"github.com/doorbook/doorbook/examples/internal/browser"
	"github.com/doorbook/doorbook/session"
)

func TestStory(t *testing.T) { browser.Story(t, site(browser.Sessions(t, session.Config{}))) }

func dial(t *testing.T, b *browser.Browser, origin string) (*websocket.Conn, int) {
	t.Helper()
	conn, answer, err := websocket.Dial(t.Context(), b.URL+"/echo", &websocket.DialOptions{
		HTTPClient: b.Client,
		HTTPHeader: http.Header{"Origin": {origin}},
	})
	if err != nil && answer == nil {
		t.Fatal(err)
	}
	return conn, answer.StatusCode
}

func TestRefused(t *testing.T) {
	b := browser.New(t, site(browser.Sessions(t, session.Config{})))
	if _, status := dial(t, b, b.URL); status != http.StatusUnauthorized {
		t.Errorf("a stranger got %d", status)
	}
	b.Post("/login", "name", "Ada")
	if _, status := dial(t, b, "https://elsewhere.example"); status != http.StatusForbidden {
		t.Errorf("another site got %d", status)
	}
}

// TestEnd signs out in another tab while a connection is open.
func TestEnd(t *testing.T) {
	b := browser.New(t, site(browser.Sessions(t, session.Config{})))
	b.Post("/login", "name", "Ada")
	conn, status := dial(t, b, b.URL)
	if status != http.StatusSwitchingProtocols {
		t.Fatalf("got %d", status)
	}
	defer conn.CloseNow()
	if err := conn.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, message, err := conn.Read(t.Context()); err != nil || string(message) != "hello" {
		t.Fatalf("got %q, %v", message, err)
	}

	b.Post("/logout")
	if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != sessionEnded {
		t.Errorf("the connection ends with %v", err)
	}
}
