package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestHeadersOnEveryAnswer provokes every status the program gives, in HTML and in JSON: each has a
// request id, which its entry in the book has too, and the headers that keep browsers and caches in
// check.
func TestHeadersOnEveryAnswer(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_TRUSTED_PROXIES=127.0.0.1"}})
	ada := s.Admin()
	bob := s.Member("Bob", "bob@example.org")
	jsonType := http.Header{"Content-Type": {"application/json"}}
	visitor := func() *rig.Client { return s.Client().From("192.0.2.1") }
	login := func(c *rig.Client, h http.Header) rig.Answer {
		token := rig.FormToken(c.Get("/login").Body)
		header := rig.URLEncoded()
		for k, v := range h {
			header[k] = v
		}
		return c.Send("POST", "/auth/login", rig.Fields("csrf_token", token, "email", "nobody@example.org", "password", "x").Encode(), header)
	}
	throttled := func(h http.Header) rig.Answer {
		for range 10 {
			if a := login(s.Client().From("192.0.2.2"), h); a.Status == 429 {
				return a
			}
		}
		return rig.Answer{}
	}
	asJSON := http.Header{"Accept": {"application/json"}}
	for _, tt := range []struct {
		name   string
		status int
		json   bool
		answer rig.Answer
	}{
		{"page", 200, false, visitor().Get("/login")},
		{"dashboard", 200, false, ada.Get("/")},
		{"JSON", 200, true, ada.Get("/developers")},
		{"created", 201, true, ada.JSON("POST", "/developers", map[string]any{"name": "C", "email": "c@example.org", "password": rig.Password})},
		{"to the door", 303, false, visitor().Get("/")},
		{"signed in", 303, false, visitor().SignIn("bob@example.org", rig.Password)},
		{"malformed form", 400, false, visitor().Send("POST", "/auth/login", "%zz", rig.URLEncoded())},
		{"malformed JSON", 400, true, ada.Send("POST", "/developers", "{", jsonType)},
		{"JSON without session", 401, true, visitor().Get("/logs")},
		{"wrong password in JSON", 401, true, login(visitor(), asJSON)},
		{"without token", 403, false, visitor().Send("POST", "/auth/login", "a=b", rig.URLEncoded())},
		{"not for members", 403, true, bob.JSON("POST", "/developers", map[string]any{})},
		{"nothing", 404, false, visitor().Get("/nothing")},
		{"nothing in JSON", 404, true, ada.JSON("PATCH", "/developers/"+strings.Repeat("0", 24), map[string]any{})},
		{"nothing static", 404, false, visitor().Get("/static/nothing.css")},
		{"method", 405, false, visitor().Send("POST", "/login", "", nil)},
		{"method in JSON", 405, true, ada.Send("PATCH", "/logs", "", nil)},
		{"large form", 413, false, visitor().Send("POST", "/auth/login", "a="+strings.Repeat("x", 70<<10), rig.URLEncoded())},
		{"large JSON", 413, true, ada.Send("POST", "/developers", `{"name":"`+strings.Repeat("x", 70<<10)+`"}`, jsonType)},
		{"type", 415, false, visitor().Send("POST", "/auth/login", "x", http.Header{"Content-Type": {"text/plain"}})},
		{"type in JSON", 415, true, ada.Send("POST", "/developers", "x", http.Header{"Content-Type": {"text/plain"}})},
		{"wrong password", 422, false, login(visitor(), nil)},
		{"rules in JSON", 422, true, ada.Send("POST", "/developers", `{"name":1}`, jsonType)},
		{"throttled", 429, false, throttled(nil)},
		{"throttled in JSON", 429, true, throttled(asJSON)},
		{"health", 200, false, visitor().Get("/healthz")},
		{"ready", 200, false, visitor().Get("/readyz")},
	} {
		checkHeaders(t, tt.name, tt.status, tt.json, tt.answer)
		if tt.name == "health" || tt.name == "ready" || strings.HasSuffix(tt.name, "static") {
			continue
		}
		got := s.Query(t, "book.db", "SELECT status FROM entries WHERE request_id = ? AND type = 'request'", tt.answer.RequestID())
		if len(got) != 1 || got[0] != fmt.Sprint(tt.status) {
			t.Errorf("%s: statuses of its entry %v, want %d once", tt.name, got, tt.status)
		}
	}
}

func checkHeaders(t *testing.T, name string, status int, inJSON bool, a rig.Answer) {
	t.Helper()
	if a.Status != status {
		t.Errorf("%s: status %d, want %d", name, a.Status, status)
		return
	}
	for header, want := range map[string]string{
		"X-Content-Type-Options":     "nosniff",
		"X-Frame-Options":            "DENY",
		"Referrer-Policy":            "same-origin",
		"Cross-Origin-Opener-Policy": "same-origin",
	} {
		if got := a.Header.Values(header); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %s %q, want %q", name, header, got, want)
		}
	}
	csp := a.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") ||
		!strings.Contains(csp, "base-uri 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("%s: Content-Security-Policy %q", name, csp)
	}
	if len(a.RequestID()) < 20 {
		t.Errorf("%s: X-Request-Id %q", name, a.RequestID())
	}
	if h := a.Header; h.Get("Server") != "" || h.Get("X-Powered-By") != "" || h.Get("Access-Control-Allow-Origin") != "" || h.Get("Strict-Transport-Security") != "" {
		t.Errorf("%s: headers that should not be there: %v", name, h)
	}
	if got := a.Header.Get("Cache-Control"); got != "no-store" && status != 303 {
		t.Errorf("%s: Cache-Control %q", name, got)
	}
	if status == 429 || status == 503 {
		if a.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", name)
		}
	}
	if status == 405 && a.Header.Get("Allow") == "" {
		t.Errorf("%s: no Allow", name)
	}
	if a.Body == "" {
		return
	}
	kind := a.Header.Get("Content-Type")
	if !strings.HasSuffix(kind, "; charset=utf-8") {
		t.Errorf("%s: Content-Type %q", name, kind)
	}
	if inJSON != strings.HasPrefix(kind, "application/json") {
		t.Errorf("%s: answered as %s", name, kind)
	}
	if inJSON {
		var envelope struct {
			Status bool
			Error  string
		}
		if err := json.Unmarshal([]byte(a.Body), &envelope); err != nil || envelope.Status != (status < 300) || (envelope.Error == "") != envelope.Status {
			t.Errorf("%s: not the envelope: %s", name, a.Body)
		}
	}
}

// TestStatic: the pages' own files may be kept for ever under their names with a hash, and are of
// the right type.
func TestStatic(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	c := s.Client()
	page := c.Get("/login").Body
	found := 0
	for part := range strings.SplitSeq(page, `"`) {
		if !strings.HasPrefix(part, "/static/") {
			continue
		}
		found++
		a := c.Get(part)
		kind := a.Header.Get("Content-Type")
		if a.Status != 200 || !strings.Contains(a.Header.Get("Cache-Control"), "immutable") || a.Header.Get("Set-Cookie") != "" ||
			!(strings.HasPrefix(kind, "text/css") || strings.HasPrefix(kind, "text/javascript") || strings.HasPrefix(kind, "image/svg+xml")) {
			t.Errorf("%s: %d %v", part, a.Status, a.Header)
		}
		if head := c.Send("HEAD", part, "", nil); head.Status != 200 || head.Body != "" {
			t.Errorf("HEAD %s: %d", part, head.Status)
		}
	}
	if found != 3 {
		t.Errorf("%d files on the page, want 3", found)
	}
	for _, path := range []string{"/static/", "/static", "/static/../secret.key", "/static/%2e%2e/secret.key", "/static//etc/passwd", "/static/app.css/"} {
		if a := c.Get(path); a.Status == 200 {
			t.Errorf("%s: 200", path)
		}
	}
}
