package httpx_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestLinkTokenIsKeptNowhere: the token of a one-time link is in no entry, header or log line,
// whatever way it is asked for, and no page tells the next one where it was.
// Guards: mux.go, shapes; admitTo, the Referrer-Policy.
func TestLinkTokenIsKeptNowhere(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root, bob := s.Developer("Root", account.Admin), s.Developer("Bob", account.Member)
	a := s.SignedIn(root).JSON("POST", "/api/people/"+bob.ID+"/password-link", "")
	var made struct {
		Data struct {
			URL string `json:"url"`
		} `json:"data"`
	}
	a.JSON(t, &made)
	path, ok := strings.CutPrefix(made.Data.URL, sitetest.URL)
	token := strings.TrimPrefix(path, "/link/")
	if a.Status != http.StatusCreated || !ok || len(token) != 26 || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	v, program := s.Visitor(), account.NewTokenText()
	type answer = *sitetest.Answer
	for what, ask := range map[string]func() answer{
		"another site's form": func() answer { return v.Do("POST", path, "password=x", "Sec-Fetch-Site", "cross-site") },
		"no form":             func() answer { return v.Do("POST", path, `{}`, "Content-Type", "application/json") },
		"a bad query":         func() answer { return v.Get(path + "?x=%zz") },
		"too much":            func() answer { return v.Post(path, url.Values{"password": {strings.Repeat("x", 1<<17)}}) },
	} {
		if a := ask(); a.Status < 400 || a.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %d, and the page tells others where it was", what, a.Status)
		}
	}
	for _, ask := range []func() *sitetest.Answer{
		func() *sitetest.Answer { return v.Get(path) },
		func() *sitetest.Answer { return v.Do(http.MethodHead, path, "") },
		func() *sitetest.Answer { return v.Do(http.MethodPut, path, "") },
		func() *sitetest.Answer { return v.Get(path + "/") },
		func() *sitetest.Answer { return v.Get("/link/x/.." + strings.TrimPrefix(path, "/link")) },
		func() *sitetest.Answer { return v.Get("//link/" + token) },
		func() *sitetest.Answer { return v.Get("/door/link/" + token) }, // a proxy that takes no prefix off
		func() *sitetest.Answer { return v.Get("/LINK/" + token + "/") },
		func() *sitetest.Answer { return v.Get("/http://localhost:8080/link/" + token) },
		func() *sitetest.Answer { return v.Get("/api/" + program + "x") },
		func() *sitetest.Answer { return v.Get("/login", "Referer", made.Data.URL) },
		func() *sitetest.Answer { return v.Get(path, "Referer", "https://mail.example.com/") },
		func() *sitetest.Answer { return v.Post(path, url.Values{"password": {"short"}}) },
		func() *sitetest.Answer { return v.Post(path, url.Values{"password": {"marble fox dances at noon"}}) },
		func() *sitetest.Answer { return v.Post(path, url.Values{"password": {"marble fox dances at noon"}}) },
	} {
		a := ask()
		if a.Status == http.StatusOK && strings.Contains(a.Body, token) && a.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("a page at %d tells others where it was", a.Status)
		}
		if at := a.Location(); at != "" && at != "/login" && at != path && !strings.HasPrefix(at, "/http:/") {
			t.Errorf("sent to %s", at)
		}
	}
	if a := v.SignIn(bob.Email, "marble fox dances at noon"); a.Status != http.StatusSeeOther {
		t.Errorf("the new password: %d", a.Status)
	}
	for _, e := range s.Entries("") {
		if all := strings.Join([]string{e.URL, e.Body, e.Text, e.Route, e.Target}, " "); strings.Contains(all, token) || strings.Contains(all, program[4:]) {
			t.Errorf("in the book: %+v", e)
		}
	}
	if strings.Contains(s.Log.String(), token) {
		t.Error("in the log")
	}
}
