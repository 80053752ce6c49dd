package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestLinks opens one-time links in windows: one that is late, withdrawn, used, used from two
// windows that both have its page, fetched before by what looks at messages, and one to an account
// that is deleted. With and without script.
func TestLinks(t *testing.T) {
	t.Parallel()
	browser := rig.NewBrowser(t)
	for _, tt := range []struct {
		name   string
		script bool
	}{{"with JavaScript", true}, {"without JavaScript", false}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := rig.Start(t, rig.Options{})
			admin := s.Admin()
			b := browser.On(t)
			first, second := b.Page(s, tt.script), b.Page(s, tt.script)
			made := func(page string, fields ...string) (link string) {
				t.Helper()
				return shownLink(t, admin.Form(page, page, rig.Fields(fields...)).Body)
			}
			idOf := func(email string) string {
				t.Helper()
				found := rig.Data[[]struct{ ID string }](t, admin.Get("/api/people?q="+email))
				if len(found) != 1 {
					t.Fatalf("%d are called %s", len(found), email)
				}
				return found[0].ID
			}
			over := func(why, link string) {
				t.Helper()
				if got := first.Open(link); got != http.StatusNotFound {
					t.Errorf("%s: %d", why, got)
				}
				isOver(t, first, why)
			}

			invited := made("/invite", "email", "zoe@example.org")
			s.Exec(t, "doorbook.db", `UPDATE developers SET link_expires = unixepoch() * 1000 - 1 WHERE link_expires > 0`)
			over("late", invited)
			zoe := "/people/" + idOf("zoe@example.org")
			invited = made(zoe + "/invite")
			if a := admin.Form(zoe+"/withdraw", zoe+"/withdraw", nil); a.Status != http.StatusSeeOther {
				t.Errorf("withdrawn: %d", a.Status)
			}
			over("withdrawn", invited)

			invited = made("/invite", "email", "zoe@example.org")
			scan(t, s, invited)
			first.Open(invited)
			second.Open(invited)
			for _, p := range []*rig.Page{first, second} {
				p.Type("name", "Zoë")
				p.Type("password", rig.Password)
			}
			if first.Click("main button.primary"); first.Where() != "/" || !strings.Contains(first.Text(), "Welcome") {
				t.Errorf("accepted: at %s: %s", first.Where(), first.Text())
			}
			second.Type("password", " but another") // who has the page, and not her password
			if got := second.Click("main button.primary"); got != http.StatusNotFound {
				t.Errorf("accepted in two windows: %d at %s", got, second.Where())
			}
			isOver(t, second, "accepted in two windows")
			if second.Open("/"); second.Where() != "/login" {
				t.Errorf("the second window is at %s", second.Where())
			}
			signOut(t, first)
			over("used", invited)

			zoe = "/people/" + idOf("zoe@example.org")
			link := made(zoe + "/password-link")
			scan(t, s, link)
			first.Open(link)
			second.Open(link)
			first.Type("password", anotherPassword)
			second.Type("password", betterPassword+" and at night")
			if first.Click("main button.primary"); first.Where() != "/login" || !strings.Contains(first.Text(), "Your new password is set.") {
				t.Errorf("set: at %s: %s", first.Where(), first.Text())
			}
			if got := second.Click("main button.primary"); got != http.StatusNotFound {
				t.Errorf("set in two windows: %d", got)
			}
			isOver(t, second, "set in two windows")
			if a := s.Client().SignIn("zoe@example.org", anotherPassword); a.Status != http.StatusSeeOther {
				t.Errorf("the first of two passwords: %d", a.Status)
			}

			link = made(zoe + "/password-link")
			second.Open(link)
			second.Type("password", betterPassword)
			a := admin.Form(zoe+"/delete", zoe+"/delete", rig.Fields("email", "zoe@example.org"))
			if a.Status != http.StatusSeeOther {
				t.Errorf("deleted: %d", a.Status)
			}
			if got := second.Click("main button.primary"); got != http.StatusNotFound {
				t.Errorf("of an account deleted meanwhile: %d", got)
			}
			isOver(t, second, "deleted meanwhile")
			over("deleted", link)
		})
	}
}

// isOver looks at the page of a link that is no good: it says what to do, and has nothing to fill in.
func isOver(t *testing.T, p *rig.Page, why string) {
	t.Helper()
	text := p.Text()
	if !strings.Contains(text, "This link does not work any more") || !strings.Contains(text, "Ask an administrator for a new one.") ||
		!strings.HasPrefix(p.Title(), "Error: ") || p.Count("main form, main input") != 0 {
		t.Errorf("%s: the page %q says %s", why, p.Title(), text)
	}
}

// scan opens a link as what looks at messages does.
func scan(t *testing.T, s *rig.Server, link string) {
	t.Helper()
	for _, method := range []string{"HEAD", "GET", "GET", "HEAD", "GET"} {
		if a := s.Client().Send(method, link, "", nil); a.Status != http.StatusOK {
			t.Errorf("%s of what looks at messages: %d", method, a.Status)
		}
	}
}
