package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/e2e/apps"
	"github.com/doorbook/doorbook/e2e/rig"
)

// TestGateTwoHosts: of two applications at hosts of unlike names each is entered by the one sign-in at
// home, with a cookie of its own host alone; signed out at one, one is out at all.
func TestGateTwoHosts(t *testing.T) {
	t.Parallel()
	browser := rig.NewBrowser(t)
	addr := rig.FreeAddr(t)
	_, port, _ := strings.Cut(addr, ":")
	at := func(host string) string { return "http://" + host + ":" + port }
	hello, live := rig.HelloExample(t), &apps.Live{}
	g := rig.StartGate(t, rig.Options{Addr: addr, Args: []string{"--public-url", at("door.localhost")}},
		"wiki.localhost="+hello, "unlike-shop.localhost="+rig.Application(t, live))
	zoe(t, g)
	for title, script := range map[string]bool{"with JavaScript": true, "without": false} {
		t.Run(title, func(t *testing.T) {
			p := browser.On(t).Page(g, script)
			for _, host := range []string{"wiki.localhost", "unlike-shop.localhost"} {
				p.Also(rig.NewSite(t, at(host), ""))
			}
			p.OpenURL(at("wiki.localhost") + wanted)
			if where := p.Where(); !strings.HasPrefix(where, rig.PagesPath+"/login") {
				t.Fatalf("signed out, one is at %s: %s", where, p.Text())
			}
			enterGate(p)
			if where, text := p.Where(), p.Text(); where != at("wiki.localhost")+wanted || !strings.Contains(text, "Hello, Zoë Müller.") {
				t.Fatalf("signed in, one is at %s: %s", where, text)
			}
			first := p.Cookie(gateCookie)
			if p.OpenURL(at("unlike-shop.localhost") + wanted); p.Where() != at("unlike-shop.localhost")+wanted ||
				!strings.Contains(p.Text(), "Hello, Zoë Müller.") {
				t.Fatalf("at the other one, one is at %s: %s", p.Where(), p.Text())
			}
			second := p.Cookie(gateCookie)
			if first == nil || second == nil || first.Value == second.Value || first.Domain == second.Domain {
				t.Fatalf("cookies %+v and %+v", first, second)
			}
			// A host's cookie opens nothing at another.
			with := func(cookie, host, path string) int {
				thief := rig.NewSite(t, "http://"+addr, "").Client()
				thief.SetCookie(gateCookie, cookie)
				return thief.Send(http.MethodGet, path, "", http.Header{"Host": {host + ":" + port}, "Accept": {"application/json"}}).Status
			}
			if got := with(first.Value, "wiki.localhost", "/x"); got != 200 {
				t.Errorf("the cookie of wiki.localhost there: %d", got)
			}
			if got := with(second.Value, "door.localhost", rig.PagesPath+"/logs"); got != 401 {
				t.Errorf("the cookie of unlike-shop.localhost at home: %d", got)
			}
			if got := with(first.Value, "unlike-shop.localhost", "/x"); got != 401 {
				t.Errorf("the cookie of wiki.localhost at the other one: %d", got)
			}
			// Who has brought it there has it from elsewhere, so it is over.
			if got := with(first.Value, "wiki.localhost", "/x"); got != 401 {
				t.Errorf("a cookie that turned up elsewhere: %d", got)
			}
			p.OpenURL(at("unlike-shop.localhost") + wanted) // and so is the other one, which comes in anew by itself
			if p.Where() != at("unlike-shop.localhost")+wanted {
				t.Errorf("one is at %s", p.Where())
			}
			second = p.Cookie(gateCookie)
			p.OpenURL(at("unlike-shop.localhost") + rig.PagesPath + "/auth/logout")
			p.Click("main form button")
			if got := with(second.Value, "unlike-shop.localhost", "/x"); got != 401 {
				t.Errorf("signed out, the old cookie: %d", got)
			}
			for _, page := range []string{at("wiki.localhost") + wanted, at("door.localhost") + rig.PagesPath + "/account/sessions"} {
				if p.OpenURL(page); !strings.HasPrefix(p.Where(), rig.PagesPath+"/login") {
					t.Errorf("signed out, %s leads to %s: %s", page, p.Where(), p.Text())
				}
			}
		})
	}
}
