package httpx_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// crawl asks for every route, and for what is no route, as a stranger and as an admin, and gives
// all answers by name.
func crawl(t *testing.T, c *cast) map[string]*sitetest.Answer {
	t.Helper()
	answers := map[string]*sitetest.Answer{}
	for who, v := range map[string]*sitetest.Visitor{"stranger": c.Visitor(), "admin": c.SignedIn(c.root)} {
		for _, route := range httpx.Routes() {
			if !strings.HasSuffix(route.Pattern, "/logout") {
				answers[who+" "+route.Pattern] = c.ask(t, v, route, c.ada, "text/html")
			}
		}
		css := regexp.MustCompile(`/static/[0-9a-f]+/app\.css`).FindString(v.Get("/login").Body + v.Get("/").Body)
		for name, a := range map[string]*sitetest.Answer{
			"404":         v.Get("/nowhere"),
			"404 JSON":    v.Do("GET", "/nowhere", "", "Accept", "application/json"),
			"405":         v.Do("DELETE", "/login", ""),
			"413":         v.JSON("POST", "/developers", `{"name":"`+strings.Repeat("x", httpx.DefaultMaxBody)+`"}`),
			"415":         v.Do("POST", "/developers", "x", "Content-Type", "text/plain"),
			"403":         v.Do("POST", "/auth/login", "x=y", "Sec-Fetch-Site", "cross-site"),
			"redirect":    v.Get("/static"),
			"cleaned":     v.Get("/x/../login"),
			"stylesheet":  v.Get(css),
			"bad cookie":  v.Do("GET", "/", "", "Cookie", "__Host-session=nonsense"),
			"HEAD":        v.Do("HEAD", "/login", ""),
			"OPTIONS":     v.Do("OPTIONS", "/developers", ""),
			"asterisk":    asterisk(v),
			"CONNECT":     v.Do("CONNECT", "/developers", ""),
			"bad query":   v.Get("/logs?%zz"),
			"bad path id": v.JSON("PATCH", "/developers/nonsense", `{}`),
		} {
			answers[who+" "+name] = a
		}
	}
	return answers
}

func asterisk(v *sitetest.Visitor) *sitetest.Answer {
	r := httptest.NewRequest(http.MethodOptions, "/", nil)
	r.RequestURI, r.URL.Path = "*", "*"
	return v.Send(r)
}

// TestHeaders: every answer carries the headers of ASVS V3.4 and a request id of its own, whatever
// it is an answer to.
func TestHeaders(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, a := range crawl(t, newCast(t)) {
		h := a.Header
		for header, want := range map[string]string{
			"X-Content-Type-Options":     "nosniff",
			"X-Frame-Options":            "DENY",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security": "", // not over plain http (RFC 6797 §7.2)
			"Server":                    "", "X-Powered-By": "", "Access-Control-Allow-Origin": "",
		} {
			if got := h.Get(header); got != want {
				t.Errorf("%s (%d): %s is %q, want %q", name, a.Status, header, got, want)
			}
		}
		csp := h.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: the policy has no %s: %q", name, part, csp)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") || strings.Contains(csp, "http") {
			t.Errorf("%s: policy %q", name, csp)
		}
		if json := strings.HasPrefix(h.Get("Content-Type"), "application/json"); json != strings.Contains(csp, "sandbox") {
			t.Errorf("%s: %s under the policy %q", name, h.Get("Content-Type"), csp)
		}
		if p := h.Get("Referrer-Policy"); p != "same-origin" && p != "no-referrer" {
			t.Errorf("%s: Referrer-Policy %q", name, p)
		}
		id := h.Get("X-Request-Id")
		if len(id) < 22 || seen[id] != "" {
			t.Errorf("%s: request id %q, seen at %q", name, id, seen[id])
		}
		seen[id] = name
		for header, values := range h {
			if len(values) != 1 && header != "Set-Cookie" && header != "Vary" {
				t.Errorf("%s: %s comes %d times", name, header, len(values))
			}
		}
	}
}

// TestCaching: what names somebody or sets a cookie is kept by no cache, and what looked at the
// session says so.
func TestCaching(t *testing.T) {
	t.Parallel()
	for name, a := range crawl(t, newCast(t)) {
		control, vary := a.Header.Get("Cache-Control"), a.Header.Values("Vary")
		named := strings.Contains(a.Body, "Root") || strings.Contains(a.Body, "@example.org")
		if (named || len(a.Sent) > 0) && control != "no-store" {
			t.Errorf("%s: Cache-Control %q", name, control)
		}
		same := len(vary) == 1 && vary[0] == "Accept-Encoding" // whoever asks, in one coding or another
		if strings.Contains(control, "public") && (len(a.Sent) > 0 || !same || !strings.HasSuffix(name, "stylesheet")) {
			t.Errorf("%s: kept by everybody, with Vary %q and cookies %v", name, vary, a.Sent)
		}
		if strings.HasSuffix(name, "stylesheet") && (a.Status != 200 || !strings.Contains(control, "immutable")) {
			t.Errorf("%s: status %d, Cache-Control %q", name, a.Status, control)
		}
		if strings.Contains(name, "GET /{$}") || strings.Contains(name, "GET /login") || strings.Contains(name, "GET /logs") {
			if !strings.Contains(strings.Join(vary, ","), "Cookie") {
				t.Errorf("%s: Vary %q", name, vary)
			}
		}
	}
}

// TestCookies: attributes of every cookie that is ever set, and of its removal.
func TestCookies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*server.Parts)
		want   *regexp.Regexp
	}{
		{"secure", func(*server.Parts) {}, regexp.MustCompile(`^__Host-(session|form-[0-9a-f]{8}|device)=[\w-]*; Path=/; (Max-Age=\d+; )?HttpOnly; Secure; SameSite=Lax$`)},
		{"plain", func(p *server.Parts) { p.Secure = false }, regexp.MustCompile(`^(session|form-[0-9a-f]{8}|device)=[\w-]*; Path=/; (Max-Age=\d+; )?HttpOnly; SameSite=Lax$`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			cast := newCast(t, c.change)
			v := cast.Visitor()
			seen := map[string]bool{}
			look := func(a *sitetest.Answer) {
				t.Helper()
				for _, line := range a.Header.Values("Set-Cookie") {
					if !c.want.MatchString(line) {
						t.Errorf("cookie %q", line)
					}
					name, _, _ := strings.Cut(line, "=")
					seen[name] = true
				}
			}
			look(v.Get("/login"))
			look(v.SignIn(cast.ada.Email, sitetest.Password))
			look(v.Get("/"))
			before := v.Session()
			look(v.Post("/auth/logout", nil))
			look(v.Get("/login"))
			if len(seen) != 3 {
				t.Errorf("cookies %v", seen)
			}
			if v.Session() == before {
				t.Error("signing out has left the cookie")
			}
		})
	}
}

// TestHSTS: of the domains below it speaks only where somebody has said so, and not at all likewise.
func TestHSTS(t *testing.T) {
	t.Parallel()
	for said, want := range map[httpx.HSTS]string{
		httpx.HSTSHost: "max-age=31536000", httpx.HSTSSubdomains: "max-age=31536000; includeSubDomains", httpx.HSTSNone: "",
	} {
		c := newCast(t, func(p *server.Parts) {
			p.HTTPS, p.URL, p.HSTS = true, "https://door.example.org", said
		})
		for name, a := range crawl(t, c) {
			if got := a.Header.Get("Strict-Transport-Security"); got != want {
				t.Errorf("%s (%d): %q, want %q", name, a.Status, got, want)
			}
		}
	}
}
