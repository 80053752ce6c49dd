package web_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

const (
	pages  = "/.doorbook"
	home   = "https://door.example.org"
	wiki   = "https://wiki.example.org"
	forge  = "https://git.example.net:8443" // of another domain, at another port
	signed = home + pages + "/login"
)

// carried is an application that says who came, and to what.
type carried struct{}

func (carried) Serve(w http.ResponseWriter, r *http.Request, c *gate.Carry) {
	_, _ = io.WriteString(w, c.App.Name+" "+r.URL.RequestURI()+" "+c.Developer.Name)
}

// hosts is a site with applications under three hosts, of which the first is home.
func hosts(t *testing.T, change ...func(*gate.Gate)) *sitetest.Site {
	t.Helper()
	g := &gate.Gate{Identity: gate.Identity{Names: gate.DefaultNames()}}
	for name, origin := range map[string]string{"Notes": home, "Wiki": wiki, "Forge": forge} {
		u, err := url.Parse(origin)
		if err != nil {
			t.Fatal(err)
		}
		g.Apps = append(g.Apps, gate.App{
			Name: name, Host: u.Hostname(), Origin: origin, Rules: gate.Everybody(), Upstream: &gate.Upstream{URL: &url.URL{Scheme: "http", Host: "127.0.0.1:1"}},
		})
	}
	for _, f := range change {
		f(g)
	}
	return sitetest.New(t, func(p *server.Parts) {
		p.URL, p.HTTPS, p.Gate, p.Proxy = home+pages, true, func() *gate.Gate { return g }, carried{}
	})
}

// signIn fills in the sign-in page at home, to which the last way led, and goes on from there.
func signIn(t *testing.T, b *sitetest.Browser, a *sitetest.Answer) *sitetest.Answer {
	t.Helper()
	return signInAs(t, b, a, "ada@example.org")
}

func signInAs(t *testing.T, b *sitetest.Browser, a *sitetest.Answer, email string) *sitetest.Answer {
	t.Helper()
	last := b.Trail[len(b.Trail)-1]
	if a.Status != http.StatusOK || !strings.HasPrefix(last, signed) {
		t.Fatalf("no sign-in page: %d at %s", a.Status, last)
	}
	u, err := url.Parse(last)
	if err != nil {
		t.Fatal(err)
	}
	form := url.Values{"email": {email}, "password": {sitetest.Password}, "next": {u.Query().Get("next")}}
	return b.Follow(home+pages+"/auth/login", b.At(home).Post(pages+"/auth/login", form, "Referer", last))
}

func wantBody(t *testing.T, what string, a *sitetest.Answer, status int, text string) {
	t.Helper()
	if a.Status != status || !strings.Contains(a.Body, text) {
		t.Errorf("%s: %d, want %d with %q:\n%.600s", what, a.Status, status, text, a.Body)
	}
}

// TestR6ManyHosts: one sign-in at home lets in under all hosts, of unlike domains and at other ports,
// each with a cookie of its own; and the book keeps neither asks nor codes.
// Guard: handover.go, Web.enter, Web.handOver, Web.arrive.
func TestR6ManyHosts(t *testing.T) {
	t.Parallel()
	s := hosts(t)
	s.Developer("Ada", account.Member)
	b := s.Browser()
	const page = "/page/%2Fa?q=1&b=%26%20&c=a+b&d"
	a := signIn(t, b, b.Open(wiki+page))
	wantBody(t, "the wiki", a, 200, "Wiki "+page+" Ada")
	c := b.At(wiki).Cookies
	if c["__Host-doorbook"] == "" || c["__Host-doorbook"] == b.At(home).Cookies["__Host-doorbook"] {
		t.Errorf("cookies %v", c)
	}
	a = b.Open(forge + "/x")
	wantBody(t, "the forge", a, 200, "Forge /x Ada")
	for _, step := range b.Trail {
		if strings.Contains(step, "/login") && !strings.HasPrefix(step, forge) {
			t.Errorf("who is signed in was asked again: %q", b.Trail)
		}
	}
	wantBody(t, "home", b.Open(home+"/y"), 200, "Notes /y Ada")
	for _, e := range s.Entries("") {
		if strings.Contains(e.URL, "ask=") && !strings.HasSuffix(e.URL, book.Redacted) || strings.Contains(e.URL, "code=") && !strings.HasSuffix(e.URL, book.Redacted) {
			t.Errorf("the book keeps %q", e.URL)
		}
	}
	if n := len(s.Activities(book.ActionArrived)); n != 2 {
		t.Errorf("%d arrivals are entered", n)
	}
}

// TestR6Attributes: the cookie under another host is that of home, with all its attributes; the one
// for the way goes; and no address with a code is told to anybody. Guard: handover.go, away.
func TestR6Attributes(t *testing.T) {
	t.Parallel()
	s := hosts(t)
	s.Developer("Ada", account.Member)
	b := s.Browser()
	signIn(t, b, b.Open(home+"/"))
	a := b.At(wiki).Get(pages + "/login?next=/p")
	if c := a.Cookie("__Host-doorbook-enter"); c == nil || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 3600 {
		t.Fatalf("the nonce: %v", c)
	}
	over := b.At(home).Get(strings.TrimPrefix(a.Location(), home))
	in := b.At(wiki).Get(strings.TrimPrefix(over.Location(), wiki))
	if in.Status != http.StatusSeeOther || in.Location() != "/p" {
		t.Fatalf("%d to %q", in.Status, in.Location())
	}
	for name, a := range map[string]*sitetest.Answer{"to home": a, "from home": over, "in": in} {
		if a.Header.Get("Referrer-Policy") != "no-referrer" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", name, a.Header)
		}
	}
	c := in.Cookie("__Host-doorbook")
	if c == nil || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 0 {
		t.Errorf("the session's: %v", c)
	}
	if k := in.Cookie("__Host-doorbook-enter"); k == nil || k.MaxAge != 60 || k.Value == a.Cookie("__Host-doorbook-enter").Value {
		t.Errorf("the nonce afterwards: %v", k)
	}
	// Once more, by the same code: who is in stays in.
	if again := b.At(wiki).Get(strings.TrimPrefix(over.Location(), wiki)); again.Status != http.StatusSeeOther || again.Location() != "/p" {
		t.Errorf("reloaded: %d to %q", again.Status, again.Location())
	}
}

// TestR6OnlyHome: what is no page of every host leads home, and changes nothing elsewhere.
// Guard: httpx/admit.go, Edge.admit, Away; httpx/away.go, Edge.homeInstead.
func TestR6OnlyHome(t *testing.T) {
	t.Parallel()
	s := hosts(t)
	s.Developer("Ada", account.Member)
	b := s.Browser()
	signIn(t, b, b.Open(wiki+"/"))
	v := b.At(wiki)
	for path, want := range map[string]string{
		"/": "/", "/account/sessions?x=1": "/account/sessions?x=1", "/register": "/register", "/setup": "/setup", "/people": "/people", "/link/x": "/link/x", "/hand-over?ask=x": "/hand-over?ask=x",
	} {
		if a := v.Get(pages + path); a.Status != http.StatusSeeOther || a.Location() != home+pages+want {
			t.Errorf("%s: %d to %q", path, a.Status, a.Location())
		}
	}
	for _, path := range []string{"/auth/login", "/auth/register", "/account/sessions/end-all", "/setup"} {
		if a := v.Post(pages+path, url.Values{"email": {"ada@example.org"}, "password": {sitetest.Password}}); a.Status != http.StatusNotFound {
			t.Errorf("POST %s: %d", path, a.Status)
		}
	}
	if a := v.JSON("GET", pages+"/api/account", ""); a.Status != http.StatusNotFound {
		t.Errorf("JSON: %d", a.Status)
	}
	wantBody(t, "afterwards", b.Open(wiki+"/"), 200, "Ada")
}

// TestR5WayBack: whatever stands in "next", a browser is let in at a page of the host that it asked
// for. Guard: httpx/away.go, Inside, localOr.
func TestR5WayBack(t *testing.T) {
	t.Parallel()
	s := hosts(t)
	s.Developer("Ada", account.Member)
	b := s.Browser()
	signIn(t, b, b.Open(home+"/"))
	for next, want := range map[string]string{
		"/a/b?c=d&e=%2F#f": "/a/b?c=d&e=%2F", "/%2F%2Fevil.test": "/", "/a/%2F": "/a/%2F", "/a/../b/": "/a/../b/", "/a//b": "/a//b",
		"//evil.test": "/", `/\evil.test`: "/", `\\evil.test`: "/", "https:evil.test": "/", "https:///evil.test": "/", "/\t/evil.test": "/", "/%09/evil.test": "/",
		"https://evil.test/": "/", "https://wiki.example.org@evil.test/": "/", "https://wiki.example.org.evil.test/": "/", "https://evilwiki.example.org/": "/",
		"https://wiki.example.org:444/": "/", "http://wiki.example.org/": "/", wiki + "/a": "/", "javascript:alert(1)": "/", "data:text/html,x": "/", "ftp://wiki.example.org/": "/",
		"": "/", "a": "/", "?a": "/", "/a\r\nSet-Cookie: x=y": "/", "/" + strings.Repeat("a", 2100): "/", "/ä": "/", "/a b": "/", "/%zz": "/", "/%5Cevil.test": "/",
		pages + "/login": "/", pages + "/arrive?code=x": "/", pages + "/auth/logout": "/",
	} {
		b.At(wiki).Cookies = map[string]string{}
		b.Open(wiki + pages + "/login?next=" + url.QueryEscape(next))
		want, _, _ = strings.Cut(want, "#")
		if last := b.Trail[len(b.Trail)-1]; strings.TrimSuffix(last, "#f") != wiki+want {
			t.Errorf("next=%q: %q", next, b.Trail)
		}
		for _, step := range b.Trail {
			if !strings.HasPrefix(step, wiki+"/") && !strings.HasPrefix(step, home+"/") {
				t.Errorf("next=%q led to %q", next, step)
			}
		}
	}
}

// TestR5OnlyConfigured: an ask for a host that is none leads nowhere, also one that we signed once.
// Guard: httpx/away.go, AtHost.
func TestR5OnlyConfigured(t *testing.T) {
	t.Parallel()
	var g *gate.Gate
	s := hosts(t, func(made *gate.Gate) { g = made })
	s.Developer("Ada", account.Member)
	b := s.Browser()
	signIn(t, b, b.Open(home+"/"))
	to := b.At(wiki).Get(pages + "/login?next=/p").Location()
	for i := range g.Apps {
		if g.Apps[i].Origin == wiki {
			g.Apps = append(g.Apps[:i], g.Apps[i+1:]...)
			break
		}
	}
	for _, address := range []string{to, to + "x", home + pages + "/hand-over", home + pages + "/hand-over?ask=x"} {
		a := b.Open(address)
		wantBody(t, address[:40], a, http.StatusNotFound, "")
		if len(b.Trail) != 1 {
			t.Errorf("it led to %q", b.Trail)
		}
	}
	if a := b.At("https://evil.test").Get(pages + "/login?next=/p"); a.Status != http.StatusMisdirectedRequest {
		t.Errorf("a host that is none: %d to %q", a.Status, a.Location())
	}
}

// TestR4LongWay: the way back comes through the sign-in page as it was; one that is too long for that
// is left behind, and who is signed in keeps it. Guard: handover.go, Web.signInFirst.
func TestR4LongWay(t *testing.T) {
	t.Parallel()
	s := hosts(t)
	s.Developer("Ada", account.Member)
	middle, long := "/m?q="+strings.Repeat("m&n=", 300), "/l?q="+strings.Repeat("l&n=", 500)
	b := s.Browser()
	wantBody(t, "1200 bytes", signIn(t, b, b.Open(wiki+middle)), 200, "Wiki "+middle+" Ada")
	b = s.Browser()
	wantBody(t, "2000 bytes", signIn(t, b, b.Open(wiki+long)), 200, "Wiki / Ada")
	wantBody(t, "2000 bytes, signed in", b.Open(forge+long), 200, "Forge "+long+" Ada")
}

// TestR6TabsAtOnce: of several pages that a browser opens at once, before it has any cookie, each ends
// where it wanted. Guard: handover.go, Web.arrive; httpx/enter.go, KeepEntering.
func TestR6TabsAtOnce(t *testing.T) {
	t.Parallel()
	s := hosts(t)
	s.Developer("Ada", account.Member)
	b := s.Browser()
	signIn(t, b, b.Open(home+"/"))
	v := b.At(wiki)
	var asks [3]string
	for i := range asks { // none of them brings what the others got
		tab := v.Clone()
		asks[i] = tab.Get(pages + "/login?next=/" + string(rune('a'+i))).Location()
		if i == 2 {
			v.Cookies = tab.Cookies // the last one stays
		}
	}
	var codes [3]string
	for i := range asks {
		codes[i] = b.At(home).Get(strings.TrimPrefix(asks[i], home)).Location()
	}
	for i := range codes {
		wantBody(t, codes[i][:40], b.Open(codes[i]), 200, "Wiki /"+string(rune('a'+i))+" Ada")
	}
}

// TestR7Loop: a browser that keeps no cookies under a host, or not that of its session, is told at the
// third return what to check. Guard: handover.go, mostReturns; httpx/enter.go, Enters.
func TestR7Loop(t *testing.T) {
	t.Parallel()
	for name, forgets := range map[string]func(cookies map[string]string){
		"keeps nothing":     func(c map[string]string) { clear(c) },
		"keeps no session":  func(c map[string]string) { delete(c, "__Host-doorbook") },
		"keeps another one": func(c map[string]string) { c["__Host-doorbook"] = "another" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := hosts(t)
			s.Developer("Ada", account.Member)
			b := s.Browser()
			signIn(t, b, b.Open(home+"/"))
			address, a, steps := wiki+"/p?q=1", (*sitetest.Answer)(nil), 0
			for ; steps < 30; steps++ {
				origin, path, _ := strings.Cut(strings.TrimPrefix(address, "https://"), "/")
				v := b.At("https://" + origin)
				if "https://"+origin == wiki {
					forgets(v.Cookies)
				}
				a = v.Get("/"+path, "Sec-Fetch-Mode", "navigate")
				if a.Status != http.StatusSeeOther {
					break
				}
				if address = a.Location(); strings.HasPrefix(address, "/") {
					address = "https://" + origin + address
				}
			}
			wantBody(t, "after the third", a, http.StatusForbidden, "Your browser did not keep the sign-in for <bdi>wiki.example.org</bdi>")
			for _, part := range []string{"Cookies.", "https://", "clock", "settings", a.Header.Get("X-Request-Id"), `href="` + pages + `/login?next=%2Fp%3Fq%3D1"`} {
				if !strings.Contains(a.Body, part) {
					t.Errorf("it does not say %q", part)
				}
			}
			if steps > 12 {
				t.Errorf("it took %d steps", steps)
			}
			if forgets(b.At(wiki).Cookies); name == "keeps nothing" {
				return
			}
			// What helps is seen at once.
			delete(b.At(wiki).Cookies, "__Host-doorbook")
			wantBody(t, "tried again", b.Open(wiki+pages+"/login?next=/p"), 200, "Wiki /p Ada")
		})
	}
}

// TestR6NonceOfAnotherHost: what a browser keeps under one host counts under no other.
// Guard: httpx/enter.go, enterMessage.
func TestR6NonceOfAnotherHost(t *testing.T) {
	t.Parallel()
	s := hosts(t)
	b := s.Browser()
	const name, path = "__Host-doorbook-enter", pages + "/login?next=/p"
	first := b.At(wiki).Get(path).Cookie(name)
	if first == nil || b.At(wiki).Get(path).Cookie(name) != nil {
		t.Fatal("it is not kept under its own host")
	}
	b.At(forge).Cookies[name] = first.Value
	if b.At(forge).Get(path).Cookie(name) == nil {
		t.Error("it is taken for one of this host")
	}
}

// TestR7NotInVain: who comes back after a minute, or has signed out in between, is in no loop.
// Guard: httpx/enter.go, enterOver; handover.go, Web.logout.
func TestR7NotInVain(t *testing.T) {
	t.Parallel()
	s := hosts(t)
	s.Developer("Ada", account.Member)
	b := s.Browser()
	signIn(t, b, b.Open(wiki+"/"))
	for range 5 {
		b.At(wiki).Get(pages + "/auth/logout")
		if a := b.At(wiki).Post(pages+"/auth/logout", nil); a.Status != http.StatusSeeOther {
			t.Fatalf("signing out: %d", a.Status)
		}
		wantBody(t, "signed in anew", signIn(t, b, b.Open(wiki+"/")), 200, "Wiki / Ada")
	}
	for range 5 {
		s.Clock.Turn(time.Minute)
		delete(b.At(wiki).Cookies, "__Host-doorbook")
		wantBody(t, "a minute later", b.Open(wiki+"/"), 200, "Wiki / Ada")
	}
}

// TestR15SignOut: under every host a page asks, and its form signs out under all of them; then the
// browser is where the settings say. Guard: handover.go, Web.logout, Web.signOutPage.
func TestR15SignOut(t *testing.T) {
	t.Parallel()
	const bye = "https://example.org/bye"
	for name, c := range map[string]struct {
		at     string
		change func(*gate.Gate)
		want   string
	}{
		"at home": {home, nil, pages + "/login"}, "elsewhere": {wiki, nil, home + pages + "/auth/logout"},
		"to a place": {wiki, func(g *gate.Gate) { g.SignedOut = bye }, bye}, "from home to a place": {home, func(g *gate.Gate) { g.SignedOut = bye }, bye},
		"to the application's own": {wiki, func(g *gate.Gate) { signOutAt(g, "/logout?x=1") }, "/logout?x=1"},
		"which leads elsewhere":    {wiki, func(g *gate.Gate) { signOutAt(g, "//evil.test/") }, home + pages + "/auth/logout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := hosts(t, func(g *gate.Gate) {
				if c.change != nil {
					c.change(g)
				}
			})
			ada := s.Developer("Ada", account.Member)
			b := s.Browser()
			signIn(t, b, b.Open(wiki+"/"))
			b.Open(forge + "/")
			v := b.At(c.at)
			wantBody(t, "the page", v.Get(pages+"/auth/logout"), 200, "Sign out?")
			wantBody(t, "before", b.Open(wiki+"/"), 200, "Ada")
			a := v.Post(pages+"/auth/logout", url.Values{"next": {"https://evil.test/"}, "rd": {"https://evil.test/"}})
			if a.Status != http.StatusSeeOther || a.Location() != c.want || a.Header.Get("Clear-Site-Data") == "" {
				t.Errorf("%d to %q, want %q", a.Status, a.Location(), c.want)
			}
			for _, origin := range []string{home, wiki, forge} {
				b.Open(origin + "/")
				if last := b.Trail[len(b.Trail)-1]; !strings.HasPrefix(last, signed) {
					t.Errorf("under %s still signed in: %q", origin, b.Trail)
				}
				wantBody(t, "the page afterwards", b.Open(origin+pages+"/auth/logout"), 200, "You are signed out")
			}
			if n := len(s.Activities(book.ActionSignOut)); n != 1 || s.Activities(book.ActionSignOut)[0].User != ada.ID {
				t.Errorf("entered %d times", n)
			}
		})
	}
}

func signOutAt(g *gate.Gate, path string) {
	for i := range g.Apps {
		g.Apps[i].SignOut = path
	}
}

// TestR15Forgery: another site, and another host of ours, cannot sign anybody out.
// Guard: httpx/origin.go, Edge.isOurs.
func TestR15Forgery(t *testing.T) {
	t.Parallel()
	s := hosts(t)
	s.Developer("Ada", account.Member)
	b := s.Browser()
	signIn(t, b, b.Open(wiki+"/"))
	v := b.At(wiki)
	for name, headers := range map[string][]string{
		"another site": {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.test"}, "home": {"Origin", home}, "another host": {"Origin", forge},
		"in the clear": {"Origin", "http://wiki.example.org"}, "another port": {"Origin", "https://wiki.example.org:8443"},
		"without a token": {},
	} {
		a := v.Do("POST", pages+"/auth/logout", "x=y", append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
		if a.Status != http.StatusForbidden {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	wantBody(t, "afterwards", b.Open(wiki+"/"), 200, "Ada")
	v.Get(pages + "/auth/logout")
	v.Old = true
	if a := v.Do("POST", pages+"/auth/logout", url.Values{"csrf_token": {v.Token}}.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Origin", wiki); a.Status != http.StatusSeeOther {
		t.Errorf("its own: %d", a.Status)
	}
}

// TestR15HalfOut: where the session under a host has ended and that at home has not, who signs out
// is led home, where they can. Guard: httpx/admit.go, Edge.mayPass, Out; handover.go, signOutPage.
func TestR15HalfOut(t *testing.T) {
	t.Parallel()
	s := hosts(t)
	s.Developer("Ada", account.Member)
	b := s.Browser()
	signIn(t, b, b.Open(wiki+"/"))
	v := b.At(wiki)
	v.Get(pages + "/auth/logout")
	delete(v.Cookies, "__Host-doorbook")
	a := v.Post(pages+"/auth/logout", nil)
	if a.Status != http.StatusSeeOther || a.Location() != home+pages+"/auth/logout" {
		t.Fatalf("%d to %q", a.Status, a.Location())
	}
	wantBody(t, "at home", b.Open(a.Location()), 200, "Sign out?")
	wantBody(t, "by the page", b.Open(wiki+pages+"/auth/logout"), 200, "Sign out?")
}

// TestFormsGoOn: a browser lets a form end under another host of the site, and nowhere else.
// Guard: httpx/away.go, Edge.policy.
func TestFormsGoOn(t *testing.T) {
	t.Parallel()
	s := hosts(t, func(g *gate.Gate) { g.SignedOut = "https://example.org/bye" })
	policy := s.Browser().Open(home + pages + "/login").Header.Get("Content-Security-Policy")
	_, actions, _ := strings.Cut(policy, "form-action ")
	actions, _, _ = strings.Cut(actions, ";")
	got := map[string]bool{}
	for _, one := range strings.Fields(actions) {
		got[one] = true
	}
	for _, want := range []string{"'self'", home, wiki, forge, "https://example.org"} {
		if !got[want] {
			t.Errorf("no %s in %q", want, actions)
		}
	}
	if len(got) != 5 || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
}

// TestCountedOnce: whoever is let in under other hosts, too, is signed in on one device; and an address
// at which nothing stands knows who they are. Guard: sqlite/people.go, accounts.presence;
// httpx/pass.go, Edge.pass.
func TestCountedOnce(t *testing.T) {
	t.Parallel()
	s := hosts(t, func(g *gate.Gate) {
		for i := range g.Apps {
			if g.Apps[i].Host == "door.example.org" {
				g.Apps[i].Upstream = nil
			}
		}
	})
	ada := s.Developer("Ada", account.Member)
	b := s.Browser()
	signIn(t, b, b.Open(wiki+"/"))
	b.Open(forge + "/")
	found, err := s.DB.Accounts().Presence(t.Context(), []string{ada.ID}, s.Clock.Now())
	if err != nil || found[ada.ID].Sessions != 1 {
		t.Errorf("she is here %+v, %v", found[ada.ID], err)
	}
	a := b.At(home).Get("/nonsense")
	if a.Status != http.StatusNotFound || !strings.Contains(a.Body, "Ada") || strings.Contains(a.Body, "sign-in page") {
		t.Errorf("where nothing stands: %d %s", a.Status, a.Body)
	}
}
