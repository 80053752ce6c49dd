package session_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session"
)

// wayBack is what a login page makes of a form or query that somebody sent it.
func wayBack(r *http.Request) string { return session.WayBack(r, "/home") }

// browserGoes gives the host and path that a browser goes to from https://site.test/login by a
// Location, after the rules of WHATWG URL that differ from net/url: it drops tabs and line breaks,
// trims controls and spaces, and takes backslashes for slashes.
func browserGoes(t testing.TB, location string) *url.URL {
	t.Helper()
	location = strings.TrimFunc(location, func(r rune) bool { return r <= ' ' })
	location = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(location)
	head, query, _ := strings.Cut(location, "?")
	head = strings.ReplaceAll(head, `\`, "/")
	if strings.HasPrefix(head, "//") {
		head = "//" + strings.TrimLeft(head, "/")
	}
	base, _ := url.Parse("https://site.test/login")
	u, err := base.Parse(head)
	if err != nil {
		t.Fatalf("%q: %v", location, err)
	}
	u.RawQuery = query
	return u
}

// Every way to be sent elsewhere that we know of. Guard: guard.go, local, each condition, and
// WayBack.
func TestWayBackStaysHere(t *testing.T) {
	t.Parallel()
	elsewhere := []string{
		"", " ", "page", "./page", "?a=b", "#a", "evil.test", "https:", "https:evil.test", "https:/evil.test", "https://evil.test",
		"HTTPS://evil.test/", "http://site.test/", "javascript:alert(1)", "data:text/html,x", "mailto:a@b", "//", "//evil.test",
		"///evil.test", "////evil.test", `/\evil.test`, `\/evil.test`, `\\evil.test`, `\evil.test`, `/\/evil.test`, `//\evil.test`,
		"/\t/evil.test", "/\n/evil.test", "/\r/evil.test", "\t//evil.test", " //evil.test", "\x00//evil.test", "\x01/page", "/page\x7f",
		"/page\r\nSet-Cookie: x=1", "/page\r\n\r\n<script>", "/pa ge", "/page\x00", "//user@evil.test", "//user:pw@evil.test/",
		"//site.test@evil.test", "https://site.test@evil.test", `/page\`, "//evil.test:80/", "//[::1]/", "/é", "/\u560d\u560aSet-Cookie:x", "\u2028/page",
		"//evil.test/%2e%2e", "／／evil.test", "/\xff", "/%zz", "/" + strings.Repeat("a", 5<<10), "/?" + strings.Repeat("a", 5<<10),
		"/login", "/login?next=/page", "/login#x", "/%6cogin", "/login?x=//evil.test",
	}
	for _, next := range elsewhere {
		r := httptest.NewRequest("GET", "/login?next="+url.QueryEscape(next), nil)
		if got := wayBack(r); got != "/home" {
			t.Errorf("%q leads to %q", next, got)
		}
		r = httptest.NewRequest("POST", "/login", strings.NewReader("next="+url.QueryEscape(next)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := wayBack(r); got != "/home" {
			t.Errorf("%q in a form leads to %q", next, got)
		}
	}
	here := []string{
		"/", "/page", "/page?a=b&c=//evil.test", "/page#top", "/a/b/../c", "/.//evil.test", "/..//evil.test", "/%2fevil.test", "/%2F%2fevil.test",
		"/%5cevil.test", "/%09/evil.test", "/page:80", "/@evil.test", "/a@evil.test", "/https://evil.test", "/page?next=https://evil.test",
		"/;//evil.test", "/logins", "/login/2", "/?" + strings.Repeat("a", 2000),
	}
	for _, next := range here {
		r := httptest.NewRequest("GET", "/login?next="+url.QueryEscape(next), nil)
		got := wayBack(r)
		check(t, "way back", got, next)
		if u := browserGoes(t, got); u.Scheme != "https" || u.Host != "site.test" {
			t.Errorf("%q leads a browser to %v", next, u)
		}
		rec := httptest.NewRecorder()
		http.Redirect(rec, r, got, http.StatusSeeOther) // it cleans paths
		if u := browserGoes(t, rec.Header().Get("Location")); u.Host != "site.test" {
			t.Errorf("%q redirects a browser to %v", next, u)
		}
	}
}

// Of several parameters one wins, and none of them leads elsewhere. Guard: guard.go, WayBack.
func TestWayBackParameters(t *testing.T) {
	t.Parallel()
	form := func(target, body string) *http.Request {
		r := httptest.NewRequest("POST", target, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	get := func(target string) *http.Request { return httptest.NewRequest("GET", target, nil) }
	for name, test := range map[string]struct {
		r    *http.Request
		want string
	}{
		"none":                    {get("/login"), "/home"},
		"form before query":       {form("/login?next=/a", "next=/b"), "/b"},
		"bad form, good query":    {form("/login?next=/a", "next=//evil.test"), "/home"},
		"good form, bad query":    {form("/login?next=//evil.test", "next=/b"), "/b"},
		"query of a form":         {form("/login?next=/a", "as=ada"), "/a"},
		"twice":                   {get("/login?next=/a&next=//evil.test"), "/a"},
		"twice, bad first":        {get("/login?next=//evil.test&next=/a"), "/home"},
		"an array":                {get("/login?next[]=/a&next[0]=//evil.test"), "/home"},
		"other case":              {get("/login?Next=/a"), "/home"},
		"a semicolon":             {get("/login?next=/a;next=//evil.test"), "/home"},
		"a body that is no form":  {httptest.NewRequest("POST", "/login?next=/a", strings.NewReader(`{"next":"//evil.test"}`)), "/a"},
		"a form that is no form":  {form("/login", "%%%next=/a"), "/home"},
		"a referer":               {func() *http.Request { r := get("/login"); r.Header.Set("Referer", "https://evil.test/x"); return r }(), "/home"},
		"percent that is doubled": {get("/login?next=%252f%252fevil.test"), "/home"},
	} {
		check(t, name, wayBack(test.r), test.want)
	}
}

// The way there and back again, for every page that a guard may stand before: after the sign-in one
// is where one wanted to go, and on this site. Guard: guard.go, QueryEscape and SamePage; WayBack.
func TestGuardThereAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.h = w.m.Handler(w.m.RequireSignedIn("/login")(w.mux))
	for _, page := range []string{
		"/", "/page", "/page?a=1&b=2", "/page?next=//evil.test", "/a%2fb", "/a%20b?q=%20+%26", "/%5cevil.test", "/%09/evil.test",
		"/.//evil.test", "/x?" + strings.Repeat("y", 1500), "//evil.test", `/%5c/evil.test`, "///evil.test/x", "/caf%c3%a9",
	} {
		a := w.browser().asks(html).get(page)
		location := a.header.Get("Location")
		if !strings.HasPrefix(location, "/login?next=") {
			t.Fatalf("%s: sent to %q", page, location)
		}
		back := wayBack(httptest.NewRequest("GET", location, nil))
		check(t, "way back", back, "/"+strings.TrimLeft(page, "/"))
		if u := browserGoes(t, back); u.Host != "site.test" {
			t.Errorf("%q leads a browser to %v", page, u)
		}
	}
}
