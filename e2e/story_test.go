package e2e_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestStory walks the whole story of the program in a browser, as two people who know nothing of
// each other, with JavaScript and without.
func TestStory(t *testing.T) {
	t.Parallel()
	browser := rig.NewBrowser(t)
	for _, tt := range []struct {
		name   string
		script bool
	}{{"with JavaScript", true}, {"without JavaScript", false}} {
		t.Run(tt.name, func(t *testing.T) {
			s := rig.Start(t, rig.Options{})
			ada := browser.On(t).Page(s, tt.script)
			setUp(t, s, ada)
			signInFromLink(t, ada)

			bob := browser.On(t).Page(s, tt.script)
			bob.Open("/login")
			if bob.Click(`main a[href="/register"]`); bob.Where() != "/register" {
				t.Errorf("to an account leads %s", bob.Where())
			}
			register(t, bob)
			signOut(t, bob)
			if p := bob; p.Count("button.show") > 0 != tt.script {
				t.Errorf("%d Show buttons", p.Count("button.show"))
			}
			signIn(t, bob, "bob@example.org")
			ownEntriesOnly(t, bob)
			oldCookieIsDead(t, s, bob)

			if p := ada; p.Open("/") != 200 || !strings.Contains(p.Text(), "Welcome Ada") {
				t.Errorf("Ada is no longer signed in: %s", p.Text())
			}
			if text := ada.Text(); !strings.Contains(text, "Bob Byrne") {
				t.Errorf("the administrator does not see Bob's requests: %s", text)
			}
		})
	}
}

// setUp makes the first administrator from the link that the program printed.
func setUp(t *testing.T, s *rig.Server, p *rig.Page) {
	t.Helper()
	if got := p.Open("/"); got != 200 || p.Where() != "/login" {
		t.Errorf("a stranger is at %s (%d), want /login", p.Where(), got)
	}
	p.Open("/setup?token=" + s.Token)
	p.Type("name", "Ada Lovelace")
	p.Type("email", "ada@example.org")
	p.Type("password", rig.Password)
	p.Click("button.primary")
	if p.Where() != "/" || !strings.Contains(p.Text(), "You are the first administrator") {
		t.Fatalf("after setting up: %s: %s", p.Where(), p.Text())
	}
	if p.Open("/"); strings.Contains(p.Text(), "You are the first administrator") {
		t.Error("the message is shown twice")
	}
	signOut(t, p)
	if got := p.Open("/setup?token=" + s.Token); got != 404 || !strings.Contains(p.Text(), "This setup link is over") {
		t.Errorf("the link is good twice: %d", got)
	}
}

// signInFromLink comes from a page that is for signed-in people, and wants to get there.
func signInFromLink(t *testing.T, p *rig.Page) {
	t.Helper()
	p.Open("/?from=a+friend")
	if got := p.Where(); got != "/login?next=%2F%3Ffrom%3Da%2Bfriend" {
		t.Errorf("sent to %s", got)
	}
	p.Type("email", "ada@example.org")
	p.Type("password", rig.Password)
	if got := p.Press(kb.Enter); got != 200 || p.Where() != "/?from=a+friend" {
		t.Errorf("after signing in: %d at %s", got, p.Where())
	}
	if got := rig.Eval[string](p, "document.querySelector('h1').innerText"); got != "Welcome Ada Lovelace" {
		t.Errorf("h1 %q", got)
	}
	// Who is signed in has no business at the door.
	if p.Open("/login"); p.Where() != "/" {
		t.Errorf("/login leads to %s", p.Where())
	}
	if p.Open("/register"); p.Where() != "/" {
		t.Errorf("/register leads to %s", p.Where())
	}
}

func register(t *testing.T, p *rig.Page) {
	t.Helper()
	p.Open("/register")
	p.Type("name", "Bob Byrne")
	p.Type("email", "bob@example.org")
	p.Type("skills", "go, sql")
	p.Type("password", rig.Password)
	p.Click("button.primary")
	if p.Where() != "/" || !strings.Contains(p.Text(), "Your account is made") {
		t.Fatalf("after registering: %s: %s", p.Where(), p.Text())
	}
}

// leave signs out by one's own menu, and gives the status of the page that follows.
func leave(p *rig.Page) int {
	openMenu(p)
	return p.Click("header form button")
}

// openMenu opens one's own menu.
func openMenu(p *rig.Page) { p.Do(chromedp.Click("header summary")) }

func signOut(t *testing.T, p *rig.Page) {
	t.Helper()
	if leave(p); p.Where() != "/login" {
		t.Fatalf("after signing out: %s: %s", p.Where(), p.Text())
	}
}

func signIn(t *testing.T, p *rig.Page, email string) {
	t.Helper()
	p.Type("email", email)
	p.Type("password", rig.Password)
	p.Click("button.primary")
	if p.Where() != "/" {
		t.Fatalf("after signing in: %s: %s", p.Where(), p.Text())
	}
}

// ownEntriesOnly: a member finds what they did on the dashboard and nothing of others.
func ownEntriesOnly(t *testing.T, p *rig.Page) {
	t.Helper()
	p.Open("/?mark=1")
	p.Open("/")
	text := p.Text()
	if !strings.Contains(text, "Welcome Bob Byrne") || strings.Contains(text, "Ada") {
		t.Errorf("the dashboard of Bob: %s", text)
	}
	if n := p.Count("table.entries tbody tr"); n < 2 {
		t.Errorf("%d entries, want those of signing in and of the dashboard at least", n)
	}
	for _, user := range rig.Eval[[]string](p, "Array.from(document.querySelectorAll('.entries .user'), e => e.innerText)") {
		if !strings.HasPrefix(user, "Bob Byrne ·") && user != "USER" && user != "User" {
			t.Errorf("an entry of %q", user)
		}
	}
	if p.Count("svg.plot") != 1 {
		t.Error("there is no plot")
	}
}

// oldCookieIsDead signs out and plays the old cookie back.
func oldCookieIsDead(t *testing.T, s *rig.Server, p *rig.Page) {
	t.Helper()
	cookie := p.Cookie(sessionCookie)
	if cookie == nil || !cookie.HTTPOnly || !cookie.Secure || cookie.SameSite != "Lax" || cookie.Path != "/" {
		t.Fatalf("session cookie %+v", cookie)
	}
	thief := s.Client()
	thief.SetCookie(sessionCookie, cookie.Value)
	if a := thief.Clone().Get("/"); a.Status != 200 {
		t.Errorf("the cookie is not good before: %d", a.Status)
	}
	leave(p)
	if p.Where() != "/login" || !strings.Contains(p.Text(), "You are signed out") {
		t.Errorf("after signing out: %s: %s", p.Where(), p.Text())
	}
	if a := thief.Get("/"); a.Status != 303 || !strings.HasPrefix(a.Location(), "/login") {
		t.Errorf("the old cookie on a page: %d %s", a.Status, a.Location())
	}
	thief.SetCookie(sessionCookie, cookie.Value)
	if a := thief.Get("/logs"); a.Status != 401 {
		t.Errorf("the old cookie in JSON: %d", a.Status)
	}
	if p.Open("/"); p.Where() != "/login" {
		t.Errorf("signed out, / leads to %s", p.Where())
	}
}

// TestKeyboard walks the same way with no other key than Tab, Enter and letters.
func TestKeyboard(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	p := rig.NewBrowser(t).Page(s, true)

	p.Open("/register")
	focused(t, p, "name") // the first empty field
	write(p, "Kim Kay", kb.Tab, "kim@example.org", kb.Tab, "go", kb.Tab, rig.Password)
	if got := focus(p); got != "password" {
		t.Fatalf("the focus is on %q, want password", got)
	}
	if p.Press(kb.Enter); p.Where() != "/" {
		t.Fatalf("after registering: %s: %s", p.Where(), p.Text())
	}

	signOut(t, p)
	focused(t, p, "email")
	write(p, kb.Tab, kb.Tab) // password, Show
	if got := rig.Eval[string](p, "document.activeElement.className"); got != "show" {
		t.Errorf("after the password comes %q, want its Show button", got)
	}
	write(p, " ")
	if got := rig.Eval[string](p, "document.querySelector('#password').type"); got != "text" {
		t.Errorf("Show by the keyboard: the field's type is %q", got)
	}
	p.Open("/login")
	focused(t, p, "email")
	write(p, "kim@example.org", kb.Tab, rig.Password)
	if p.Press(kb.Enter); p.Where() != "/" {
		t.Fatalf("after signing in: %s: %s", p.Where(), p.Text())
	}

	// The skip link is the first stop, and leads past the navigation.
	write(p, kb.Tab)
	if got := rig.Eval[string](p, "document.activeElement.className"); got != "skip" {
		t.Errorf("the first stop is %q, want the skip link", got)
	}
	write(p, kb.Enter)
	if got := focus(p); got != "main" {
		t.Errorf("the skip link leads to %q", got)
	}
	// One's own menu opens with Enter, closes with Escape, which leaves the focus on it, and has the way out in it.
	p.Open("/")
	tabTo(p, "summary")
	write(p, kb.Enter, kb.Tab, kb.Escape)
	if !rig.Eval[bool](p, "document.activeElement.matches('summary') && !document.activeElement.parentElement.open") {
		t.Error("Escape does not close the menu")
	}
	write(p, kb.Enter)
	tabTo(p, "form")
	if p.Press(kb.Enter); p.Where() != "/login" {
		t.Errorf("after signing out by the keyboard: %s", p.Where())
	}
}

// tabTo goes on by Tab until the focus is in what the selector finds.
func tabTo(p *rig.Page, selector string) {
	for range 12 {
		write(p, kb.Tab)
		if rig.Eval[bool](p, "!!document.activeElement.closest('"+selector+"')") {
			return
		}
	}
}
