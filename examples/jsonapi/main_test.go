package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/examples/internal/browser"
	"github.com/doorbook/doorbook/session/sessiontest"
)

func TestStory(t *testing.T) { browser.Story(t, site(browser.Sessions(t, config()))) }

// program is a client without cookies. It keeps the key that each answer brings.
type program struct {
	t   *testing.T
	b   *browser.Browser
	key string
}

func (p *program) do(method, path string, form url.Values) browser.Page {
	p.t.Helper()
	r, err := http.NewRequest(method, p.b.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header["X-Session-Key"] = []string{p.key}
	page := p.b.Do(r)
	if len(page.Header["Set-Cookie"]) > 0 {
		p.t.Errorf("%s %s: a cookie for a program", method, path)
	}
	if key, ok := page.Header["X-Session-Key"]; ok {
		p.key = key[0]
	}
	return page
}

func TestProgram(t *testing.T) {
	p := program{t: t, b: browser.New(t, site(browser.Sessions(t, config())))}
	const refused = `{"error":"Unauthorized"}` + "\n"
	if page := p.do(http.MethodGet, "/api/note", nil); page.Status != http.StatusUnauthorized || page.Body != refused {
		t.Errorf("a stranger got %d %q", page.Status, page.Body)
	}
	p.do(http.MethodPost, "/api/session", url.Values{"name": {"Ada"}})
	p.do(http.MethodPut, "/api/note", url.Values{"text": {"milk"}})
	if page := p.do(http.MethodGet, "/api/note", nil); page.Body != `{"subject":"Ada","text":"milk"}`+"\n" {
		t.Errorf("Ada got %d %q", page.Status, page.Body)
	}
	old := p.key
	p.do(http.MethodDelete, "/api/session", nil)
	if p.key != "" {
		t.Errorf("after the sign-out the program is given %q", p.key)
	}
	p.key = old
	if page := p.do(http.MethodGet, "/api/note", nil); page.Status != http.StatusUnauthorized || page.Body != refused {
		t.Errorf("the old key got %d %q", page.Status, page.Body)
	}
}

// TestErrors takes the store away.
func TestErrors(t *testing.T) {
	c := config()
	store := sessiontest.Fault(c.Home.Store, sessiontest.Plan{})
	c.Home.Store = store
	b := browser.New(t, site(browser.Sessions(t, c)))
	b.Post("/login", "name", "Ada")
	store.SetPlan(sessiontest.Plan{Call: 1, For: -1})
	for path, want := range map[string]string{
		"/":         "<!doctype html><title>Service Unavailable</title><h1>Service Unavailable</h1>\n",
		"/api/note": `{"error":"Service Unavailable"}` + "\n",
	} {
		if p := b.Get(path); p.Status != http.StatusServiceUnavailable || p.Body != want {
			t.Errorf("%s: %d %q", path, p.Status, p.Body)
		}
	}
}
