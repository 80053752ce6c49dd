package session_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/internal/place"
)

// Several cookies of the name that differ are none, and would be sent for ever: it is told why, and
// the browser is made to forget all of them, whichever host of the domain has set them. Then it can
// sign in.
func TestCookiesThatDifferAreCleared(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cookie  session.Cookie
		host    string
		domains []string // of the cookies that go, "" for the host's own
	}{
		"__Host-":    {session.Cookie{}, "www.example.com", []string{""}},
		"plain":      {session.Cookie{PlainHTTP: true}, "a.www.example.com:8080", []string{"", "a.www.example.com", "www.example.com", "example.com"}},
		"__Secure-":  {session.Cookie{Name: "__Secure-session"}, "example.com", []string{"", "example.com"}},
		"an address": {session.Cookie{PlainHTTP: true}, "192.0.2.1:80", []string{""}},
		"localhost":  {session.Cookie{PlainHTTP: true}, "localhost:8080", []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			o := new(observed)
			w := newWorld(t, o.into, func(c *session.Config) { c.Home.Cookie = test.cookie })
			b := w.signedIn("ada")
			key, _, _ := strings.Cut(b.cookie, "=")
			ask := func(path string) *http.Response {
				r := httptest.NewRequest("GET", "http://"+test.host+path, nil)
				r.Header["Cookie"] = []string{b.cookie + "; " + key + "=planted"}
				rec := httptest.NewRecorder()
				w.h.ServeHTTP(rec, r)
				return rec.Result()
			}
			var gone []string
			for _, c := range ask("/who").Cookies() {
				if c.Name != key || c.MaxAge >= 0 || c.Value != "" {
					t.Errorf("set %v", c)
				}
				gone = append(gone, c.Domain)
			}
			if !slices.Equal(gone, test.domains) {
				t.Errorf("forgotten of %q, want %q", gone, test.domains)
			}
			check(t, "events", len(o.reasons(session.EventUnreadable, "more than once")), 1)
			all := ask("/in?as=bob").Cookies()
			if last := all[len(all)-1]; last.Value == "" || last.Domain != "" || len(all) != len(test.domains)+1 {
				t.Errorf("a sign-in set %v", all)
			}
			check(t, "a request that does not use the session", len(ask("/nothing").Cookies()), 0)
		})
	}
}

// A cookie that came twice with one value is one, and an empty one is none: the session goes on.
func TestCookiesThatAgreeAreOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	key, _, _ := strings.Cut(b.cookie, "=")
	for _, line := range []string{b.cookie + "; " + b.cookie, b.cookie + "; " + key + "=", key + "=; " + b.cookie, b.cookie + " ; x=y"} {
		c := &browser{w: w, header: http.Header{}, cookie: line}
		a := c.get("/who")
		check(t, line+": who", a.body, "ada")
		check(t, line+": cookies", len(a.header["Set-Cookie"]), 0)
	}
}

// reasons returns the errors of events that say so.
func (o *observed) reasons(kind session.EventKind, words string) (all []error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.list {
		if e.Kind == kind && e.Err != nil && strings.Contains(e.Err.Error(), words) && !errors.Is(e.Err, place.ErrForeign) {
			all = append(all, e.Err)
		}
	}
	return all
}
