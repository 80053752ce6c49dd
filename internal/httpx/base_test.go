package httpx_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// below is a site at http://localhost:8080/in/door.
func below(t *testing.T) *cast {
	t.Helper()
	return newCast(t, func(p *server.Parts) { p.URL = sitetest.URL + "/in/door" })
}

var leads = regexp.MustCompile(`(?:href|src|action)="([^"#][^"]*)"`)

// TestBasePath: all that a site below a prefix says leads to below it, and nothing answers beside.
// Guard: base.go, Path.
func TestBasePath(t *testing.T) {
	t.Parallel()
	c := below(t)
	v := c.Visitor()
	seen := 0
	look := func(a *sitetest.Answer, status int, location string) *sitetest.Answer {
		t.Helper()
		if a.Status != status || a.Location() != location {
			t.Errorf("%d to %q, want %d to %q", a.Status, a.Location(), status, location)
		}
		for _, m := range leads.FindAllStringSubmatch(a.Body, -1) {
			if seen++; !strings.HasPrefix(m[1], "/in/door/") {
				t.Errorf("a page leads to %q", m[1])
			} else if strings.Contains(m[1], "/static/") && v.Get(m[1]).Status != http.StatusOK {
				t.Errorf("%q is not there", m[1])
			}
		}
		for _, cookie := range a.Sent {
			if cookie.Path != "/" || !strings.HasPrefix(cookie.Name, "__Host-") {
				t.Errorf("a cookie %v", cookie)
			}
		}
		return a
	}
	for _, outside := range []string{"/", "/login", "/healthz", "/in", "/in/", "/in/doorx", "/in/doorx/login", "/door/login", "/IN/door/login", "/static/"} {
		if a := look(v.Get(outside), 404, ""); !strings.Contains(a.Body, "below "+sitetest.URL+"/in/door/,") {
			t.Errorf("%s: the page does not say where the site is: %s", outside, a.Body)
		}
	}
	if a := v.Get("/in/door"); a.Status/100 != 3 || a.Location() != "/in/door/" {
		t.Errorf("the prefix alone: %d to %q", a.Status, a.Location())
	}
	look(v.Get("/in/door/healthz"), 200, "")
	look(v.Get("/in/door/"), 303, "/in/door/login")
	if a := look(v.Get("/in/door/nowhere"), 404, ""); !strings.Contains(a.Body, "no such page") {
		t.Errorf("below the prefix: %s", a.Body)
	}
	look(v.Get("/in/door/setup?token=x"), 404, "")
	look(v.Do("PUT", "/in/door/login", ""), 405, "")
	look(v.Get("/in/door/register"), 200, "")
	look(v.Get("/in/door/auth/login"), 303, "/in/door/login")
	look(v.Get("/in/door/?x=1"), 303, "/in/door/login?next=%2Fin%2Fdoor%2F%3Fx%3D1")
	look(v.Get("/in/door/login?next=/in/door/%3Fx%3D1"), 200, "")
	login := credentials(c.ada.Email)
	look(v.Post("/in/door/auth/login", url.Values{"email": {c.ada.Email}, "password": {"wrong"}}), 422, "")
	for next, want := range map[string]string{
		"": "/in/door/", "/in/door/?x=1": "/in/door/?x=1", "/in/door/logs": "/in/door/logs", "/in/door": "/in/door", "/logs": "/in/door/", "/in/doorx/logs": "/in/door/",
		"/in/door/../x": "/in/door/", "/in/door/login": "/in/door/", "/in/door/auth/logout": "/in/door/", "//evil.test/in/door/": "/in/door/", "/in/door//evil.test": "/in/door//evil.test",
	} {
		w := c.Visitor()
		w.Get("/in/door/login")
		look(w.Post("/in/door/auth/login", with(login, "next", next)), 303, want)
	}
	look(v.Post("/in/door/auth/login", login), 303, "/in/door/")
	look(v.Get("/in/door/"), 200, "")
	look(v.Get("/in/door/login", "Referer", sitetest.URL+"/in/door/logs?type=error"), 303, "/in/door/logs?type=error")
	look(v.Get("/in/door/login", "Referer", sitetest.URL+"/elsewhere"), 303, "/in/door/")
	look(v.Do("PATCH", "/in/door/developers/"+c.ada.ID, `{"name":"Ada L."}`, "Content-Type", "application/json"), 200, "")
	look(v.Post("/in/door/auth/logout", nil), 303, "/in/door/login")
	look(v.Post("/in/door/auth/register", url.Values{"name": {"Eve"}, "email": {"eve@example.org"}, "password": {sitetest.Password}}), 303, "/in/door/")
	if seen < 50 {
		t.Errorf("looked at %d links only", seen)
	}
}

// TestBasePathInTheBook: what stands in the place of a parameter is no more in the book than without
// a prefix.
func TestBasePathInTheBook(t *testing.T) {
	t.Parallel()
	c := below(t)
	v := c.SignedInAt("/in/door", c.Developer("Root Two", account.Admin))
	for address, want := range map[string]string{
		"/in/door/logs/a-secret":   "/in/door/logs/{id}",
		"/in/door/logs?limit=5&x=": "/in/door/logs?limit=5&[redacted]",
		"/logs/a-secret":           "/logs/{id}", // by somebody who forgot the prefix
		"/a-scanner's":             "/a-scanner's",
		"/in/doorx":                "/in/doorx",
	} {
		if e := entryOf(t, c.Site, v.Get(address)); e.URL != want {
			t.Errorf("%s is entered as %q, want %q", address, e.URL, want)
		}
	}
}

// TestSecretsOnTheirWayBelow: what stands in the place of a parameter is not kept either of an
// address below the prefix that is spelled oddly.
func TestSecretsOnTheirWayBelow(t *testing.T) {
	t.Parallel()
	c := below(t)
	for _, address := range []string{
		"/in/door/logs/s3cret", "/in/door//logs/s3cret", "//in/door/logs/s3cret", "/in//door/logs/s3cret", "/in/./door/logs/s3cret",
		"/x/../in/door/logs/s3cret", "/in/door/../door/logs/s3cret", "/in/door/x/../logs/s3cret/x", "/logs/s3cret",
		"/in/../logs/s3cret", "/in/door/login/../../../logs/s3cret",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
		r.URL.Path = address
		if e := entryOf(t, c.Site, c.Visitor().Send(r)); strings.Contains(e.URL, "s3cret") {
			t.Errorf("%s is entered as %q", address, e.URL)
		}
	}
}
