package session_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// secretPage is what stands behind the guards of these tests.
const secretPage = "for members"

// guarded makes a world with /page behind RequireSignedIn and /fresh behind RequireFresh of ten
// minutes. The login page is /login.
func guarded(t testing.TB, change ...func(*session.Config)) *world {
	t.Helper()
	w := newWorld(t, change...)
	page := http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, secretPage) })
	w.mux.Handle("/page", w.m.RequireSignedIn("/login")(page))
	w.mux.Handle("/fresh", w.m.RequireFresh(10*time.Minute, "/confirm")(page))
	return w
}

// asks gives a copy of the browser that sends these headers, given as "Name: value".
func (b *browser) asks(lines ...string) *browser {
	b = b.copy()
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		b.header.Set(name, value)
	}
	return b
}

const html = "Accept: text/html,*/*;q=0.8"

// Who may go through, who is shown the way, and who is only told. Guard: guard.go, Manager.require,
// all of it.
func TestGuardAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		method   string
		path     string
		headers  []string
		status   int
		location string
	}{
		{"a page", "GET", "/page", []string{html}, 303, "/login?next=%2Fpage"},
		{"a page, by navigation", "GET", "/page", []string{"Sec-Fetch-Mode: navigate"}, 303, "/login?next=%2Fpage"},
		{"a page's head", "HEAD", "/page", []string{html}, 303, "/login?next=%2Fpage"},
		{"a page with a query", "GET", "/page?a=1&b=%26", []string{html}, 303, "/login?next=%2Fpage%3Fa%3D1%26b%3D%2526"},
		{"a form", "POST", "/page", []string{html}, 303, "/login"},
		{"a deletion", "DELETE", "/page", []string{html}, 303, "/login"},
		{"JSON", "GET", "/page", []string{"Accept: application/json"}, 401, ""},
		{"JSON by POST", "POST", "/page", []string{"Accept: application/json"}, 401, ""},
		{"anything", "GET", "/page", []string{"Accept: */*"}, 401, ""},
		{"no Accept", "GET", "/page", nil, 401, ""},
		{"fetch that takes HTML", "GET", "/page", []string{html, "Sec-Fetch-Mode: cors"}, 401, ""},
		{"a picture", "GET", "/page", []string{html, "Sec-Fetch-Mode: no-cors"}, 401, ""},
		{"a WebSocket", "GET", "/page", []string{html, "Sec-Fetch-Mode: websocket"}, 401, ""},
		{"a preflight", "OPTIONS", "/page", []string{"Sec-Fetch-Mode: cors"}, 401, ""},
		{"no method of ours", "GETX", "/page", nil, 401, ""},
		{"a referer", "GET", "/page", []string{html, "Referer: https://evil.test/x"}, 303, "/login?next=%2Fpage"},
		{"another host", "GET", "http://evil.test/page", []string{html}, 303, "/login?next=%2Fpage"},
		{"forwarded", "GET", "/page", []string{html, "X-Forwarded-Host: evil.test", "X-Original-URL: /in?as=ada"}, 303, "/login?next=%2Fpage"},
		{"a fresh sign-in", "GET", "/fresh", []string{html}, 303, "/confirm?next=%2Ffresh"},
		{"a fresh sign-in, JSON", "GET", "/fresh", nil, 401, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := guarded(t)
			for who, b := range map[string]*browser{"stranger": w.browser(), "rubbish": {w: w, header: http.Header{}, cookie: "__Host-session=x"}} {
				a := b.asks(test.headers...).do(test.method, test.path)
				check(t, who+": status", a.status, test.status)
				check(t, who+": location", a.header.Get("Location"), test.location)
				check(t, who+": Vary", a.header.Get("Vary"), "Cookie")
				check(t, who+": cookies", len(a.header["Set-Cookie"]), 0)
				if strings.Contains(a.body, secretPage) {
					t.Errorf("%s saw the page", who)
				}
			}
			check(t, "store calls", len(w.store.called()), 0)
			a := w.signedIn("ada").asks(test.headers...).do(test.method, test.path)
			check(t, "signed in: status", a.status, http.StatusOK)
			check(t, "signed in: body", a.body, secretPage)
			check(t, "signed in: Cache-Control", a.header.Get("Cache-Control"), "no-store")
		})
	}
}

// A redirect to the login page must not be kept for the time after the sign-in, and says so to
// caches that outer middleware has told otherwise. Guard: guard.go, Manager.require, which answers
// through the session's writer; headers.go.
func TestGuardIsNotCached(t *testing.T) {
	t.Parallel()
	w := guarded(t)
	inner := w.h
	w.h = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Vary", "Accept-Encoding")
		inner.ServeHTTP(rw, r)
	})
	a := w.browser().asks(html).get("/page")
	check(t, "Vary of a redirect", strings.Join(a.header["Vary"], ", "), "Accept-Encoding, Cookie")
	b := w.signedIn("ada")
	w.clock.add(11 * time.Minute)
	a = b.asks(html).get("/fresh")
	check(t, "status of one signed in too long ago", a.status, http.StatusSeeOther)
	check(t, "its Cache-Control", a.header.Get("Cache-Control"), "no-store")
	check(t, "Cache-Control of an error", w.browser().get("/page").header.Get("Cache-Control"), "no-store")
}

// The last moment of a window still counts; after it, and for a sign-in from the future, people
// confirm who they are. Guard: guard.go, Manager.RequireFresh, each comparison.
func TestGuardFreshness(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		after time.Duration
		fresh bool
	}{
		{0, true},
		{10*time.Minute - time.Millisecond, true},
		{10 * time.Minute, true},
		{10*time.Minute + time.Millisecond, false},
		{time.Hour, false},
		{-time.Minute, true},
		{-time.Minute - time.Millisecond, false},
		{-time.Hour, false},
		{-23 * time.Hour, false},
	} {
		t.Run(test.after.String(), func(t *testing.T) {
			w := guarded(t)
			b := w.signedIn("ada")
			w.clock.add(test.after)
			page, call := b.asks(html).get("/fresh"), b.get("/fresh")
			if test.fresh {
				check(t, "page", page.status, http.StatusOK)
				check(t, "call", call.status, http.StatusOK)
				return
			}
			check(t, "page", page.header.Get("Location"), "/confirm?next=%2Ffresh")
			check(t, "call", call.status, http.StatusForbidden)
			check(t, "still signed in", b.asks(html).get("/page").status, http.StatusOK)
			b.get("/in?as=ada")
			check(t, "after a new sign-in", b.get("/fresh").status, http.StatusOK)
		})
	}
}

// A store that is away is an outage, not somebody who is signed out: a redirect would go round in
// circles. Guard: guard.go, Manager.require, which answers through the session's writer.
func TestGuardStoreAway(t *testing.T) {
	t.Parallel()
	w := guarded(t)
	b := w.signedIn("ada")
	w.store.stepIn(func(string) error { return errors.New("away") })
	for _, path := range []string{"/page", "/fresh"} {
		for _, ask := range []string{html, "Accept: application/json"} {
			a := b.asks(ask).get(path)
			check(t, "status", a.status, http.StatusServiceUnavailable)
			check(t, "location", a.header.Get("Location"), "")
			check(t, "Retry-After", a.header.Get("Retry-After"), "5")
			check(t, "Cache-Control", a.header.Get("Cache-Control"), "no-store")
			check(t, "cookie kept", len(a.header["Set-Cookie"]), 0)
		}
	}
	w.store.stepIn(nil)
	check(t, "afterwards", b.get("/page").status, http.StatusOK)
}

// The error handler learns once what is the matter, whatever that is. Guard: guard.go,
// Manager.require, errors.
func TestGuardErrorHandler(t *testing.T) {
	t.Parallel()
	var got []error
	w := guarded(t, func(c *session.Config) {
		c.ErrorHandler = func(rw http.ResponseWriter, r *http.Request, err error) {
			got = append(got, err)
			session.DefaultErrorHandler(rw, r, err)
		}
	})
	b := w.signedIn("ada")
	w.clock.add(time.Hour)
	b.get("/fresh")
	w.browser().get("/fresh")
	w.browser().get("/page")
	for i, want := range []error{session.ErrNotFresh, session.ErrNotSignedIn, session.ErrNotSignedIn} {
		if i >= len(got) || !errors.Is(got[i], want) {
			t.Fatalf("told %v", got)
		}
	}
	check(t, "calls", len(got), 3)
}

// A guard outside of the middleware, or of another Manager, lets nobody in. Guard: guard.go,
// Manager.From.
func TestGuardWithoutMiddleware(t *testing.T) {
	t.Parallel()
	w, other := guarded(t), guarded(t, func(c *session.Config) { c.Cookie.Name = "__Host-other-session" })
	b := w.signedIn("ada")
	for name, h := range map[string]http.Handler{"none": w.mux, "another's": other.m.Handler(w.mux)} {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, b.request("GET", "/page"))
		if rec.Code < 400 || strings.Contains(rec.Body.String(), secretPage) {
			t.Errorf("%s: %d %q", name, rec.Code, rec.Body)
		}
	}
}

// A login page behind its own guard ends in an error, not in circles. Guard: guard.go,
// Manager.require, its own page.
func TestGuardLoginBehindItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guard := w.m.RequireSignedIn("/login")
	w.h = w.m.Handler(guard(w.mux))
	for _, path := range []string{"/login", "/login?next=%2Fpage", "/%6cogin"} {
		check(t, path, w.browser().asks(html).get(path).status, http.StatusUnauthorized)
	}
	check(t, "another page", w.browser().asks(html).get("/login/").status, http.StatusSeeOther)
}

// Many at once through one guard: each gets the answer that is theirs. Guard: guard.go keeps
// nothing between requests.
func TestGuardConcurrently(t *testing.T) {
	t.Parallel()
	w := guarded(t)
	in, out := w.signedIn("ada"), w.browser()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				check(t, "signed in", in.copy().get("/page").body, secretPage)
				check(t, "stranger", out.asks(html).get("/page").status, http.StatusSeeOther)
			}
		})
	}
	wg.Wait()
}

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
