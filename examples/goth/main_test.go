package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/markbates/goth"
	"github.com/markbates/goth/gothic"
	"github.com/markbates/goth/providers/faux"

	"github.com/doorbook/doorbook/examples/internal/browser"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sessiontest"
)

// underway is a browser that was sent to the provider, and the way back that the provider would
// send it.
func underway(t *testing.T, h http.Handler) (b *browser.Browser, back string) {
	t.Helper()
	b = browser.New(t, h)
	b.Client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p := b.Post("/auth/faux")
	to, err := url.Parse(p.Header.Get("Location"))
	if err != nil || p.Status != http.StatusSeeOther || to.Query().Get("state") == "" {
		t.Fatalf("%d to %q, %v", p.Status, p.Header.Get("Location"), err)
	}
	return b, "/auth/faux/callback?" + url.Values{"code": {"a code"}, "state": {to.Query().Get("state")}}.Encode()
}

func TestStory(t *testing.T) {
	goth.UseProviders(&faux.Provider{})
	clock := sessiontest.NewClock(time.Now())
	h := site(browser.Sessions(t, session.Config{Now: clock.Now}))
	b, back := underway(t, h)
	if p := b.Get(strings.Replace(back, "state=", "state=x", 1)); p.Status != http.StatusBadGateway {
		t.Errorf("a stranger's state: %d %q", p.Status, p.Body)
	}
	if p := b.Get(back); p.Status != http.StatusBadGateway {
		t.Errorf("after another return: %d %q", p.Status, p.Body)
	}

	b, back = underway(t, h)
	clock.Advance(11 * time.Minute)
	if p := b.Get(back); p.Status != http.StatusBadGateway {
		t.Errorf("too late: %d %q", p.Status, p.Body)
	}

	b, back = underway(t, h)
	if p := b.Get(back); p.Status != http.StatusSeeOther {
		t.Errorf("there and back: %d %q", p.Status, p.Body)
	}
	old := b.Cookies()
	if p := b.Get("/"); len(old) != 1 || p.Body != "Hello \"faux:id\"\n" {
		t.Errorf("signed in with %d cookies: %q", len(old), p.Body)
	}
	if p := b.Get(back); p.Status != http.StatusBadGateway {
		t.Errorf("a second return: %d %q", p.Status, p.Body)
	}
	b.Post("/logout")
	b.Present(old)
	if p := b.Get("/"); p.Body != "Hello \"\"\n" {
		t.Errorf("the old cookie: %q", p.Body)
	}
}

// What does not fit is refused; what fits comes back, bytes that are no UTF-8 among it.
func TestStore(t *testing.T) {
	sessions := sessiontest.New(t)
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	for _, step := range []func(w http.ResponseWriter, r *http.Request){
		func(w http.ResponseWriter, r *http.Request) {
			g, err := store{}.Get(r, gothic.SessionName)
			if err != nil || !g.IsNew {
				t.Errorf("at first: new %t, %v", g.IsNew, err)
			}
			g.Values["n"] = 1
			if err := g.Save(r, w); err == nil {
				t.Error("a number fits")
			}
			delete(g.Values, "n")
			g.Values["a"], g.Options.MaxAge = "\xff\x00", 0
			if err := g.Save(r, w); err != nil {
				t.Error(err)
			}
		},
		func(_ http.ResponseWriter, r *http.Request) {
			g, err := store{}.Get(r, gothic.SessionName)
			if g.Values["a"] != "\xff\x00" || g.IsNew || err != nil {
				t.Errorf("at the next request: %q, new %t, %v", g.Values, g.IsNew, err)
			}
		},
	} {
		rec := httptest.NewRecorder()
		sessions.Handler(http.HandlerFunc(step)).ServeHTTP(rec, r)
		r = sessiontest.Next(r, rec.Result(), http.MethodPost, "/")
	}
}
