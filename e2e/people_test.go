package e2e_test

import (
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/doorbook/doorbook/e2e/rig"
)

// sessionCookie is the name of the session's cookie on this machine.
const (
	sessionCookie = "__Host-session"
	deviceCookie  = "__Host-device"
)

// developer is a line of GET /developers.
type developer struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Role     string `json:"role"`
	Disabled bool   `json:"disabled"`
}

// entry is a line of GET /logs.
type entry struct {
	ID         string    `json:"id"`
	Type       string    `json:"type"`
	URL        string    `json:"url"`
	Method     string    `json:"http_method"`
	Body       string    `json:"body"`
	Status     int       `json:"status"`
	ClientAddr string    `json:"client_addr"`
	User       string    `json:"user"`
	UserName   string    `json:"user_name"`
	CreatedAt  time.Time `json:"created_at"`
	RequestID  string    `json:"request_id"`
	Action     string    `json:"action"`
}

// developers lists everybody, as the client sees them.
func developers(t *testing.T, c *rig.Client) []developer {
	t.Helper()
	return rig.Data[[]developer](t, c.Get("/developers?limit=200"))
}

// self is who the client is signed in as: the one whose address they are shown, or an
// administrator's own.
func self(t *testing.T, c *rig.Client) developer {
	t.Helper()
	for _, d := range developers(t, c) {
		if d.Email != "" {
			return d
		}
	}
	t.Fatal("the client is not among the developers")
	return developer{}
}

// entries lists the newest entries that the client may see.
func entries(t *testing.T, c *rig.Client, query string) []entry {
	t.Helper()
	return rig.Data[[]entry](t, c.Open("/logs?limit=200"+query)) // beside an application a program would bring a token
}

// nextPage is where a list goes on.
func nextPage(body string) string {
	var page struct{ Next string }
	_ = json.Unmarshal([]byte(body), &page)
	return page.Next
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}
