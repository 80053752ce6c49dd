package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestSessionsHistory: a device is named and keeps its name; one that is signed out is refused at
// its next request, the message has the focus, and it is listed with what ended it. With and
// without script.
func TestSessionsHistory(t *testing.T) {
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
			enter(t, there, "ada@example.org")
			enter(t, here, "ada@example.org")
			here.Open("/account/sessions")
			nameOther(t, here, "the kitchen")
			if text := here.Text(); !strings.Contains(text, "Chrome on Linux is now called the kitchen.") || strings.Contains(text, "Was it you?") {
				t.Errorf("named: %s", text)
			}
			here.Click("li:nth-child(2) form[action$=end] button")
			focused := func() string { return rig.Eval[string](here, "document.activeElement.innerText") }
			if !rig.Until(func() bool { return focused() == "the kitchen is signed out." }) { // the browser takes its time
				t.Errorf("the focus is on %q", focused())
			}
			if there.Open("/"); there.Where() != "/login" {
				t.Errorf("the other browser is at %s", there.Where())
			}
			here.Do(chromedp.Click("main > details summary"))
			if ended := rig.Eval[string](here, "document.querySelector('main > details').innerText"); !strings.Contains(ended, "the kitchen") ||
				!strings.Contains(ended, "ended just now: signed out from another session by you") {
				t.Errorf("ended: %s", ended)
			}
			enter(t, there, "ada@example.org") // on the same device, by its cookie
			here.Open("/account/sessions")
			if text := here.Text(); !strings.Contains(text, "Sign out the kitchen") {
				t.Errorf("after the next sign-in: %s", text)
			}
		})
	}
}

// nameOther names the second device on the page.
func nameOther(t *testing.T, p *rig.Page, name string) {
	t.Helper()
	const of = "li:nth-child(2) article "
	p.Do(chromedp.Click(of + "details:last-of-type summary"))
	p.Do(chromedp.SendKeys(of+"input[name=name]", strings.Repeat("x", 41)))
	if got := p.Click(of + "form[action$=name] button"); got != 422 || !strings.Contains(p.Text(), "is too long") {
		t.Errorf("too long a name: %d: %s", got, p.Text())
	}
	p.Do(chromedp.SetValue(of+"input[name=name]", name))
	if got := p.Click(of + "form[action$=name] button"); got != 200 {
		t.Errorf("a name: %d: %s", got, p.Text())
	}
}

// TestKeepMeSignedIn: who ticks the box has a cookie that outlives the browser; who does not has
// none. With and without script.
func TestKeepMeSignedIn(t *testing.T) {
	t.Parallel()
	browser := rig.NewBrowser(t)
	s := rig.Start(t, rig.Options{})
	s.Member("Kim Kay", "kim@example.org").SignOut()
	for _, script := range []bool{true, false} {
		for _, keep := range []bool{false, true} {
			p := browser.On(t).Page(s, script)
			p.Open("/login")
			if text := p.Text(); !strings.Contains(text, "Keep me signed in") || !strings.Contains(text, "For 30 days. Otherwise until the browser closes, or 2 hours without use.") {
				t.Fatalf("the box: %s", text)
			}
			p.Type("email", "kim@example.org")
			p.Type("password", rig.Password)
			if keep {
				p.Do(chromedp.Focus("#remember"))
				write(p, " ")
			}
			if p.Click("main button.primary"); p.Where() != "/" {
				t.Fatalf("at %s: %s", p.Where(), p.Text())
			}
			c := p.Cookie("__Host-session")
			if c == nil || c.Session == keep {
				t.Errorf("script %v, ticked %v: %+v", script, keep, c)
			}
		}
	}
}

// TestHundredSessions: of somebody with as many as there may be, each named as oddly as can be, the
// page can be read, and is looked at.
func TestHundredSessions(t *testing.T) {
	t.Parallel()
	axe := rig.Axe(t)
	s := rig.Start(t, rig.Options{})
	s.Member("Zoë", "zoe@example.org").SignOut()
	p := rig.NewBrowser(t).Page(s, true)
	enter(t, p, "zoe@example.org")
	odd := []string{
		strings.Repeat("W", 4<<10), "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308", `"><script>alert(1)</script>`, iPhoneAgent, firefoxAgent,
	}
	signInAs(t, s, "zoe@example.org", firefoxAgent)
	s.Exec(t, "doorbook.db", copies(odd)) // a hundred sign-ins would wait for a hundred hashes
	show(t, axe, p, "sessions-hundred", http.StatusOK, p.Open("/account/sessions"))
	if n := p.Count("article"); n != 100 {
		t.Errorf("%d sessions are shown", n)
	}
	rig.Eval[bool](p, `document.querySelector("main > details").open = true`)
	if n := p.Count("main > details li"); n != 50 || !strings.Contains(p.Text(), "These are the newest 50; there are others before them.") {
		t.Errorf("%d ended ones are shown", n)
	}
	show(t, axe, p, "sessions-hundred-ended", http.StatusOK, http.StatusOK)
}

// copies makes sessions, named devices and ended sign-ins of what is stored of the last sign-in.
func copies(odd []string) string {
	statements := `CREATE TEMP TABLE a AS SELECT * FROM sessions WHERE subject <> '' ORDER BY signed_in DESC LIMIT 1;
		CREATE TEMP TABLE b AS SELECT * FROM sign_ins ORDER BY began DESC LIMIT 1;
		CREATE TEMP TABLE c AS SELECT * FROM devices ORDER BY first_seen DESC LIMIT 1;
`
	const one = `UPDATE a SET id = 'NUMBER', user_agent = 'TEXT', last_seen = last_seen - 1000;
		INSERT INTO sessions SELECT * FROM a;
		UPDATE b SET session = 'e' || 'NUMBER', name = 'NAME', ended = began - MINUTES * 60000, over = began - MINUTES * 60000,
			why = 'ended_by_admin', by_name = 'NAME';
		INSERT INTO sign_ins SELECT * FROM b;
		UPDATE c SET id = 'NUMBER', session = 'NUMBER', name = 'NAME';
		INSERT INTO devices SELECT * FROM c;
`
	for i := range 98 {
		text := strings.ReplaceAll(odd[i%len(odd)], "'", "''")
		statements += strings.NewReplacer(
			"NUMBER", fmt.Sprintf("%024x", i), "MINUTES", fmt.Sprint(i), "TEXT", capped(text, 256), "NAME", capped(text, 100),
		).Replace(one)
	}
	return statements
}

// capped is the beginning of a text, of that many characters.
func capped(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n])
	}
	return text
}
