package httpx_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// questioned is a site that a proxy at 192.0.2.1 asks about two applications: the wiki, with rules,
// and one of every other host.
func questioned(t *testing.T, changes ...func(*server.Parts)) *sitetest.Site {
	t.Helper()
	g := &gate.Gate{
		Apps: []gate.App{{
			Name: "Wiki", Host: "localhost", Origin: sitetest.URL,
			Rules: []gate.Rule{{Who: gate.SignedIn, Basic: true}},
		}, {
			Name: "Away", Host: "away.example.org", Origin: "https://away.example.org:8443", Rules: gate.Everybody(),
		}, {Name: "Rest", Rules: []gate.Rule{{Who: gate.Nobody}}}},
		Identity: gate.Identity{Names: gate.DefaultNames()},
		Contact:  "it@example.org",
	}
	return sitetest.New(t, func(p *server.Parts) {
		p.URL, p.Gate, p.Proxies = sitetest.URL+pages, func() *gate.Gate { return g }, proxiesOf(t, "192.0.2.1")
		for _, change := range changes {
			change(p)
		}
	})
}

func proxiesOf(t *testing.T, list string) httpx.Proxies {
	t.Helper()
	p, err := httpx.ParseProxies(list)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ways are the two dialects: how each asks about a request, and what the status of an answer that
// leads a person elsewhere is.
var ways = []struct {
	name  string
	leave int
	ask   func(v *sitetest.Visitor, method, host, target string, headers ...string) *sitetest.Answer
}{
	{"forward", 303, func(v *sitetest.Visitor, method, host, target string, headers ...string) *sitetest.Answer {
		return v.Do("GET", pages+"/forward?"+query(target), "", append(headers, "Host", "127.0.0.1:8080", "X-Forwarded-For", "198.51.100.7",
			"X-Forwarded-Method", method, "X-Forwarded-Proto", "https", "X-Forwarded-Host", host, "X-Forwarded-Uri", target)...)
	}},
	{"auth-request", 401, func(v *sitetest.Visitor, method, host, target string, headers ...string) *sitetest.Answer {
		return v.Do("GET", pages+"/auth-request", "", append(headers, "Host", "doorbook", "X-Forwarded-For", "198.51.100.7",
			"X-Original-Method", method, "X-Original-Url", "https://"+host+target)...)
	}},
}

// query is that of a target, which Caddy appends to the endpoint's address.
func query(target string) string { _, q, _ := strings.Cut(target, "?"); return q }

// TestR2: what becomes of a question, in each dialect.
func TestR2(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			s := questioned(t)
			ada := s.Developer("Ada", account.Member)
			in := s.SignedInAt(pages, ada)
			stranger := s.Visitor()
			const host, page = sitetest.Host, "/a%2Fb?q=1&x=%zz;"
			const login = sitetest.URL + pages + "/login?next=%2Fa%252Fb%3Fq%3D1%26x%3D%25zz%3B"

			a := way.ask(stranger, "GET", host, page, "Sec-Fetch-Mode", "navigate")
			if a.Status != way.leave || a.Location() != login {
				t.Errorf("a person: %d to %q, want %d to %q", a.Status, a.Location(), way.leave, login)
			}
			if e := entryOf(t, s, a); e.Application != "Wiki" || e.Host != host || e.Method != "GET" || e.User != "" || !strings.HasPrefix(e.URL, "/a%2Fb?") {
				t.Errorf("entered as %+v", e)
			}
			a = way.ask(stranger, "GET", host, page, "Sec-Fetch-Mode", "cors", "Accept", "text/html")
			if a.Status != 401 || a.Location() != "" || !strings.HasPrefix(a.Body, `{"status":false`) || a.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("a script: %d to %q, %v", a.Status, a.Location(), a.Header)
			}
			a = way.ask(stranger, "GET", host, "/favicon.ico", "Accept", "text/html")
			if a.Status != 401 || a.Location() != "" {
				t.Errorf("the icon: %d to %q", a.Status, a.Location())
			}

			a = way.ask(in, "DELETE", host, page, "Authorization", "Bearer theirs", "Cookie", "a=1; __Host-doorbook-x=y; b=2")
			h := a.Header
			if a.Status != 200 || h.Get("Remote-User") != ada.ID || h.Get("Remote-Email") != ada.Email || h.Get("X-Request-Id") == "" ||
				h.Get("Authorization") != "Bearer theirs" || h.Get("Cookie") != "a=1; b=2" ||
				h.Get("Cache-Control") != "no-store" || len(a.Sent) > 0 || a.Body != "" {
				t.Errorf("signed in: %d %v %q", a.Status, h, a.Body)
			}
			if e := entryOf(t, s, a); e.Application != "Wiki" || e.Method != "DELETE" || e.User != ada.ID || e.ClientAddr != "198.51.100.7" || e.Rule == "" {
				t.Errorf("entered as %+v", e)
			}
			a = way.ask(stranger, "GET", host, page, "Authorization", "Bearer "+s.Token(ada, account.ScopeApplications).Text)
			if lines, ok := a.Header["Authorization"]; a.Status != 200 || a.Header.Get("Remote-User") != ada.ID || !ok || lines[0] != "" {
				t.Errorf("a token: %d %v", a.Status, a.Header)
			}

			// A session of home is none under another host (R6), however the proxy itself asks.
			a = way.ask(in, "GET", "away.example.org", "/x", "Sec-Fetch-Mode", "navigate")
			if want := "https://away.example.org:8443" + pages + "/login?next=%2Fx"; a.Status != way.leave || a.Location() != want {
				t.Errorf("under another host: %d to %q, want %q", a.Status, a.Location(), want)
			}
			a = way.ask(in, "GET", "rest.internal", "/x", "Sec-Fetch-Mode", "navigate")
			if a.Status != 403 || a.Location() != "" || a.Header.Get("Remote-User") != "" || (way.leave == 303) != strings.Contains(a.Body, "<h1") ||
				!strings.Contains(a.Body, "it@example.org") || len(a.Sent) > 0 {
				t.Errorf("not theirs: %d %v, cookies %v, %.300s", a.Status, a.Header, a.Sent, a.Body)
			}
		})
	}
}

// TestAskHostile: a WebSocket that a page of another site began is refused, as where we pass requests
// on; and so is a question about a name under which nothing is served, which a visitor has made up.
func TestAskHostile(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		s := questioned(t)
		ada := s.Developer("Ada", account.Member)
		in := s.SignedInAt(pages, ada)
		key := map[bool]string{true: "Sec-WebSocket-Key", false: "Sec-WebSocket-Version"}[way.leave == 303]
		for origin, want := range map[string]int{
			sitetest.URL: 200, "https://away.example.org:8443": 403, "http://localhost.evil.example": 403, "null": 403, "": 403,
		} {
			headers := []string{key, "dGhlIHNhbXBsZSBub25jZQ=="}
			if origin != "" {
				headers = append(headers, "Origin", origin)
			}
			a := way.ask(in, "GET", sitetest.Host, "/socket", headers...)
			if a.Status != want || (want == 200) != (a.Header.Get("Remote-User") == ada.ID) {
				t.Errorf("%s, a WebSocket of %q: %d %v", way.name, origin, a.Status, a.Header)
			}
		}
		token := "Bearer " + s.Token(ada, account.ScopeApplications).Text
		if a := way.ask(s.Visitor(), "GET", sitetest.Host, "/socket", key, "x", "Authorization", token); a.Status != 200 {
			t.Errorf("%s, a program's WebSocket: %d", way.name, a.Status)
		}
		if a := way.ask(in, "GET", "evil.example", "/x", "Sec-Fetch-Mode", "navigate"); a.Status != 421 || a.Location() != "" {
			t.Errorf("%s, of a name made up: %d to %q", way.name, a.Status, a.Location())
		}
	}
}

// TestR8Always: a stranger whom a rule lets pass is told as nobody, in headers that are there.
func TestR8Always(t *testing.T) {
	t.Parallel()
	g := &gate.Gate{
		Apps:     []gate.App{{Name: "Wiki", Rules: []gate.Rule{{Who: gate.SignedIn}}}},
		Identity: gate.Identity{Names: gate.DefaultNames()},
	}
	h := http.Header{}
	c := gate.Carry{Identity: &g.Identity}
	c.Tell(h, http.Header{"Remote-User": {"mallory"}}, func(string) bool { return false })
	for _, name := range []string{"Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups", "Cookie", "Authorization"} {
		if lines, ok := h[name]; !ok || len(lines) != 1 || lines[0] != "" {
			t.Errorf("%s: %q", name, lines)
		}
	}
}

// TestR1Endpoint: a question that cannot be read is refused, by name in the answer and in the log,
// and stands in no book; so is one about a name that has no application, or about our own pages.
func TestR1Endpoint(t *testing.T) {
	t.Parallel()
	s := questioned(t)
	in := s.SignedInAt(pages, s.Developer("Ada", account.Member))
	before := len(s.Entries(book.Request))
	for _, c := range []struct {
		path, says string
		status     int
		headers    []string
	}{
		{"/forward", "X-Forwarded-Method is missing", 400, nil},
		{"/forward", "X-Forwarded-Method is missing", 400, []string{"X-Original-Method", "GET", "X-Original-Url", "https://localhost/"}},
		{"/forward", "X-Forwarded-Uri came more than once", 400, []string{
			"X-Forwarded-Method", "GET", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "localhost", "X-Forwarded-Uri", "/a", "X-Forwarded-Uri", "/b",
		}},
		{"/auth-request", "X-Original-Url cannot be read", 400, []string{"X-Original-Method", "GET", "X-Original-Url", "/"}},
		{"/auth-request", "no application", 421, []string{"X-Original-Method", "GET", "X-Original-Url", "https://a..b/"}},
		{"/auth-request", "Doorbook's own", 421, []string{"X-Original-Method", "GET", "X-Original-Url", "https://localhost/.doorbook/login"}},
	} {
		for range 2 {
			a := in.Do("GET", pages+c.path, "", append([]string{"Accept", "application/json"}, c.headers...)...)
			if a.Status != c.status || !strings.Contains(a.Body, c.says) || a.Header.Get("Remote-User") != "" {
				t.Errorf("%s %q: %d %s", c.path, c.headers, a.Status, a.Body)
			}
		}
		if !strings.Contains(s.Log.String(), c.says) {
			t.Errorf("the log does not say %q: %s", c.says, s.Log.String())
		}
	}
	if n := strings.Count(s.Log.String(), "X-Forwarded-Method is missing"); n != 1 {
		t.Errorf("logged %d times", n)
	}
	if n := len(s.Entries(book.Request)); n != before {
		t.Errorf("%d entries more", n-before)
	}
}

// TestR10: only a trusted proxy may ask; the log says which setting names one.
func TestR10(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		s := questioned(t)
		in := s.SignedInAt(pages, s.Developer("Ada", account.Member))
		in.Addr = "192.0.2.2"
		a := way.ask(in, "GET", "localhost", "/x", "Sec-Fetch-Mode", "navigate")
		if a.Status != 403 || a.Header.Get("Remote-User") != "" || !strings.Contains(s.Log.String(), "--trusted-proxies") {
			t.Errorf("%s: %d %v, logged %s", way.name, a.Status, a.Header, s.Log.String())
		}
	}
	for _, way := range ways { // by default nobody is
		s := questioned(t, func(p *server.Parts) { p.Proxies = nil })
		if a := way.ask(s.SignedInAt(pages, s.Developer("Ada", account.Member)), "GET", "localhost", "/x"); a.Status != 403 {
			t.Errorf("%s, nobody named: %d", way.name, a.Status)
		}
	}
}

// TestR2Shut: with the accounts' database away a question is answered with 503, and names nobody.
func TestR2Shut(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		faults := &sitetest.Faults{}
		s := questioned(t, func(p *server.Parts) { faults.Wrap(p) })
		in := s.SignedInAt(pages, s.Developer("Ada", account.Member))
		if a := way.ask(in, "GET", "localhost", "/x"); a.Status != 200 {
			t.Fatalf("%s, before: %d", way.name, a.Status)
		}
		faults.Plan(1, -1, sitetest.Error)
		if a := way.ask(in, "GET", "localhost", "/x", "Sec-Fetch-Mode", "navigate"); a.Status != 503 || a.Header.Get("Remote-User") != "" {
			t.Errorf("%s: %d %v", way.name, a.Status, a.Header)
		}
		faults.Plan(0, 0, "")
	}
}

// TestR2RefusedPage: the page that nginx shows in place of its own, to people; programs are told.
func TestR2RefusedPage(t *testing.T) {
	t.Parallel()
	s := questioned(t)
	in := s.SignedInAt(pages, s.Developer("Ada", account.Member))
	a := in.Get(pages+"/refused", "Host", "localhost")
	if a.Status != 403 || !strings.Contains(a.Body, "Wiki") || !strings.Contains(a.Body, "it@example.org") || !strings.Contains(a.Body, "<bdi>Wiki</bdi> is not for you") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	a = in.Do("GET", pages+"/refused", "", "Host", "localhost", "Sec-Fetch-Mode", "cors")
	if a.Status != 403 || !strings.HasPrefix(a.Body, `{"status":false`) {
		t.Errorf("a script: %d %s", a.Status, a.Body)
	}
	const id = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" // which stands in the book, as the proxy was told
	for _, c := range []struct {
		from, id string
		quoted   bool
	}{{"192.0.2.1", id, true}, {"198.51.100.7", id, false}, {"192.0.2.1", "of my own choice, to be sent", false}} {
		in.Addr = c.from
		a := in.Get(pages+"/refused", "Host", "localhost", "X-Request-Id", c.id)
		if quoted := strings.Contains(a.Body, "quote this request: <code>"+c.id+"<"); quoted != c.quoted || (a.Header.Get("X-Request-Id") == c.id) != c.quoted {
			t.Errorf("%q from %s: it is quoted: %v; %v", c.id, c.from, quoted, a.Header)
		}
	}
}
