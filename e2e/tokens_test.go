package e2e_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestTokens: somebody makes a token on the page, a program uses it, and is refused once the token
// has ended; with and without script.
func TestTokens(t *testing.T) {
	t.Parallel()
	browser := rig.NewBrowser(t)
	axe := rig.Axe(t)
	for _, tt := range []struct {
		name   string
		script bool
	}{{"with JavaScript", true}, {"without JavaScript", false}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := rig.Start(t, rig.Options{})
			s.Member("Ada Lovelace", "ada@example.org").SignOut()
			p := browser.On(t).Page(s, tt.script)
			enter(t, p, "ada@example.org")
			openMenu(p)
			p.Click(`.nav a[href="/account/tokens"]`)
			look := func(name string) {
				t.Helper()
				if tt.script {
					p.Accessible(axe, name)
					p.Fits(name)
					p.Shoot(name)
				}
			}
			look("tokens-none")
			p.Click(`main a[href="/account/tokens/new"]`)
			if status := p.Click(`form[action="/account/tokens"] button`); status != http.StatusUnprocessableEntity {
				t.Errorf("an empty form: %d", status)
			}
			look("token-wrong")
			p.Type("name", "nightly build")
			p.Do(chromedp.Focus("#read"))
			p.Do(chromedp.KeyEvent(" "))
			p.Click(`form[action="/account/tokens"] button`)
			token := regexp.MustCompile(`dbk_[A-Z2-7]{33}`).FindString(p.Text())
			if token == "" {
				t.Fatalf("no token: %s", p.Text())
			}
			look("token-made")
			bearer := http.Header{"Authorization": {"Bearer " + token}}
			if a := s.Client().Send("GET", "/logs", "", bearer); a.Status != 200 {
				t.Errorf("the token: %d %s", a.Status, a.Body)
			}
			p.Open("/")
			if text := p.Text(); !strings.Contains(text, "By the token nightly build") {
				t.Errorf("the book does not name the token: %s", text)
			}
			p.Open("/account/tokens")
			if text := p.Text(); !strings.Contains(text, "nightly build") || strings.Contains(text, token) || !strings.Contains(text, "last used") {
				t.Errorf("the list: %s", text)
			}
			if here := p.Count(`.tabs [aria-current=page]`); here != 1 {
				t.Errorf("%d tabs are marked", here)
			}
			look("tokens")
			p.Click(`article button`)
			if text := p.Text(); !strings.Contains(text, "The token nightly build has ended.") {
				t.Errorf("ended: %s", text)
			}
			if a := s.Client().Send("GET", "/logs", "", bearer); a.Status != http.StatusUnauthorized {
				t.Errorf("the token after its end: %d", a.Status)
			}
		})
	}
}

// TestTokensOnMongo: the same over MongoDB, by JSON and on the command line; a new password ends what
// is left.
func TestTokensOnMongo(t *testing.T) {
	t.Parallel()
	env := []string{"DOORBOOK_DATABASE=" + newDatabase(t)}
	s := rig.Start(t, rig.Options{Env: env})
	ada := s.Member("Ada Lovelace", "ada@example.org")
	env = append(env, "DOORBOOK_DATA="+s.Dir)
	run := func(args ...string) string {
		t.Helper()
		r := rig.Run(t, env, "marble fox dances at noon\n", args...)
		if r.Code != 0 {
			t.Errorf("%v: %d: %s", args, r.Code, r.Stderr)
		}
		return strings.TrimSpace(r.Stdout)
	}
	asked := func(token string, want int) {
		t.Helper()
		if a := s.Client().Send("GET", "/api/tokens", "", http.Header{"Authorization": {"Bearer " + token}}); a.Status != want {
			t.Errorf("status %d, want %d", a.Status, want)
		}
	}
	a := ada.JSON(http.MethodPost, "/api/tokens", map[string]any{"name": "one", "scopes": []string{"read"}})
	one := rig.Data[struct{ ID, Token string }](t, a)
	two := run("token", "add", "ada@example.org", "--name", "two", "--may", "read")
	asked(one.Token, 200)
	asked(two, 200)
	if list := run("token", "list", "ada@example.org"); !strings.Contains(list, "tokens: 2") || !strings.Contains(list, "127.0.0.1") {
		t.Errorf("the list: %s", list)
	}
	run("token", "end", "ada@example.org", one.ID)
	asked(one.Token, http.StatusUnauthorized)
	asked(two, 200)
	run("user", "password", "ada@example.org", "--password-stdin")
	asked(two, http.StatusUnauthorized)
	if list := run("token", "list", "ada@example.org"); strings.Contains(list, "live") {
		t.Errorf("after a new password: %s", list)
	}
}
