package session_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/internal/compare"
)

// P10: caches never mix people up.

// Guard: headers.go, Session.addVary, by every way of reading.
func TestP10VaryWheneverRead(t *testing.T) {
	t.Parallel()
	reads := map[string]func(*session.Session){
		"get":      func(s *session.Session) { city.Get(s) },
		"has":      func(s *session.Session) { s.Has("x") },
		"subject":  func(s *session.Session) { s.Subject() },
		"since":    func(s *session.Session) { s.SignedInSince() },
		"id":       func(s *session.Session) { s.ID() },
		"flashes":  func(s *session.Session) { s.Flashes() },
		"delete":   func(s *session.Session) { city.Delete(s) },
		"pop":      func(s *session.Session) { city.Pop(s) },
		"clear":    (*session.Session).Clear,
		"renew":    (*session.Session).Renew,
		"sign out": (*session.Session).SignOut,
	}
	for name, read := range reads {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			t.Run(name+" "+method, func(t *testing.T) {
				w := newWorld(t)
				w.on("/", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
					read(s)
					rw.WriteHeader(http.StatusNotFound)
				})
				stranger := w.browser().do(method, "/")
				check(t, "a stranger's Vary", stranger.header.Get("Vary"), "Cookie")
				check(t, "a stranger's Cache-Control", stranger.header.Get("Cache-Control"), "")
				known := w.signedIn("ada").do(method, "/")
				check(t, "Vary", known.header.Get("Vary"), "Cookie")
				check(t, "Cache-Control", known.header.Get("Cache-Control"), "no-store")
			})
		}
	}
}

// Guard: headers.go, Session.addVary and Session.headers.
func TestP10OtherHeaders(t *testing.T) {
	t.Parallel()
	lines := func(s ...string) []string { return s }
	tests := []struct {
		name string
		vary []string
		want []string
	}{
		{"none", nil, lines("Cookie")},
		{"one", lines("Accept"), lines("Accept", "Cookie")},
		{"two lines", lines("Accept", "Accept-Encoding, Origin"), lines("Accept", "Accept-Encoding, Origin", "Cookie")},
		{"there", lines("Accept, cookie"), lines("Accept, cookie")},
		{"there, alone", lines("Accept", " COOKIE "), lines("Accept", " COOKIE ")},
		{"star", lines("*"), lines("*")},
		{"not quite", lines("Cookies, X-Cookie"), lines("Cookies, X-Cookie", "Cookie")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t)
			w.on("/", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
				s.Subject()
				for _, line := range test.vary {
					rw.Header().Add("Vary", line)
				}
				rw.Header().Set("Cache-Control", "public, max-age=3600")
				rw.Header().Set("Cdn-Cache-Control", "max-age=3600")
				rw.Header().Set("Surrogate-Control", "max-age=3600")
				rw.Header().Set("X-Accel-Expires", "3600")
			})
			a := w.signedIn("ada").get("/")
			if diff := compare.Diff(test.want, a.header["Vary"]); diff != "" {
				t.Errorf("Vary: %s", diff)
			}
			check(t, "Cache-Control", strings.Join(a.header["Cache-Control"], "|"), "no-store")
			for _, name := range []string{"Cdn-Cache-Control", "Surrogate-Control", "X-Accel-Expires"} {
				check(t, name, a.header.Get(name), "")
			}
			a = w.browser().get("/") // what is the same for all strangers may be kept
			check(t, "a stranger's Cache-Control", a.header.Get("Cache-Control"), "public, max-age=3600")
		})
	}
}

// An answer that sets a cookie, or takes it away, is for nobody else.
// Guard: headers.go, Session.headers, due and known.
func TestP10CookieMeansNoStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	for _, path := range []string{"/set?city=Oslo", "/in?as=ada", "/out"} {
		a := b.get(path)
		check(t, path+": cookies", len(a.header["Set-Cookie"]), 1)
		check(t, path+": Cache-Control", a.header.Get("Cache-Control"), "no-store")
		check(t, path+": Vary", a.header.Get("Vary"), "Cookie")
	}
}

// Two requests share no header memory. Guard: headers.go, addVary and headers, which point into
// their own request.
func TestP10HeadersAreTheRequestsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	first := httptest.NewRecorder()
	w.h.ServeHTTP(first, b.request("GET", "/who"))
	first.Header().Add("Vary", "Accept")
	first.Header()["Cache-Control"][0] = "public"
	second := b.get("/who")
	check(t, "Vary", strings.Join(second.header["Vary"], ","), "Cookie")
	check(t, "Cache-Control", strings.Join(second.header["Cache-Control"], ","), "no-store")
}

// An error handler with cache headers of its own does not take no-store off an answer with a
// session cookie.
func TestP10ErrorHandlerCaches(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) {
		c.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) {
			w.Header().Set("Cache-Control", "public, max-age=60")
			w.WriteHeader(http.StatusGone)
		}
	})
	a := inHandler(w.browser(), func(s *session.Session) {
		s.SignIn("ada")
		_ = s.Save()
		city.Set(s, strings.Repeat("x", 70000))
	})
	if a.header.Get("Set-Cookie") != "" {
		check(t, "Cache-Control", a.header.Get("Cache-Control"), "no-store")
	}
}
