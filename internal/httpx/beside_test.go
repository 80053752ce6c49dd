package httpx_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestBeside: under the host of an application its scripts neither read our pages nor send our forms
// nor use the JSON interface as whoever looks at them; people and tokens do as before.
func TestBeside(t *testing.T) {
	t.Parallel()
	s, _ := behind(t)
	ada := s.Developer("Ada", account.Member)
	v := s.SignedInAt(pages, ada)
	ways := map[string][]string{ // what browsers say with each
		"fetched":          {"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"},
		"fetched, no-cors": {"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "empty"},
		"framed":           {"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"},
		"an object":        {"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "object"},
		"a script":         {"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"},
		"said twice":       {"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Mode", "cors"},
	}
	stranger := s.Visitor()
	for name, said := range ways {
		for _, page := range []string{"/", "/account", "/account/tokens", "/account/data", "/nothing"} {
			if a := v.Get(pages+page, said...); a.Status != http.StatusForbidden || strings.Contains(a.Body, "csrf_token") ||
				strings.Contains(a.Body, "Ada") {
				t.Errorf("%s, %s: %d", page, name, a.Status)
			}
		}
		if a := stranger.Get(pages+"/login", said...); a.Status != http.StatusForbidden || len(a.Sent) > 0 {
			t.Errorf("the sign-in page, %s: %d, cookies %v", name, a.Status, a.Sent)
		}
		if a := v.Get(pages+"/api/account", said...); a.Status != http.StatusUnauthorized || strings.Contains(a.Body, ada.Email) {
			t.Errorf("in JSON, %s: %d %s", name, a.Status, a.Body)
		}
	}
	if n := len(s.Activities(book.ActionForbidden)); n != len(ways)*6 {
		t.Errorf("%d entries of pages that were refused", n)
	}
	for _, static := range []string{"/openapi.json", "/healthz"} {
		if a := v.Get(pages+static, ways["fetched"]...); a.Status != http.StatusOK {
			t.Errorf("%s: %d", static, a.Status)
		}
	}

	if a := v.Get(pages+"/refused", ways["fetched"]...); !strings.Contains(a.Body, "is not open to you") {
		t.Errorf("what nginx shows for a script's request: %d %s", a.Status, a.Body)
	}

	opened := []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}
	if a := v.Post(pages+"/auth/logout", url.Values{"csrf_token": {""}}, opened[2:]...); a.Status != http.StatusForbidden {
		t.Errorf("a form of the application's: %d", a.Status)
	}
	if a := v.Get(pages+"/account", opened...); a.Status != http.StatusOK {
		t.Errorf("opened: %d", a.Status)
	}
	if a := v.Get(pages+"/api/account", opened...); a.Status != http.StatusOK {
		t.Errorf("opened, in JSON: %d", a.Status)
	}
	if a := v.Get(pages + "/account"); a.Status != http.StatusOK { // by a browser that says nothing
		t.Errorf("nothing said: %d", a.Status)
	}
	if a := v.JSON("GET", pages+"/api/account", ""); a.Status != http.StatusUnauthorized || !strings.Contains(a.Body, "token") {
		t.Errorf("a program with a cookie: %d %s", a.Status, a.Body)
	}
	if a := v.JSON("PATCH", pages+"/api/account", `{"name":"Eve"}`); a.Status != http.StatusUnauthorized {
		t.Errorf("a program with a cookie, changing: %d %s", a.Status, a.Body)
	}
	program := s.Visitor()
	program.Bearer = s.Token(ada, account.ScopeRead).Text
	if a := program.JSON("GET", pages+"/api/account", ""); a.Status != http.StatusOK {
		t.Errorf("a program with a token: %d", a.Status)
	}
	if a := v.Post(pages+"/auth/logout", nil, opened[2:]...); a.Status != http.StatusSeeOther {
		t.Errorf("a form of ours: %d\n%s", a.Status, a.Body)
	}
}

// TestNotBeside: where applications have hosts of their own, nobody else is of our origin at home, but
// they may be of our site.
func TestNotBeside(t *testing.T) {
	t.Parallel()
	g := &gate.Gate{Apps: []gate.App{{Name: "Wiki", Host: "wiki.test", Origin: "http://wiki.test", Rules: gate.Everybody()}}}
	s := sitetest.New(t, func(p *server.Parts) {
		p.URL, p.Gate, p.Proxy = sitetest.URL+pages, func() *gate.Gate { return g }, &application{}
	})
	if a := s.Visitor().Get(pages+"/login", "Host", "evil.example"); a.Status != http.StatusMisdirectedRequest ||
		strings.Contains(a.Header.Get("Content-Security-Policy"), "wiki.test") || !strings.Contains(a.Header.Get("Content-Security-Policy"), "form-action 'self'") {
		t.Errorf("under a name that is none: %d %v", a.Status, a.Header)
	}
	v := s.SignedInAt(pages, s.Developer("Ada", account.Member))
	if a := v.JSON("GET", pages+"/api/account", ""); a.Status != http.StatusOK {
		t.Errorf("in JSON: %d", a.Status)
	}
	if a := v.Post(pages+"/auth/logout", url.Values{"csrf_token": {""}}, "Sec-Fetch-Mode", "navigate"); a.Status != http.StatusSeeOther {
		t.Errorf("a form that the browser says is ours: %d", a.Status)
	}
	v = s.SignedInAt(pages, s.Developer("Bob", account.Member))
	way := s.Visitor().Get(pages+"/login?next=/", "Host", "wiki.test").Location()
	if _, way, _ = strings.Cut(way, sitetest.URL); !strings.HasPrefix(way, pages+"/hand-over?ask=") {
		t.Fatalf("the way in is %q", way)
	}
	if a := v.Get(way, "Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors"); a.Status != http.StatusForbidden || a.Location() != "" {
		t.Errorf("handed over by a script: %d to %q", a.Status, a.Location())
	}
	if a := v.Get(way, "Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"); a.Status != http.StatusSeeOther {
		t.Errorf("handed over: %d", a.Status)
	}
	if a := v.Get(pages+"/login", "Host", "wiki.test", "Sec-Fetch-Mode", "cors"); a.Status != http.StatusForbidden {
		t.Errorf("the way in, fetched by the application: %d", a.Status)
	}
}
