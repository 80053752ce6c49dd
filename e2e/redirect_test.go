package e2e_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestNext: after signing in people get to where they wanted to be on this site, and nowhere else.
func TestNext(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	s.Admin()
	for next, want := range map[string]string{
		"/developers?x=1": "/developers?x=1", "/?a=b&c=d": "/?a=b&c=d", "/logs": "/logs", "": "/",
		"//evil.test": "/", `/\evil.test`: "/", `\\evil.test`: "/", `\\\evil.test`: "/", "////evil.test": "/", "https:evil.test": "/",
		"https://evil.test/": "/", "%2f%2fevil.test": "/", "/%2fevil.test": "/", "/%5cevil.test": "/", "/\r\nSet-Cookie: x=1": "/", "/\tevil": "/",
		" /logs": "/", "javascript:alert(1)": "/", "/login": "/", "/register?x": "/", "/auth/logout": "/", "/setup?token=x": "/",
		"/login/": "", "///login": "/", "/./login": "", "/@evil.test": "", "evil.test": "/",
	} {
		c := s.Client()
		a := c.Form("/login?next="+url.QueryEscape(next), "/auth/login", rig.Fields("next", next, "email", "ada@example.org", "password", rig.Password))
		if a.Status != 303 {
			t.Fatalf("next=%q: %d", next, a.Status)
		}
		u, err := url.Parse(a.Location())
		if err != nil || u.Host != "" || u.Scheme != "" || (want != "" && a.Location() != want) {
			t.Errorf("next=%q leads to %q, want %q", next, a.Location(), want)
		}
		// Wherever it is, two more steps end it.
		for steps := 0; ; steps++ {
			if a = c.Get(a.Location()); a.Status != 303 && a.Status != 307 && a.Status != 301 {
				break
			}
			if steps == 2 {
				t.Errorf("next=%q goes round in circles, at %q", next, a.Location())
				break
			}
		}
	}
}

// TestSignedInAtTheDoor: who is signed in and comes to the door again goes back to where they came
// from, in one step, and never to another site.
func TestSignedInAtTheDoor(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	c := s.Admin()
	for referer, want := range map[string]string{
		"":                               "/",
		s.URL + "/?from=here":            "/?from=here",
		s.URL + "/login":                 "/",
		s.URL + "/register":              "/",
		s.URL + "/auth/login":            "/",
		s.URL + "/setup?token=x":         "/",
		s.URL + "//evil.test":            "/",
		"https://evil.test/":             "/",
		"https://evil.test/login":        "/",
		s.URL + ".evil.test/":            "/",
		"http://ada@evil.test/?" + s.URL: "/",
		"://":                            "/",
		"javascript:alert(1)":            "/",
	} {
		for _, path := range []string{"/login", "/register", "/login?next=%2Flogin", "/login?next=https%3A%2F%2Fevil.test"} {
			a := c.Send(http.MethodGet, path, "", http.Header{"Referer": {referer}})
			if a.Status != 303 || a.Location() != want {
				t.Errorf("%s from %q: %d to %q, want %q", path, referer, a.Status, a.Location(), want)
				continue
			}
			if a := c.Send(http.MethodGet, a.Location(), "", http.Header{"Referer": {referer}}); a.Status != 200 {
				t.Errorf("%s from %q: the second step is a redirect too: %d", path, referer, a.Status)
			}
		}
	}
}
