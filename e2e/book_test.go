package e2e_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestWhatTheBookHolds: each request is entered once with what happened to it, but for files and
// health checks.
func TestWhatTheBookHolds(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	ada := s.Admin()
	for _, path := range []string{"/healthz", "/readyz", "/static/none.css"} {
		if a := ada.Get(path); len(s.Query(t, "book.db", "SELECT url FROM entries WHERE request_id = ?", a.RequestID())) != 0 {
			t.Errorf("%s is in the book", path)
		}
	}
	if got := s.Query(t, "book.db", "SELECT url FROM entries WHERE url LIKE '/healthz%' OR url LIKE '/readyz%' OR url LIKE '/static%'"); len(got) != 0 {
		t.Errorf("in the book: %q", got)
	}
	a := ada.Get("/?page=2")
	for _, e := range entries(t, ada, "&type=request") {
		if e.RequestID != a.RequestID() {
			continue
		}
		if e.Method != "GET" || e.Status != 200 || e.ClientAddr != "127.0.0.1" || e.UserName != "Ada Lovelace" || e.User == "" || !strings.HasPrefix(e.URL, "/") {
			t.Errorf("entry %+v", e)
		}
		// Hidden by an administrator it is listed no more, and activities stay.
		if a := ada.JSON("PUT", "/logs/"+e.ID+"/", nil); a.Status != 200 {
			t.Errorf("hide: %d", a.Status)
		}
		if a := ada.JSON("PUT", "/logs/"+e.ID+"/", nil); a.Status != 404 {
			t.Errorf("hide twice: %d", a.Status)
		}
		for _, again := range entries(t, ada, "") {
			if again.ID == e.ID {
				t.Error("a hidden entry is listed")
			}
		}
	}
	activity := entries(t, ada, "&type=activity")[0]
	if a := ada.JSON("DELETE", "/logs/"+activity.ID, nil); a.Status != 409 {
		t.Errorf("delete the activity %s: %d, want 409", activity.Action, a.Status)
	}
}

// TestMembersSeeTheirOwn: no list, page or change shows or touches what is somebody else's.
func TestMembersSeeTheirOwn(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	ada := s.Admin()
	bob, cyd := s.Member("Bob", "bob@example.org"), s.Member("Cyd", "cyd@example.org")
	me, other := self(t, bob).ID, self(t, cyd).ID
	for _, query := range []string{"", "&type=request", "&type=activity", "&user=" + other} {
		for _, e := range entries(t, bob, query) {
			if e.User != me {
				t.Errorf("%s: Bob sees %+v", query, e)
			}
		}
	}
	for _, d := range developers(t, bob) {
		if d.ID != me && (d.Email != "" || d.Role != "") {
			t.Errorf("Bob sees of another %+v", d)
		}
	}
	for _, a := range []rig.Answer{
		bob.JSON("PATCH", "/developers/"+other, map[string]any{"name": "Eve"}),
		bob.JSON("DELETE", "/developers/"+other, nil),
		bob.JSON("PATCH", "/developers/"+me, map[string]any{"role": "admin"}),
		bob.JSON("PATCH", "/developers/"+me, map[string]any{"disabled": false}),
		bob.JSON("PUT", "/logs/"+entries(t, ada, "")[0].ID+"/", nil),
		bob.JSON("DELETE", "/logs/"+entries(t, ada, "")[0].ID, nil),
	} {
		if a.Status != 403 {
			t.Errorf("%d %s, want 403", a.Status, a.Body)
		}
	}
	for _, body := range []map[string]any{{"is_admin": true}, {"name": "B", "password_hash": "x"}, {"_id": other}} {
		if a := bob.JSON("PATCH", "/developers/"+me, body); a.Status < 400 {
			t.Errorf("%v: %d", body, a.Status)
		}
	}
	for _, c := range []*rig.Client{ada, bob} {
		for _, path := range []string{"/developers", "/logs", "/"} {
			if body := c.Get(path).Body; strings.Contains(body, "argon2") || strings.Contains(body, "password_hash") {
				t.Errorf("%s gives out a password hash", path)
			}
		}
	}
	// Disabled or removed, they are out at once.
	if a := ada.JSON("PATCH", "/developers/"+me, map[string]any{"disabled": true}); a.Status != 200 {
		t.Errorf("disable: %d", a.Status)
	}
	if a := bob.Get("/logs"); a.Status != 401 {
		t.Errorf("a disabled member: %d", a.Status)
	}
	if a := ada.JSON("DELETE", "/developers/"+other, nil); a.Status != 200 {
		t.Errorf("remove: %d", a.Status)
	}
	if a := cyd.Get("/logs"); a.Status != 401 {
		t.Errorf("a removed member: %d", a.Status)
	}
}

// TestHostileEntries: what strangers put into the book stands on the dashboard as text, and does
// not break it.
func TestHostileEntries(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	ada := s.Admin()
	payloads := []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</code></table><svg onload=alert(1)>`, `javascript:alert(1)`,
		`{{7*7}}`, `<a id=config>`, "\u2028\u2029", `+ADw-script+AD4-alert(1)`, "\x1b[2J\u202Egnirts", "\n2026-01-01 INFO login ok", `\x00`, strings.Repeat("W", 400),
		`{"level":"error"}`, "\xff\xfe",
	}
	for _, p := range payloads {
		s.Client().Form("/login", "/auth/login", rig.Fields("email", p, "password", p))
	}
	a := ada.JSON("POST", "/developers", map[string]any{"name": `<b>"Eve"</b>`, "email": "eve@example.org", "password": rig.Password})
	if a.Status != 201 {
		t.Fatalf("an odd name: %d %s", a.Status, a.Body)
	}
	eve := s.Client()
	eve.SignIn("eve@example.org", rig.Password)

	p := rig.NewBrowser(t).Page(s, true)
	p.Open("/login")
	p.Type("email", "ada@example.org")
	p.Type("password", rig.Password)
	p.Click("button.primary")
	eve.Get("/")
	s.Raw("<script>alert(1)</script> / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	s.Raw("ALERT!#$%&'*+-.^_`|~1 / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	for _, p := range payloads {
		s.Client().Send("GET", "/"+url.PathEscape(p)+"?"+url.QueryEscape(p)+"="+url.QueryEscape(p), "", http.Header{
			"User-Agent": {strings.Map(visible, p)}, "Referer": {strings.Map(visible, p)},
		})
	}
	p.Open("/")
	if n := p.Count("main img, main script, main svg[onload], main a[id=config], main b b, main [onerror]"); n != 0 {
		t.Errorf("%d elements made of what strangers sent", n)
	}
	if text := p.Text(); !strings.Contains(text, "<script>alert(1)</script>") || !strings.Contains(text, `<b>"Eve"</b>`) {
		t.Errorf("the payload does not stand there as text: %s", text)
	}
	for _, look := range looks() {
		p.Look(look)
		p.Fits("hostile entries, " + look.Name)
		p.Shoot("dashboard-hostile-" + look.Name)
	}
	for _, line := range strings.Split(strings.TrimSpace(s.Stderr()), "\n") {
		if line != "" && !strings.HasPrefix(line, `{"time":`) {
			t.Errorf("a line of the log that the program did not write: %q", line)
		}
	}
}

// visible keeps what a header may hold.
func visible(r rune) rune {
	if r < ' ' || r > '~' {
		return '?'
	}
	return r
}
