package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/doorbook/doorbook/e2e/rig"
)

const (
	firefoxAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
	iPhoneAgent  = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)

// signInAs signs somebody in with a browser that says this of itself.
func signInAs(t *testing.T, s *rig.Server, email, agent string) *rig.Client {
	t.Helper()
	c := s.Client()
	c.Header.Set("User-Agent", agent)
	if a := c.SignIn(email, rig.Password); a.Status != http.StatusSeeOther {
		t.Fatalf("sign-in of %s: %d", email, a.Status)
	}
	return c
}

// enter signs somebody in at a window.
func enter(t *testing.T, p *rig.Page, email string) {
	t.Helper()
	p.Open("/login")
	signIn(t, p, email)
}

// TestSessions: two browsers of one person; the one signs the other out, which is refused at its
// next request, with and without script.
func TestSessions(t *testing.T) {
	t.Parallel()
	browser := rig.NewBrowser(t)
	for _, tt := range []struct {
		name   string
		script bool
	}{{"with JavaScript", true}, {"without JavaScript", false}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := rig.Start(t, rig.Options{})
			s.Member("Ada Lovelace", "ada@example.org").SignOut()
			here, there := browser.On(t).Page(s, tt.script), browser.On(t).Page(s, tt.script)
			enter(t, here, "ada@example.org")
			openMenu(here)
			here.Click(`.nav a[href="/account/sessions"]`)
			if text := here.Text(); !strings.Contains(text, "You are signed in only here.") || !strings.Contains(text, "Chrome on Linux") {
				t.Errorf("alone: %s", text)
			}
			enter(t, there, "ada@example.org")
			phone := signInAs(t, s, "ada@example.org", iPhoneAgent)
			here.Open("/account/sessions")
			if n := here.Count("article"); n != 3 || !strings.Contains(here.Text(), "Signed in on 3 devices") {
				t.Fatalf("%d sessions: %s", n, here.Text())
			}
			if first := rig.Eval[string](here, "document.querySelector('article').innerText"); !strings.Contains(first, "This device") {
				t.Errorf("first comes %s", first)
			}
			if title := rig.Eval[string](here, "document.querySelector('article time').title"); len(title) < len("2026-01-31 12:00:00 UTC") {
				t.Errorf("a time's title: %q", title)
			}
			// The phone, which has signed in last, by hand.
			here.Click("li:nth-child(2) article form[action$=end] button")
			if got := rig.Eval[string](here, "document.querySelector('[role=status].flash').innerText"); got != "Safari on iPhone is signed out." {
				t.Errorf("told: %q", got)
			}
			if !rig.Until(func() bool { return rig.Eval[bool](here, "document.activeElement.matches('[role=status].flash')") }) {
				t.Error("the message has not the focus")
			}
			if a := phone.Get("/"); a.Status != http.StatusSeeOther {
				t.Errorf("the phone is still let in: %d", a.Status)
			}
			// It was not me.
			here.Click("article form[action$=disown] button")
			if here.Where() != "/account/sessions/disowned" || !strings.Contains(here.Text(), "Choose a new password") {
				t.Errorf("at %s: %s", here.Where(), here.Text())
			}
			if there.Open("/"); there.Where() != "/login" {
				t.Errorf("the other browser is at %s", there.Where())
			}
			everywhere(t, s, here)
		})
	}
}

// everywhere signs out everywhere else, then everywhere, after so long that the password is asked
// for.
func everywhere(t *testing.T, s *rig.Server, here *rig.Page) {
	t.Helper()
	phone := signInAs(t, s, "ada@example.org", iPhoneAgent)
	s.Exec(t, "doorbook.db", `UPDATE sessions SET signed_in = signed_in - 3600000`)
	here.Open("/account/sessions")
	here.Click("a[href$=end-others]")
	here.Type("current_password", "not the right one at all")
	if got := here.Click("main button.primary"); got != 422 || !strings.Contains(here.Text(), "not right") {
		t.Errorf("a wrong password: %d: %s", got, here.Text())
	}
	here.Type("current_password", rig.Password)
	if got := here.Press(kb.Enter); got != 200 || !strings.Contains(here.Text(), "1 other device is signed out.") {
		t.Errorf("the others: %d: %s", got, here.Text())
	}
	if a := phone.Get("/"); a.Status != http.StatusSeeOther {
		t.Errorf("the phone is still let in: %d", a.Status)
	}
	here.Click("a[href$=end-all]") // who has just proved the password is not asked again
	if here.Count("#current_password") != 0 {
		t.Error("asked for the password again")
	}
	if here.Click("main button.primary"); here.Where() != "/login" || !strings.Contains(here.Text(), "You are signed out everywhere: 1 device.") {
		t.Errorf("everywhere: at %s: %s", here.Where(), here.Text())
	}
}

// TestSessionsByKeyboard ends a session with no other key than Tab and Enter.
func TestSessionsByKeyboard(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	s.Member("Kim Kay", "kim@example.org").SignOut()
	p := rig.NewBrowser(t).Page(s, true)
	enter(t, p, "kim@example.org")
	phone := signInAs(t, s, "kim@example.org", iPhoneAgent)
	p.Open("/account/sessions")
	for range 30 {
		write(p, kb.Tab)
		if rig.Eval[string](p, "document.activeElement.innerText") == "Sign out Safari on iPhone" {
			break
		}
	}
	if p.Press(kb.Enter); !strings.Contains(p.Text(), "Safari on iPhone is signed out.") {
		t.Errorf("told: %s", p.Text())
	}
	if a := phone.Get("/"); a.Status != http.StatusSeeOther {
		t.Errorf("the phone is still let in: %d", a.Status)
	}
}

// TestSessionsOnMongo: by page, JSON and command line, on a database that is remote.
func TestSessionsOnMongo(t *testing.T) {
	t.Parallel()
	env := []string{"DOORBOOK_DATABASE=" + newDatabase(t)}
	s := rig.Start(t, rig.Options{Env: env})
	here := s.Member("Ada Lovelace", "ada@example.org")
	there, third := signInAs(t, s, "ada@example.org", firefoxAgent), signInAs(t, s, "ada@example.org", iPhoneAgent)
	env = append(env, "DOORBOOK_DATA="+s.Dir)
	run := func(args ...string) string {
		r := rig.Run(t, env, "", append([]string{"session"}, args...)...)
		if r.Code != 0 {
			t.Errorf("%v: %d: %s", args, r.Code, r.Stderr)
		}
		return r.Stdout
	}
	list := run("list", "ada@example.org")
	var id string
	for line := range strings.SplitSeq(list, "\n") {
		if strings.Contains(line, "Firefox on Linux") {
			id, _, _ = strings.Cut(line, " ")
		}
	}
	run("end", "ada@example.org", id)
	if a := there.Get("/"); a.Status != http.StatusSeeOther {
		t.Errorf("the ended one is let in: %d\n%s", a.Status, list)
	}
	if ended := run("list", "ada@example.org", "--ended"); !strings.Contains(ended, id) || !strings.Contains(ended, "signed out by the operator, at the command line") {
		t.Errorf("what has ended: %s", ended)
	}
	page := here.Get("/account/sessions").Body
	if !strings.Contains(page, "Signed in on 2 devices") || !strings.Contains(page, "Safari on iPhone") {
		t.Errorf("the page: %s", page)
	}
	if n := rig.Data[map[string]int](t, here.JSON(http.MethodPost, "/api/sessions/end", map[string]any{"all": false}))["ended"]; n != 1 {
		t.Errorf("%d ended, want 1", n)
	}
	if a := third.Get("/"); a.Status != http.StatusSeeOther {
		t.Errorf("the ended one is let in: %d", a.Status)
	}
	if out := run("end-all", "ada@example.org"); !strings.Contains(out, "sessions ended: 1") {
		t.Errorf("end-all: %s", out)
	}
	if a := here.Get("/"); a.Status != http.StatusSeeOther {
		t.Errorf("after end-all: %d", a.Status)
	}
}

// sessionsGallery looks at the pages about sessions: with one, with many whose browsers and names
// are as odd as can be, and those on the way out.
func sessionsGallery(t *testing.T, browser *rig.Browser, axe string) {
	s := rig.Start(t, rig.Options{})
	const email = "a.very.long.address.of.somebody.with.a.long.name@subdomain.of.a.long.example.org"
	s.Member("שרה כהן Maximiliane-Friederike von und zu Hohenzollern-Sigmaringen", email).SignOut()
	p := browser.Page(s, true)
	enter(t, p, email)
	show(t, axe, p, "sessions-alone", 200, p.Open("/account/sessions"))
	for _, agent := range []string{
		firefoxAgent, iPhoneAgent, "curl/8.5.0", `"><script>alert(1)</script>`, strings.Repeat("W", 10<<10), "\u202eright to left",
	} {
		signInAs(t, s, email, agent)
	}
	named := []string{"המחשב הנייד של שרה", strings.Repeat("Long", 40)}
	for i, name := range named {
		s.Exec(t, "doorbook.db", `UPDATE devices SET name = '`+name+`' WHERE id IN
			(SELECT id FROM devices WHERE name = '' ORDER BY first_seen DESC LIMIT 1 OFFSET `+string(rune('1'+i))+`)`)
	}
	s.Exec(t, "doorbook.db", `UPDATE devices SET first_seen = first_seen - 40 * 86400000 WHERE id IN
		(SELECT id FROM devices ORDER BY first_seen DESC LIMIT 2)`)
	s.Exec(t, "doorbook.db", `UPDATE sessions SET signed_in = signed_in - 3600000, last_seen = last_seen - abs(random() % 3600000)`)
	showAs(t, axe, p, "sessions", 200, p.Open("/account/sessions"), thorough()...)
	rig.Eval[bool](p, `document.querySelectorAll("details").forEach(d => d.open = true), true`)
	show(t, axe, p, "sessions-agents", 200, 200)
	show(t, axe, p, "sessions-end-others", 200, p.Open("/account/sessions/end-others"))
	show(t, axe, p, "sessions-end-others-wrong", 422, p.Click("main button.primary"))
	show(t, axe, p, "sessions-end-all", 200, p.Open("/account/sessions/end-all"))
	p.Open("/account/sessions")
	show(t, axe, p, "sessions-not-me", 200, p.Click("article form[action$=disown] button"))
	p.Open("/account/sessions")
	show(t, axe, p, "sessions-ended", 200, p.Click("li:nth-child(2) article form[action$=end] button"))
}
