package session_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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
		{-4 * time.Minute, false},
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

// A guard outside of the middleware, or of another Manager, lets nobody in. Guard: session.go,
// Manager.From.
func TestGuardWithoutMiddleware(t *testing.T) {
	t.Parallel()
	w, other := guarded(t), guarded(t, func(c *session.Config) { c.Home.Cookie.Name = "__Host-other-session" })
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
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 100 {
				check(t, "signed in", in.copy().get("/page").body, secretPage)
				check(t, "stranger", out.asks(html).get("/page").status, http.StatusSeeOther)
			}
		}()
	}
	wg.Wait()
}

// The silence of an error handler does not become 200 behind a guard.
func TestGuardSilentErrorHandler(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) {
		c.ErrorHandler = func(_ http.ResponseWriter, _ *http.Request, _ error) {} // logs, say
	})
	w.h = w.m.Handler(w.m.RequireSignedIn("/login")(w.mux))
	check(t, "status", w.browser().get("/who").status, http.StatusUnauthorized)
}

// Under http.StripPrefix a guard's own page is still its own. Guard: guard.go, Manager.require, the
// path.
func TestGuardStripPrefix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.h = w.m.Handler(http.StripPrefix("/auth", w.m.RequireSignedIn("/auth/login")(w.mux)))
	a := w.browser().asks(html).get("/auth/login")
	check(t, "the login page", a.status, http.StatusUnauthorized)
	w.h = w.m.Handler(http.StripPrefix("/admin", w.m.RequireSignedIn("/login")(w.mux)))
	check(t, "another of the same end", w.browser().asks(html).get("/admin/login").status, http.StatusSeeOther)
}

// A login page with a query of its own. Guard: guard.go, Manager.require, the separator.
func TestGuardLoginWithQuery(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.h = w.m.Handler(w.m.RequireSignedIn("/login?lang=en")(w.mux))
	check(t, "location", w.browser().asks(html).get("/page").header.Get("Location"), "/login?lang=en&next=%2Fpage")
	check(t, "the login page", w.browser().asks(html).get("/login?lang=en").status, http.StatusUnauthorized)
}

// A way back that WayBack would refuse is not sent at all: no answer has a header of kilobytes.
// Guard: guard.go.
func TestGuardLongAddress(t *testing.T) {
	t.Parallel()
	w := guarded(t)
	a := w.browser().asks(html).get("/page?" + strings.Repeat("&", 8<<10))
	check(t, "location", len(a.header.Get("Location")) <= 3*2048+20, true)
}

// The error handler is told what is the matter, once. Guard: guard.go, Manager.require,
// Session.Err.
func TestGuardStoreAwayIsToldOnce(t *testing.T) {
	t.Parallel()
	var got []error
	w := guarded(t, func(c *session.Config) {
		c.ErrorHandler = func(rw http.ResponseWriter, r *http.Request, err error) {
			got = append(got, err)
			session.DefaultErrorHandler(rw, r, err)
		}
	})
	b := w.signedIn("ada")
	w.store.stepIn(func(string) error { return errors.New("away") })
	check(t, "status", b.get("/page").status, http.StatusServiceUnavailable)
	if len(got) != 1 || errors.Is(got[0], session.ErrNotSignedIn) {
		t.Errorf("told %v", got)
	}
	rec := newRecorder()
	r := b.asks(html).request("GET", "/page")
	w.mux.ServeHTTP(rec, r) // without the middleware: a mistake of the program, not of who asks
	check(t, "without the middleware", rec.Code, http.StatusInternalServerError)
}

// A guard that would send people elsewhere, or to a page that depends on where they are, is refused
// when it is made.
func TestGuardOfNoPageIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, page := range []string{"", "login", "//evil.test", "https://evil.test/login", "/\\evil.test", "\\login", "/log in", "javascript:x"} {
		for name, guard := range map[string]func(){
			"RequireSignedIn": func() { w.m.RequireSignedIn(page) },
			"RequireFresh":    func() { w.m.RequireFresh(time.Minute, page) },
		} {
			func() {
				defer func() {
					if said := fmt.Sprint(recover()); !strings.Contains(said, "of this site") {
						t.Errorf("%s(%q): %s", name, page, said)
					}
				}()
				guard()
			}()
		}
	}
	w.m.RequireSignedIn("/login?why=guard")
}
