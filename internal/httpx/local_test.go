package httpx_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/httpx"
)

// elsewhere is what some browser reads as an address of another site, or as more than an address.
func elsewhere() []string {
	return []string{
		"//evil.test", "///evil.test", "////evil.test", `/\evil.test`, `\\evil.test`, `\/evil.test`, `/a\..\..\\evil.test`,
		"https:evil.test", "https:/evil.test", "https://evil.test", "HTTPS://evil.test/x", "http:evil", "javascript:alert(1)",
		"data:text/html,x", "mailto:a@b", "//evil.test/login", "//localhost:8080@evil.test/", "http://localhost:8080@evil.test/",
		"%2f%2fevil.test", "/%2f/evil.test", "/%2Fevil.test", "/%5cevil.test", "/%5C%5Cevil.test", "/%2f%2fevil.test",
		"/\t/evil.test", "/%09/evil.test", "\t//evil.test", " //evil.test", "/\n/evil.test", "/x\r\nSet-Cookie: a=b", "/x%0d%0aSet-Cookie:a=b",
		"/x%00", "/\x00", "evil.test", "@evil.test", ".evil.test", "?x", "#x", "", "/" + strings.Repeat("a", 2048), "/%zz",
	}
}

// TestOnward: after signing in nobody lands on another site, whatever a link has said.
func TestOnward(t *testing.T) {
	t.Parallel()
	for _, next := range elsewhere() {
		if got := onward(next); got != "/" {
			t.Errorf("%q leads to %q", next, got)
		}
	}
	for next, want := range map[string]string{
		"/":                            "/",
		"/developers?x=1":              "/developers?x=1",
		"/logs?type=error&limit=5":     "/logs?type=error&limit=5",
		"/logs?next=//evil.test":       "/logs?next=//evil.test", // what a page does with its query is its own affair
		"/developers#part":             "/developers",
		"/caf%C3%A9":                   "/caf%C3%A9",
		"/caf\u00e9":                   "/",                // not what browsers send
		"/a/..//evil.test":             "/a/..//evil.test", // a path on this host, however it is cleaned
		"/login":                       "/",
		"/login?next=/login":           "/",
		"/%6cogin":                     "/",
		"/./login":                     "/",
		"/x/../register":               "/",
		"/register":                    "/",
		"/setup?token=x":               "/",
		"/confirm?next=/developers":    "/",
		"/auth/logout":                 "/",
		"/auth/":                       "/",
		"/loginx":                      "/loginx",
		"/developers/login":            "/developers/login",
		"/logs?x=%0d%0aSet-Cookie:%20": "/logs?x=%0d%0aSet-Cookie:%20",
	} {
		if got := onward(next); got != want {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
	}
}

func onward(next string) string {
	return httpx.Onward(httptest.NewRequest(http.MethodGet, "/login?"+url.Values{"next": {next}}.Encode(), nil))
}

// TestBack: a signed-in visitor of the sign-in page goes back where they came from, never off-site,
// never in a loop.
func TestBack(t *testing.T) {
	t.Parallel()
	for referer, want := range map[string]string{
		"":                                       "/",
		"http://localhost:8080/":                 "/",
		"http://localhost:8080":                  "/",
		"http://localhost:8080/developers?x=1":   "/developers?x=1",
		"https://localhost:8080/developers":      "/developers", // behind a proxy that ends TLS
		"http://LOCALHOST:8080/developers":       "/developers",
		"http://localhost:8080/login":            "/",
		"http://localhost:8080/register?x":       "/",
		"http://localhost:8080/auth/login":       "/",
		"http://localhost:8080/setup":            "/",
		"http://localhost:9090/developers":       "/",
		"http://evil.test/developers":            "/",
		"http://evil.test/localhost:8080":        "/",
		"http://localhost:8080@evil.test/x":      "/",
		"http://localhost:8080.evil.test/x":      "/",
		"http://localhost:8080//evil.test":       "/",
		`http://localhost:8080/\evil.test`:       "/",
		"http://localhost:8080/%2f/evil.test":    "/",
		"//localhost:8080/developers":            "/developers",
		"/developers":                            "/", // not what browsers send
		"about:blank":                            "/",
		"javascript://localhost:8080/%0aalert":   "/",
		"http://localhost:8080/x\r\nSet-Cookie:": "/",
	} {
		r := httptest.NewRequest(http.MethodGet, "http://localhost:8080/login", nil)
		r.Header.Set("Referer", referer)
		if got := httpx.Back(r); got != want {
			t.Errorf("from %q back to %q, want %q", referer, got, want)
		}
	}
}

// FuzzOnward: what is taken stays on this host when it is resolved as a browser does.
func FuzzOnward(f *testing.F) {
	for _, s := range elsewhere() {
		f.Add(s)
	}
	f.Add("/developers?x=1")
	f.Fuzz(func(t *testing.T, s string) {
		got := onward(s)
		if got[0] != '/' || len(got) > 1 && (got[1] == '/' || got[1] == '\\') || strings.ContainsAny(got, "\r\n\t\\\x00") {
			t.Fatalf("%q is taken as %q", s, got)
		}
		base, _ := url.Parse("https://here.test/login")
		u, err := base.Parse(got)
		if err != nil || u.Host != "here.test" || u.Scheme != "https" {
			t.Fatalf("%q leads to %v, %v", s, u, err)
		}
		if again := onward(got); len(got) <= 2048 && again != got {
			t.Fatalf("%q is taken as %q, and that as %q", s, got, again)
		}
	})
}
