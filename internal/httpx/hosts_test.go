package httpx_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// inHouse is a site with a public URL, a setting of names, and a machine's name.
func inHouse(t *testing.T, changes ...func(*server.Parts)) *sitetest.Site {
	t.Helper()
	return sitetest.New(t, append([]func(*server.Parts){func(p *server.Parts) {
		p.URL, p.Hosts = "https://door.example.org", []string{"intra.example.net", "xn--bcher-kva.example", "Machine.example.com"}
	}}, changes...)...)
}

func asking(s *sitetest.Site, host, address string, headers ...string) *sitetest.Answer {
	r := httptest.NewRequest(http.MethodGet, address, nil)
	r.Host, r.RemoteAddr = host, "192.0.2.1:50000"
	r.Header.Set("Accept", "text/html")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return s.Visitor().Send(r)
}

// TestHosts: nobody is locked out on their own network, and no name that anybody can point here is
// served (P16).
func TestHosts(t *testing.T) {
	t.Parallel()
	s := inHouse(t)
	for _, host := range []string{
		"door.example.org", "Door.Example.ORG:443", "door.example.org.", "door.example.org:8080", "intra.example.net", "xn--bcher-kva.example:1",
		"machine.example.com", "localhost", "localhost:8080", "LOCALHOST.", "a.localhost:9090", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:8080",
		"192.168.1.7:8080", "10.0.0.1", "203.0.113.9", "[2001:db8::7]:8080", "[::ffff:10.0.0.1]", "[fe80::1%25eth0]:80", "nas", "NAS:8080", "my_app",
		"nas.local", "nas.fritz.local:1", "door.lan", "door.home.arpa", "metadata.internal", "door.internal.",
	} {
		if a := asking(s, host, "/login"); a.Status != http.StatusOK {
			t.Errorf("%s: %d", host, a.Status)
		}
	}
	refused := []string{
		"", "evil.test", "evil.test:8080", "xdoor.example.org", "a.door.example.org", "door.example.org.evil.test", "example.org", "localhost.evil.test",
		"127.0.0.1.evil.test", "127.0.0.1.nip.io", "192.168.1.256", "1.2.3.4.5", "evil.test:80.local", "localhost:x", "evil.notlocal", ".local", "..local", ".",
		"nas.local@evil.test", "evil.test#.local", "evil.test/.local", "[::1", "[::1]evil.test", "[evil.test]", "[127.0.0.1]", "::1", "[::1]:x", "evil.test\\.lan", "a..lan",
		"b\u00fccher.example", "home.arpa", "evil.homearpa", "internal.evil.test",
	}
	for _, host := range refused {
		for _, address := range []string{"/login", "/", "/nowhere", "/static/x.css", "/logs", "//a/../login"} {
			a := asking(s, host, address)
			if a.Status != http.StatusMisdirectedRequest || len(a.Sent) > 0 || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%q %s: %d, cookies %v", host, address, a.Status, a.Sent)
			}
		}
		for _, address := range []string{"/healthz", "/readyz"} {
			if a := asking(s, host, address); a.Status != http.StatusOK {
				t.Errorf("%q %s: %d", host, address, a.Status)
			}
		}
	}
}

// TestUnknownHost: whoever asks under a name that is not served learns which name came and what to
// do, and the operator too. Guard: hosts.go, Edge.served.
func TestUnknownHost(t *testing.T) {
	t.Parallel()
	s := inHouse(t)
	a := asking(s, "evil.test:8080", "/logs/secret?x=y")
	for _, part := range []string{"evil.test:8080", "proxy_set_header Host $http_host;", "DOORBOOK_HOSTS=", "evil.test</bdi>"} {
		if !strings.Contains(a.Body, part) {
			t.Errorf("the page does not say %q:\n%s", part, a.Body)
		}
	}
	e := entryOf(t, s, a)
	if e.Status != http.StatusMisdirectedRequest || e.URL != "//evil.test:8080/logs/{id}?[redacted]" || e.User != "" {
		t.Errorf("entered as %+v", e)
	}
	hostile := `<script>alert(1)</script>"'` + "\u202e" + strings.Repeat("x", 5000)
	a = asking(s, hostile, "/")
	if a.Status != http.StatusMisdirectedRequest || strings.Contains(a.Body, "<script>") || strings.Contains(a.Body, "\u202e") || len(a.Body) > 6000 {
		t.Errorf("%d of %d bytes:\n%.3000s", a.Status, len(a.Body), a.Body)
	}
	if e := entryOf(t, s, a); len(e.URL) > 300 {
		t.Errorf("the entry has %d bytes", len(e.URL))
	}
	if n := strings.Count(s.Log.String(), "--hosts"); n != 1 || len(s.Log.String()) > 2000 {
		t.Errorf("it is logged %d times: %s", n, s.Log)
	}
	r := httptest.NewRequest(http.MethodGet, "/logs", nil)
	r.Host = "evil.test"
	r.Header.Set("Accept", "application/json")
	if a = s.Visitor().Send(r); a.Status != http.StatusMisdirectedRequest || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/json") {
		t.Errorf("a program gets %d %s", a.Status, a.Header.Get("Content-Type"))
	}
	if list := s.Activities(book.ActionCrossOriginRefused); len(list) > 0 {
		t.Errorf("told besides: %+v", list)
	}
}

// TestForwardedHost: what a proxy says counts if the proxy is trusted, and in place of the Host that
// it sends itself.
func TestForwardedHost(t *testing.T) {
	t.Parallel()
	proxies, err := httpx.ParseProxies("192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	behind := inHouse(t, func(p *server.Parts) { p.Proxies = proxies })
	open := inHouse(t)
	for _, c := range []struct {
		host, said     string
		behind, direct int
	}{
		{"backend.example", "door.example.org", 200, 421},
		{"backend.example", "door.example.org, inner:8080", 200, 421},
		{"backend.example", "evil.test", 421, 421},
		{"door.example.org", "evil.test", 421, 200},
		{"backend", "evil.test, door.example.org", 421, 200},
		{"backend", "door.example.org, evil.test", 421, 200}, // the first by a page of evil.test, the second by the proxy
		{"backend.example", "", 421, 421},
		{"backend", "", 200, 200},
	} {
		if a := asking(behind, c.host, "/login", "X-Forwarded-Host", c.said); a.Status != c.behind {
			t.Errorf("%s, %q by a proxy: %d, want %d", c.host, c.said, a.Status, c.behind)
		}
		if a := asking(open, c.host, "/login", "X-Forwarded-Host", c.said); a.Status != c.direct {
			t.Errorf("%s, %q by a stranger: %d, want %d", c.host, c.said, a.Status, c.direct)
		}
	}
}

// TestOrigins: a form is ours if it comes from the public URL or from where the request went (P17).
func TestOrigins(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		public, host, origin string
		want                 int
	}{
		{"http://door.example.org", "door.example.org", "http://door.example.org", 303},
		{"http://door.example.org", "10.0.0.7:9999", "http://door.example.org", 303},
		{"http://door.example.org", "door.example.org:80", "http://door.example.org", 303},
		{"http://door.example.org", "Door.example.org", "http://door.example.org", 303},
		{"http://door.example.org", "door.example.org", "http://door.example.org:80", 303},
		{"http://door.example.org", "door.example.org", "https://door.example.org", 403},
		{"https://door.example.org", "door.example.org", "http://door.example.org", 403},
		{"https://door.example.org", "door.example.org:443", "https://door.example.org", 303},
		{"https://door.example.org", "nas.local:8080", "http://nas.local:8080", 303},
		{"https://door.example.org", "nas.local", "https://nas.local", 303},
		{"https://door.example.org", "nas.local:8080", "http://nas.local", 403},
		{"https://door.example.org", "nas.local", "http://other.local", 403},
		{"https://door.example.org", "[2001:db8::7]:8080", "http://[2001:db8::7]:8080", 303},
		{"https://door.example.org", "evil.test", "http://evil.test", 421},
		{"https://door.example.org", "door.example.org", "null", 403},
		{"https://door.example.org", "door.example.org", "https://door.example.org.evil.test", 403},
		{"https://door.example.org", "door.example.org", "https://evil.door.example.org", 403},
		{"https://door.example.org", "door.example.org", "https://door.example.org/", 403},
		{"https://door.example.org", "door.example.org", "ftp://door.example.org", 403},
		{"https://door.example.org", "door.example.org", "door.example.org", 403},
	} {
		t.Run(c.public+" "+c.host+" "+c.origin, func(t *testing.T) {
			t.Parallel()
			s := sitetest.New(t, func(p *server.Parts) { p.URL = c.public })
			ada := s.Developer("Ada", "member")
			r := httptest.NewRequest(http.MethodPost, "/auth/login", strings.NewReader(credentials(ada.Email).Encode()))
			r.Host = c.host
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", c.origin)
			if a := s.Visitor().Send(r); a.Status != c.want || (a.Status == 403) != strings.Contains(a.Body, "sets DOORBOOK_PUBLIC_URL to") {
				t.Errorf("%d, want %d: %s", a.Status, c.want, a.Body)
			}
		})
	}
}

// TestFormTokenOnlyWhereNeeded: what proves the origin makes a token needless; what does not prove
// it does not. Guard: admit.go, Edge.readable.
func TestFormTokenOnlyWhereNeeded(t *testing.T) {
	t.Parallel()
	c := newCast(t)
	const kind = "application/x-www-form-urlencoded"
	for name, h := range map[string]struct {
		headers []string
		want    int
	}{
		"same-origin":            {[]string{"Sec-Fetch-Site", "same-origin"}, 303},
		"Origin":                 {[]string{"Origin", sitetest.URL}, 303},
		"both":                   {[]string{"Sec-Fetch-Site", "same-origin", "Origin", sitetest.URL}, 303},
		"nothing":                {nil, 403},
		"empty":                  {[]string{"Sec-Fetch-Site", "", "Origin", ""}, 403},
		"none":                   {[]string{"Sec-Fetch-Site", "none"}, 403},
		"only a referer":         {[]string{"Referer", sitetest.URL + "/login"}, 403},
		"two of the first":       {[]string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Site", "cross-site"}, 403},
		"two of the second":      {[]string{"Origin", sitetest.URL, "Origin", "https://evil.test"}, 403},
		"another spelling of it": {[]string{"Sec-Fetch-Site", "Same-Origin"}, 403},
	} {
		form := url.Values{"email": {c.ada.Email}, "password": {sitetest.Password}}
		if a := c.Visitor().Do("POST", "/auth/login", form.Encode(), append(h.headers, "Content-Type", kind)...); a.Status != h.want {
			t.Errorf("%s: %d, want %d", name, a.Status, h.want)
		}
	}
}
