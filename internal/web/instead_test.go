package web_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestTiles: the overview leads to the applications that are for its reader, and to no others; to one
// of every host by this one. Guard: home.go, tiles; gate/for.go.
func TestTiles(t *testing.T) {
	t.Parallel()
	s := hosts(t, func(g *gate.Gate) {
		for i := range g.Apps {
			if g.Apps[i].Name == "Forge" {
				g.Apps[i].Rules = []gate.Rule{{Who: gate.Some, Groups: []string{"dev"}}}
			}
		}
	})
	ada := s.Developer("Ada", account.Member)
	b := s.Browser()
	a := signIn(t, b, b.Open(home+pages+"/"))
	for _, want := range []string{`href="` + wiki + `/"`, `href="` + home + `/"`, "<bdi>Wiki</bdi>", "Your applications"} {
		wantBody(t, "the overview", a, 200, want)
	}
	if strings.Contains(a.Body, "Forge") {
		t.Error("an application for others")
	}
	if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, ada.ID, account.Change{Groups: &[]string{"dev"}}, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	wantBody(t, "in the group", b.Open(home+pages+"/"), 200, `href="`+forge+`/"`)

	one := hosts(t, func(g *gate.Gate) { g.Apps = []gate.App{{Name: "One", Rules: gate.Everybody()}} })
	one.Developer("Ada", account.Member)
	b = one.Browser()
	a = signIn(t, b, b.Open(home+pages+"/"))
	wantBody(t, "of every host", a, 200, `<a href="/" rel="external"><bdi>One</bdi> <span>door.example.org</span>`)
	none := hosts(t, func(g *gate.Gate) { g.Apps[0].Rules, g.Apps[1].Rules, g.Apps[2].Rules = nil, nil, nil })
	none.Developer("Ada", account.Member)
	b = none.Browser()
	if a = signIn(t, b, b.Open(home+pages+"/")); strings.Contains(a.Body, "Your applications") {
		t.Error("a heading without applications")
	}
}

// TestNotForYou: who may not enter is told whose page it is, whom to ask and who they are, under every
// host, and can go on from there; programs get JSON. Guard: instead.go.
func TestNotForYou(t *testing.T) {
	t.Parallel()
	for contact, shown := range map[string]string{
		"it@example.org":            `<a href="mailto:it@example.org" rel="external"><bdi>it@example.org</bdi></a>.`,
		"https://help.example.org/": `<a href="https://help.example.org/" rel="external"><bdi>https://help.example.org/</bdi></a>.`,
		"Grace, next door":          `<bdi>Grace, next door</bdi>.`,
		"":                          "ask whoever looks after it.",
		"javascript:alert(1)":       "<bdi>javascript:alert(1)</bdi>.",
	} {
		s := hosts(t, func(g *gate.Gate) {
			g.Contact = contact
			for i := range g.Apps {
				g.Apps[i].Rules = []gate.Rule{{Who: gate.Some, Groups: []string{"ops"}, Paths: []string{"/ops"}}, {Who: gate.SignedIn, Paths: []string{"/p"}}}
			}
		})
		s.Developer("Ada", account.Member)
		b := s.Browser()
		signIn(t, b, b.Open(wiki+"/p"))
		for at, name := range map[string]string{home: "Notes", wiki: "Wiki"} {
			b.Open(at + "/p")
			a := b.Open(at + "/ops")
			for _, want := range []string{
				"This part of <bdi>" + name + "</bdi> is not for you", "<bdi>ada@example.org</bdi>", shown, `action="` + pages + `/auth/logout"`,
				`href="` + pages + `/"`, "quote this request",
			} {
				wantBody(t, at, a, 403, want)
			}
			wantBody(t, "the overview from "+at, b.Open(at+pages+"/"), 200, "Welcome Ada")
			a = b.At(at).Get("/ops", "Sec-Fetch-Mode", "cors")
			wantBody(t, "a program", a, 403, `{"status":false,"error":"This part of `+name)
		}
		a := b.At(wiki).Post(pages+"/auth/logout", nil)
		if a.Status != http.StatusSeeOther {
			t.Errorf("sign-out: %d", a.Status)
		}
	}
}

// away is an application that gives no answer: late or never.
type noAnswer struct{ late bool }

func (n *noAnswer) Serve(w http.ResponseWriter, r *http.Request, c *gate.Carry) {
	c.Failed(w, r, errors.New("dial tcp 10.1.2.3:4567: connect: connection refused"), n.late)
}

// TestR18Unreached: of an application that gives no answer people are told so, with the request to
// quote and a way to try again, and never where it is. Guard: instead.go; view/errorpage.go.
func TestR18Unreached(t *testing.T) {
	t.Parallel()
	g := &gate.Gate{Apps: []gate.App{{
		Name: "Wiki", Rules: []gate.Rule{{Who: gate.Anyone}}, Upstream: &gate.Upstream{URL: &url.URL{Scheme: "http", Host: "10.1.2.3:4567"}},
	}}}
	app := &noAnswer{}
	s := sitetest.New(t, func(p *server.Parts) {
		p.URL, p.Gate, p.Proxy = sitetest.URL+pages, func() *gate.Gate { return g }, app
	})
	v := s.Visitor()
	for late, want := range map[bool]string{false: "No answer from the application", true: "The application took too long"} {
		app.late = late
		status := map[bool]int{false: http.StatusBadGateway, true: http.StatusGatewayTimeout}[late]
		a := v.Get("/page/%2Fa?q=1&b=2", "Sec-Fetch-Mode", "navigate")
		wantBody(t, "opened", a, status, want)
		wantBody(t, "opened", a, status, `href="/page/%2Fa?q=1&amp;b=2">Try again</a>`)
		wantBody(t, "opened", a, status, "<code>"+a.Header.Get("X-Request-Id")+"</code>")
		wantBody(t, "opened", a, status, "Wiki ")
		sent := v.Post("/save", nil, "Sec-Fetch-Mode", "navigate", "Referer", sitetest.URL+"/form?id=1")
		wantBody(t, "sent", sent, status, `href="/form?id=1">Try again</a>`)
		double := v.Do("GET", "//evil.example/x", "", "Sec-Fetch-Mode", "navigate")
		program := v.Get("/page", "Sec-Fetch-Mode", "cors")
		wantBody(t, "a program", program, status, `{"status":false`)
		for _, a := range []*sitetest.Answer{a, sent, double, program} {
			for _, never := range []string{"10.1.2.3", "4567", "connection refused", `href="//`} {
				if strings.Contains(a.Body, never) {
					t.Errorf("the answer says %q:\n%s", never, a.Body)
				}
			}
		}
	}
}

// TestUnreadable: what to do about an address that cannot be read is said. Guard: instead.go.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	s := hosts(t, guarded)
	s.Developer("Ada", account.Member)
	b := s.Browser()
	signIn(t, b, b.Open(wiki+"/"))
	a := b.Open(wiki + "/x/..%2fadmin")
	wantBody(t, "unreadable", a, 400, "leave them out")
	wantBody(t, "unreadable", a, 400, `<a href="/">Go to the first page of <bdi>Wiki</bdi></a>`)
}
