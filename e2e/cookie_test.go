package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestPublicURL: the address that people use decides the names and protection of cookies, and
// whether browsers are told to insist on TLS.
func TestPublicURL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		url    string
		env    string
		cookie string
		hsts   bool
	}{
		{"", "", "__Host-session", false},
		{"https://door.example.org", "", "__Host-session", true},
		{"https://door.example.org:8443/", "", "__Host-session", true},
		{"HTTPS://door.example.org", "", "__Host-session", true},
		{"http://localhost:8080", "", "__Host-session", false},
		{"http://127.0.0.1", "", "__Host-session", false},
		{"http://[::1]:8080", "", "__Host-session", false},
		{"http://10.0.0.7:8080", "", "session", false},
		{"http://localhost.example.org", "", "session", false},
		{"", "DOORBOOK_COOKIE_SECURE=never", "session", false},
	} {
		t.Run(tt.url+tt.env, func(t *testing.T) {
			t.Parallel()
			env := []string{"DOORBOOK_PUBLIC_URL=" + tt.url}
			if tt.env != "" {
				env = append(env, tt.env)
			}
			s := rig.Start(t, rig.Options{Addr: rig.FreeAddr(t), Env: env})
			c := s.Admin()
			secure := tt.cookie == "__Host-session"
			if said := strings.Contains(s.Stdout(), "NOT Secure"); said == secure {
				t.Errorf("the start says: %s", s.Stdout())
			}
			names := map[string]bool{}
			for _, k := range c.Received() {
				names[k.Name] = true
				if k.Secure != secure || !k.HttpOnly || k.SameSite != http.SameSiteLaxMode || k.Path != "/" || k.Domain != "" ||
					strings.HasPrefix(k.Name, "__Host-") != secure {
					t.Errorf("cookie %s", k)
				}
			}
			if !names[tt.cookie] || len(names) != 3 {
				t.Errorf("cookies %v, want %s, one for forms and one for the device", names, tt.cookie)
			}
			a := c.Get("/")
			if got := a.Header.Get("Strict-Transport-Security"); (got != "") != tt.hsts {
				t.Errorf("Strict-Transport-Security %q", got)
			}
			// The cookie is taken back in the way it was given.
			out := c.SignOut()
			for _, k := range c.Received() {
				if k.Name == tt.cookie && k.MaxAge < 0 && (k.Secure != secure || k.Path != "/" || !k.HttpOnly) {
					t.Errorf("taken back as %s", k)
				}
			}
			if out.Status != 303 {
				t.Errorf("sign out: %d", out.Status)
			}
			if tt.hsts {
				if a := c.Send("GET", "/login", "", http.Header{"X-Forwarded-Proto": {"http"}}); a.Header.Get("Strict-Transport-Security") == "" {
					t.Error("a header of a stranger turns HSTS off")
				}
			}
		})
	}
}

// TestForgedCookies: a session key is good as it was given and in no other form, and of two cookies
// of that name none is believed.
func TestForgedCookies(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	ada := s.Admin()
	bob := s.Member("Bob", "bob@example.org")
	good, other := ada.Cookie(sessionCookie), bob.Cookie(sessionCookie)
	flip := func(s string, i int) string {
		b := []byte(s)
		if b[i] == 'A' {
			b[i] = 'B'
		} else {
			b[i] = 'A'
		}
		return string(b)
	}
	swap := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 32
		case r >= 'A' && r <= 'Z':
			return r + 32
		}
		return r
	}, good)
	cookie := func(v string) string { return sessionCookie + "=" + v }
	for name, header := range map[string]string{
		"cut":               cookie(good[:len(good)-1]),
		"longer":            cookie(good + "A"),
		"first changed":     cookie(flip(good, 0)),
		"middle changed":    cookie(flip(good, len(good)/2)),
		"last changed":      cookie(flip(good, len(good)-1)),
		"case":              cookie(swap),
		"padded":            cookie(good + "="),
		"percent":           cookie("%" + fmt.Sprintf("%x", good[0]) + good[1:]),
		"quoted":            cookie(`"`+good+`" `) + "x",
		"spliced":           cookie(good[:16] + other[16:]),
		"path":              cookie("../" + good),
		"not UTF-8":         cookie("\xff\xfe" + good),
		"long":              cookie(strings.Repeat("A", 16<<10)),
		"empty":             cookie(""),
		"another name":      "session=" + good,
		"lower case":        "__host-session=" + good,
		"two, other first":  cookie(other) + "; " + cookie(good),
		"two, other second": cookie(good) + "; " + cookie(other),
		"made up":           cookie(strings.Repeat("A", len(good))),
	} {
		c := s.Client()
		a := c.Send("GET", "/logs", "", http.Header{"Cookie": {header}})
		if a.Status != 401 && a.Status != 431 {
			t.Errorf("%s: status %d", name, a.Status)
		}
	}
	// Elsewhere it is nothing.
	for name, send := range map[string]func(c *rig.Client) rig.Answer{
		"query": func(c *rig.Client) rig.Answer {
			return c.Get("/logs?session=" + good + "&" + sessionCookie + "=" + good)
		},
		"bearer": func(c *rig.Client) rig.Answer {
			return c.Send("GET", "/logs", "", http.Header{"Authorization": {"Bearer " + good}})
		},
		"header": func(c *rig.Client) rig.Answer { return c.Send("GET", "/logs", "", http.Header{"X-Session": {good}}) },
	} {
		if a := send(s.Client()); a.Status != 401 {
			t.Errorf("in the %s: status %d", name, a.Status)
		}
	}
	if a := ada.Get("/logs"); a.Status != 200 {
		t.Errorf("the good one: %d", a.Status)
	}
	// Fixation: an invented session is never taken on.
	c := s.Client()
	c.SetCookie(sessionCookie, strings.Repeat("A", len(good)))
	c.SignIn("bob@example.org", rig.Password)
	if got := c.Cookie(sessionCookie); got == strings.Repeat("A", len(good)) || len(got) != len(good) {
		t.Errorf("signed in with the session %q", got)
	}
	// What is stolen from the database signs nobody in: it does not hold the key.
	s.NoTrace(t, "the session", []string{good, other, good[16:], other[16:]})
}

// TestStrangersLeaveNothing: who only looks has no session, neither in a cookie nor in the
// database.
func TestStrangersLeaveNothing(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	for range 30 {
		c := s.Client()
		for _, path := range []string{"/", "/login", "/register", "/nothing", "/logs"} {
			c.Get(path)
		}
		if c.Cookie(sessionCookie) != "" {
			t.Fatal("a stranger got a session")
		}
	}
	for _, table := range s.Query(t, "doorbook.db", "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '%session%'") {
		if got := s.Query(t, "doorbook.db", "SELECT count(*) FROM "+table); got[0] != "0" {
			t.Errorf("%s has %s rows", table, got[0])
		}
	}
}

// TestCookieBombs: no number or size of cookies and headers makes the program fall over, slow or
// fat.
func TestCookieBombs(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	s.Client().Get("/login")
	before := s.RSS()
	var many, headers strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&many, "c%d=%d; ", i, i)
	}
	for i := range 10_000 {
		fmt.Fprintf(&headers, "X-H-%d: %d\r\n", i, i)
	}
	for name, header := range map[string]string{
		"4,000 cookies":        "Cookie: " + many.String() + "a=b\r\n",
		"one of 900 kB":        "Cookie: a=" + strings.Repeat("x", 900<<10) + "\r\n",
		"the session of 28 kB": "Cookie: " + sessionCookie + "=" + strings.Repeat("x", 28<<10) + "\r\n",
		"10,000 headers":       headers.String(),
		"3,000 small cookies":  "Cookie: " + strings.Repeat("a=b; ", 3000) + "\r\n",
	} {
		begun := s.CPU()
		answer := s.Raw("GET /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + header + "\r\n")
		if worked := s.CPU() - begun; worked > 2*time.Second {
			t.Errorf("%s: the program worked %s", name, worked)
		}
		status, _, _ := strings.Cut(answer, "\r\n")
		if !strings.Contains(status, " 200 ") && !strings.Contains(status, " 400 ") && !strings.Contains(status, " 431 ") && answer != "" {
			t.Errorf("%s: %s", name, status)
		}
		if strings.Contains(answer, "goroutine") || strings.Contains(answer, ".go:") {
			t.Errorf("%s: the answer tells of the inside: %s", name, answer)
		}
		if a := s.Client().Get("/login"); a.Status != 200 {
			t.Errorf("after %s: %d", name, a.Status)
		}
	}
	if grown := s.RSS() - before; grown > 20<<20 {
		t.Errorf("memory grew by %d MiB", grown>>20)
	}
}
