//go:build go1.25

package session_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
)

// Fixation: a key that was invented or planted is not taken over by whoever signs in with it, and
// opens nothing after. Guard: session.go, Session.signInAs; internal/place/stored.go, stored.Write,
// the renewed key.
func TestAbuseFixation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	planted := w.browser()
	planted.get("/set?city=planted")
	for name, cookie := range map[string]string{
		"invented": "__Host-session=" + strings.Repeat("A", 43), "of the right length": "__Host-session=" + strings.Repeat("A", 80),
		"planted": planted.cookie, "of another person": w.signedIn("eve").cookie,
	} {
		victim, attacker := w.browser(), w.browser()
		victim.cookie, attacker.cookie = cookie, cookie
		victim.get("/city")
		victim.get("/in?as=ada")
		if victim.cookie == cookie {
			t.Errorf("%s: signed in with the same key", name)
		}
		check(t, name+": victim", victim.get("/who").body, "ada")
		if got := attacker.get("/who").body; got == "ada" {
			t.Errorf("%s: the attacker is %s", name, got)
		}
	}
}

// A cookie that another host of the domain planted beside one's own: neither order makes one the
// attacker. Guard: cookie.go, findCookie.
func TestAbuseCookieTossing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	victim, attacker := w.signedIn("ada"), w.signedIn("eve")
	v, a := victim.cookie, attacker.cookie
	lower := strings.ToLower(a)
	for name, test := range map[string]struct {
		lines []string
		want  string
	}{
		"attacker first":              {[]string{a + "; " + v}, ""},
		"attacker last":               {[]string{v + "; " + a}, ""},
		"in two lines":                {[]string{a, v}, ""},
		"in two lines, attacker last": {[]string{v, a}, ""},
		"three":                       {[]string{v + "; " + a + "; " + v}, ""},
		"empty one beside":            {[]string{v + "; __Host-session="}, "ada"},
		"the same again":              {[]string{v + "; " + v}, "ada"},
		"no value beside":             {[]string{"__Host-session; " + v}, "ada"}, // a name without a value is no cookie of that name
		"lower case":                  {[]string{lower + "; " + v}, "ada"},
		"only lower case":             {[]string{lower}, ""},
		"without the prefix":          {[]string{strings.TrimPrefix(a, "__Host-") + "; " + v}, "ada"},
		"space in the name":           {[]string{strings.Replace(a, "=", " =", 1) + "; " + v}, "ada"},
		"quoted name":                 {[]string{`"__Host-session"=` + a[len("__Host-session="):] + "; " + v}, "ada"},
		"nameless":                    {[]string{"=" + a + "; " + v}, "ada"},
		"inside another's quotes":     {[]string{`x="; ` + a + `; y="; ` + v}, ""},
		"comma":                       {[]string{a + ", " + v}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/who", nil)
			r.Header["Cookie"] = test.lines
			rec := httptest.NewRecorder()
			w.h.ServeHTTP(rec, r)
			check(t, "status", rec.Code, http.StatusOK)
			check(t, "subject", rec.Body.String(), test.want)
		})
	}
}

// Bombs: cost little time and memory, and spoil nothing for the next request. Guard: cookie.go,
// findCookie; internal/place/key.go, parseKey, which looks at the length first.
func TestAbuseCookieBombs(t *testing.T) {
	w := newWorld(t, byHeader)
	b := w.signedIn("ada")
	tiny := strings.Repeat("a=b; ", 4000)
	var same strings.Builder
	for range 4000 {
		same.WriteString(b.cookie + "; ")
	}
	sealed := newWorld(t, func(c *session.Config) { c.Home.Store, c.Home.Format = nil, sealed.New() })
	for name, test := range map[string]struct {
		w       *world
		headers http.Header
		want    string
	}{
		"4,000 cookies":              {w, http.Header{"Cookie": {tiny}}, ""},
		"4,000 cookies and the true": {w, http.Header{"Cookie": {tiny + b.cookie}}, "ada"},
		"4,000 of the name":          {w, http.Header{"Cookie": {same.String()}}, "ada"},
		"4,000 of the name, another": {w, http.Header{"Cookie": {same.String() + "; __Host-session=x"}}, ""},
		"900 KB":                     {w, http.Header{"Cookie": {"__Host-session=" + strings.Repeat("A", 900_000)}}, ""},
		"900 KB of semicolons":       {w, http.Header{"Cookie": {strings.Repeat(";", 900_000)}}, ""},
		"900 KB of spaces":           {w, http.Header{"Cookie": {strings.Repeat(" ", 900_000)}}, ""},
		"900 KB of the name":         {w, http.Header{"Cookie": {strings.Repeat("__Host-session", 64_000)}}, ""},
		"900 KB in a header":         {w, http.Header{keyHeader: {strings.Repeat("A", 900_000)}}, ""},
		"900 KB, sealed":             {sealed, http.Header{"Cookie": {"__Host-session=" + strings.Repeat("A", 900_000)}}, ""},
		"10,000 lines":               {w, http.Header{"Cookie": strings.Split(tiny+tiny+tiny, " ")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/who", nil)
			r.Header = test.headers
			rec := httptest.NewRecorder()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			test.w.h.ServeHTTP(rec, r)
			runtime.ReadMemStats(&after)
			check(t, "status", rec.Code, http.StatusOK)
			check(t, "subject", rec.Body.String(), test.want)
			if got := after.TotalAlloc - before.TotalAlloc; got > 64<<10 {
				t.Errorf("took %d bytes of memory", got)
			}
			check(t, "the next request", b.get("/who").body, "ada")
		})
	}
}

// What a browser is told of a cookie's age does not matter, nor what it does about it: the server
// counts. Guard: clock.go, alive; the cookie's age is nowhere read.
func TestAbuseEditedExpiry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.get("/in?as=ada&remember=1")
	kept := b.cookie
	w.clock.add(7*24*time.Hour - time.Second)
	check(t, "a second before the idle limit", b.get("/who").body, "ada")
	w.clock.add(7*24*time.Hour + time.Second)
	for _, cookie := range []string{kept, kept + "; Max-Age=9999999", kept + "; Expires=Fri, 31 Dec 9999 23:59:59 GMT", "$Version=1; " + kept} {
		old := w.browser()
		old.cookie = cookie
		check(t, cookie[len(kept):], old.get("/who").body, "")
	}
}

// Unusual methods get what others get: a guard asks nobody's method, and HEAD tells no more than
// GET. Guard: guard.go, require.
func TestAbuseMethods(t *testing.T) {
	t.Parallel()
	w := guarded(t)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get", "GETX", "M-SEARCH"} {
		for _, ask := range []string{"Accept: application/json", html} {
			a := w.browser().asks(ask, "X-HTTP-Method-Override: GET").do(method, "/page")
			if a.status < 300 || strings.Contains(a.body, secretPage) {
				t.Errorf("%s %s: %d %q", method, ask, a.status, a.body)
			}
		}
	}
	get, head := w.browser().fetch("GET", "/page"), w.browser().fetch("HEAD", "/page")
	check(t, "HEAD: status", head.status, get.status)
	check(t, "HEAD: length", head.header.Get("Content-Length"), get.header.Get("Content-Length"))
	check(t, "HEAD: body", head.body, "")
}

// Line breaks in whatever a client sends become no header of the answer. Guard: guard.go,
// QueryEscape and local; erroranswer.go, SamePage.
func TestAbuseResponseSplitting(t *testing.T) {
	t.Parallel()
	w := guarded(t)
	w.on("/login", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		s.SignIn("ada")
		http.Redirect(rw, r, session.WayBack(r, "/home"), http.StatusSeeOther)
	})
	for _, evil := range []string{"%0d%0aSet-Cookie:x=1", "%0aX-Evil:1", "%0d%0a%0d%0a<html>", "%E5%98%8D%E5%98%8ASet-Cookie:x=1", "%00", "%e2%80%a8X-Evil:1"} {
		for _, path := range []string{"/page?" + evil, "/page?a=" + evil, "/login?next=/" + evil, "/login?next=" + evil, "/login?next=/x%3F" + evil} {
			a := w.browser().asks(html).fetch("GET", path)
			check(t, path+": status", a.status, http.StatusSeeOther)
			for name, lines := range a.header {
				for _, line := range lines {
					if name == "X-Evil" || name == "Set-Cookie" && !strings.HasPrefix(line, "__Host-session=") || strings.ContainsAny(line, "\r\n\x00") {
						t.Errorf("%s: %s: %q", path, name, line)
					}
				}
			}
		}
	}
	for _, subject := range []string{"ada\r\nSet-Cookie: x=1", "ada\x00", "\u560d\u560a"} { // it is only text, and stays inside
		b := w.browser()
		inHandler(b, func(s *session.Session) { s.SignIn(subject) })
		check(t, "subject", b.get("/who").body, subject)
	}
}

// An address that leads elsewhere in whatever header is nowhere named. Guard: erroranswer.go,
// SamePage; guard.go.
func TestAbuseRedirects(t *testing.T) {
	t.Parallel()
	w := guarded(t)
	w.on("/late", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo")
		_, _ = w.m.EndEverything(t.Context())
	})
	evil := []string{
		html, "Referer: https://evil.test/x", "Origin: https://evil.test", "X-Forwarded-Host: evil.test", "X-Forwarded-Proto: javascript",
		"Forwarded: host=evil.test", "X-Original-URL: //evil.test", "X-Rewrite-URL: //evil.test", "X-Forwarded-Uri: //evil.test",
	}
	for _, path := range []string{"/page", "/fresh", "/late", "http://evil.test/page", "//evil.test/page", "http://evil.test//evil.test"} {
		b := w.signedIn("ada")
		w.clock.add(time.Hour)
		for name, asking := range map[string]*browser{"signed in": b, "stranger": w.browser()} {
			location := asking.asks(evil...).get(path).header.Get("Location")
			if location == "" {
				continue
			}
			if u := browserGoes(t, location); u.Host != "site.test" {
				t.Errorf("%s, %s: sent to %q", path, name, location)
			}
		}
	}
}

// An error page names no inner thing, and a bad cookie is no error. Guard: erroranswer.go,
// DefaultErrorHandler.
func TestAbuseErrorsTellNothing(t *testing.T) {
	t.Parallel()
	const inner = "pq: relation sessions at /var/lib/secret.go:42"
	w := guarded(t)
	b := w.signedIn("ada")
	for _, cookie := range []string{"__Host-session=%", "__Host-session=\xff\xfe", "__Host-session=" + strings.Repeat("=", 80)} {
		bad := w.browser()
		bad.cookie = cookie
		check(t, "a bad cookie", bad.get("/who").status, http.StatusOK)
	}
	w.store.stepIn(func(string) error { return errors.New(inner) })
	for _, path := range []string{"/who", "/set?city=Oslo", "/in?as=ada", "/out", "/page", "/fresh"} {
		a := b.get(path)
		check(t, path, a.status, http.StatusServiceUnavailable)
		check(t, path+": body", a.body, "Service Unavailable\n")
		for name, lines := range a.header {
			if strings.Contains(fmt.Sprint(lines), "sessions") {
				t.Errorf("%s: %s: %v", path, name, lines)
			}
		}
	}
	w.store.stepIn(nil)
	check(t, "recovered", b.get("/who").body, "ada")
}

// sharedCache keeps every answer that RFC 9111 allows it to keep, and answers by it.
type sharedCache struct {
	h      http.Handler
	stored map[string]*httptest.ResponseRecorder
}

func (c *sharedCache) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.URL.String()
	if kept := c.stored[key]; kept != nil && r.Method == http.MethodGet {
		for name, lines := range kept.Header() {
			w.Header()[name] = lines
		}
		w.WriteHeader(kept.Code)
		_, _ = io.Copy(w, bytes.NewReader(kept.Body.Bytes()))
		return
	}
	rec := httptest.NewRecorder()
	c.h.ServeHTTP(rec, r)
	if r.Method == http.MethodGet && !strings.Contains(rec.Header().Get("Cache-Control"), "no-store") && !strings.Contains(fmt.Sprint(rec.Header()["Vary"]), "Cookie") {
		c.stored[key] = rec
	}
	for name, lines := range rec.Header() {
		w.Header()[name] = lines
	}
	w.WriteHeader(rec.Code)
	_, _ = io.Copy(w, rec.Body)
}

// A shared cache in front that keeps all it may: nobody gets another's cookie or page out of it,
// whatever the handlers say of caching. Guard: headers.go, Session.headers.
func TestAbuseSharedCache(t *testing.T) {
	t.Parallel()
	w := guarded(t)
	w.mux.HandleFunc("/public", func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "the same for all") })
	cache := &sharedCache{stored: map[string]*httptest.ResponseRecorder{}}
	cache.h = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Cache-Control", "public, max-age=3600")
		rw.Header().Set("CDN-Cache-Control", "max-age=3600")
		w.mux.ServeHTTP(rw, r)
	})
	inner := w.m.Handler(cache.h)
	cache.h = inner
	w.h = cache
	victim := w.browser()
	for _, path := range []string{"/in?as=ada", "/who", "/page", "/page/x.css", "/set?city=Oslo", "/city", "/public", "/missing", "/fresh"} {
		victim.asks(html).get(path)
		if path == "/in?as=ada" {
			victim.get(path)
		}
		for name, lines := range victim.get(path).header {
			if name == "Cdn-Cache-Control" && path != "/public" && path != "/missing" && path != "/page/x.css" {
				t.Errorf("%s: %s: %v", path, name, lines)
			}
		}
	}
	victim.get("/who")
	for _, path := range []string{"/in?as=ada", "/who", "/page", "/set?city=Oslo", "/city", "/fresh"} {
		check(t, path+" kept", cache.stored[path] == nil, true)
	}
	check(t, "what is the same for all is kept", cache.stored["/public"] != nil, true)
	stranger := w.browser()
	check(t, "a stranger's page", stranger.get("/page").status, http.StatusUnauthorized)
	check(t, "a stranger's name", stranger.get("/who").body, "")
	check(t, "a stranger's cookie", stranger.cookie, "")
}

// Log-out races: answers that were under way when the session ended bring nothing back, whatever
// they were about to do. Guard: internal/place/stored.go, stored.Write and Use, which patch what
// lives under the old key only.
func TestAbuseLogoutRace(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*session.Session){
		"reading": func(s *session.Session) { city.Get(s) },
		"writing": func(s *session.Session) { city.Set(s, "Oslo") },
		"renewal": (*session.Session).Renew,
		"sign-in": func(s *session.Session) { s.SignIn("ada") },
		"save":    func(s *session.Session) { city.Set(s, "Oslo"); _ = s.Save() },
		"issue":   func(s *session.Session) { _, _, _ = s.Issue(t.Context()) },
		"flash":   func(s *session.Session) { s.Flash("a", "b"); s.Flashes() },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			entered, release := make(chan struct{}), make(chan struct{})
			w.on("/slow", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				s.Subject()
				close(entered)
				<-release
				do(s)
			})
			b := w.signedIn("ada")
			w.clock.add(time.Hour) // a touch is due
			slow := b.copy()
			var wg sync.WaitGroup
			wg.Go(func() {
				a := slow.get("/slow")
				for _, c := range (&http.Response{Header: a.header}).Cookies() {
					if c.MaxAge >= 0 {
						t.Errorf("the slow answer brings %v", c)
					}
				}
			})
			<-entered
			thief := b.copy()
			b.get("/out")
			close(release)
			wg.Wait()
			check(t, "by the old key", thief.get("/who").body, "")
			check(t, "by what the slow one has", slow.get("/who").body, "")
			list, _ := w.m.List(t.Context(), "ada")
			check(t, "sessions", len(list), 0)
		})
	}
}
