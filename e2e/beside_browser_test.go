package e2e_test

import (
	"strings"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestBesideBrowser walks through pages of both sides in a browser, which keeps the one cookie as
// browsers do: Flask's pages know who signed in at Doorbook, change the session, and ask to sign in
// again after the button on Doorbook's page.
func TestBesideBrowser(t *testing.T) {
	t.Parallel()
	browser := rig.NewBrowser(t)
	b := rig.StartBeside(t, newDatabase(t))
	p := browser.Page(b.Site, true)
	if got := p.Open("/reports"); got != 200 || !strings.HasPrefix(p.Where(), "/login?next=") || p.Title() != "Sign in – Doorbook" {
		t.Fatalf("a stranger is at %s (%d) %q", p.Where(), got, p.Title())
	}
	register(t, p)
	signOut(t, p)
	p.Open("/login?next=/reports")
	p.Type("email", "bob@example.org")
	p.Type("password", rig.Password)
	p.Click("button.primary")
	if p.Where() != "/reports" || !strings.Contains(p.Title(), "Flask") || !strings.Contains(p.Text(), "Bob Byrne") {
		t.Fatalf("after signing in: %s %q: %s", p.Where(), p.Title(), p.Text())
	}
	cookie := p.Cookie("session")
	if cookie == nil || !cookie.HTTPOnly || cookie.SameSite != "Lax" || cookie.Path != "/" {
		t.Errorf("session cookie %+v", cookie)
	}
	rig.Eval[string](p, `document.querySelector("#type").value = "activity"`)
	if got := p.Click("main button"); got != 200 || !strings.Contains(p.Text(), "Reports count entries of the type activity") {
		t.Errorf("choosing a report: %d: %s", got, p.Text())
	}
	p.Shoot("beside-flask")
	if got := p.Open("/"); got != 200 || !strings.Contains(p.Text(), "Welcome Bob Byrne") || !strings.Contains(p.Text(), "/reports") {
		t.Errorf("the dashboard: %d: %s", got, p.Text())
	}
	p.Shoot("beside-doorbook")
	if p.Open("/reports"); !strings.Contains(p.Text(), "newest entries of the type activity") {
		t.Errorf("Doorbook's pages lost what Flask keeps in the session: %s", p.Text())
	}
	p.Open("/")
	leave(p)
	if p.Where() != "/login" || !strings.Contains(p.Text(), "You are signed out") {
		t.Errorf("after signing out: %s: %s", p.Where(), p.Text())
	}
	if p.Open("/reports"); !strings.HasPrefix(p.Where(), "/login") {
		t.Errorf("signed out, Flask shows %s", p.Where())
	}
}
