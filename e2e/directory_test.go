package e2e_test

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

const anotherPassword = "marble fox dances at noon"

// enterAsAda sets the program up and signs its admin in at a window.
func enterAsAda(t *testing.T, s *rig.Server, p *rig.Page) {
	t.Helper()
	s.Admin().SignOut()
	enter(t, p, "ada@example.org")
}

var linkPath = regexp.MustCompile(`/link/[A-Z2-7]{26}`)

// shownLink is the path of the one-time link on a page.
func shownLink(t *testing.T, text string) string {
	t.Helper()
	link := linkPath.FindString(text)
	if link == "" {
		t.Fatalf("no link: %s", text)
	}
	return link
}

// TestPeopleStory: an admin invites somebody, who accepts in another browser; disables them, whose
// browser is signed out, and takes that back; makes a link for a new password, which works once;
// finds and deletes them. With and without script.
func TestPeopleStory(t *testing.T) {
	t.Parallel()
	browser := rig.NewBrowser(t)
	for _, tt := range []struct {
		name   string
		script bool
	}{{"with JavaScript", true}, {"without JavaScript", false}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := rig.Start(t, rig.Options{})
			admin, zoe := browser.On(t).Page(s, tt.script), browser.On(t).Page(s, tt.script)
			enterAsAda(t, s, admin)
			admin.Click(`.nav a[href="/people"]`)
			admin.Click(`a[href="/invite"]`)
			admin.Type("email", "zoe@example.org")
			admin.Click("main button.primary")
			link := shownLink(t, admin.Text())

			s.Client().Get(link) // what looks at messages follows links
			zoe.Open(link)
			zoe.Type("name", "Zoë")
			zoe.Type("password", rig.Password)
			if zoe.Click("main button.primary"); zoe.Where() != "/" || !strings.Contains(zoe.Text(), "Welcome") {
				t.Fatalf("accepted: at %s: %s", zoe.Where(), zoe.Text())
			}

			admin.Open("/people")
			admin.Type("q", "ZOE")
			admin.Click(`form[role=search] button`)
			if n := admin.Count("tbody tr"); n != 1 || !strings.Contains(admin.Text(), "1 device") {
				t.Errorf("found %d: %s", n, admin.Text())
			}
			admin.Click("tbody a")
			admin.Click(`a[href$="/disable"]`)
			if !strings.Contains(admin.Text(), "is signed out on 1 device at once.") {
				t.Errorf("before: %s", admin.Text())
			}
			admin.Click("main button.danger")
			if zoe.Open("/"); zoe.Where() != "/login" {
				t.Errorf("a disabled one is at %s", zoe.Where())
			}
			focused := func() bool {
				return strings.Contains(rig.Eval[string](admin, "document.activeElement.className"), "flash")
			}
			if tt.script && !rig.Until(focused) {
				t.Error("the message has not the focus")
			}
			admin.Click("[role=status] button")
			if text := admin.Text(); !strings.Contains(text, "is enabled") {
				t.Errorf("undone: %s", text)
			}
			enter(t, zoe, "zoe@example.org")

			admin.Click(`a[href$="/password-link"]`)
			admin.Click("main button.primary")
			link = shownLink(t, admin.Text())
			for i, want := range []int{200, 404} {
				other := browser.On(t).Page(s, tt.script)
				if got := other.Open(link); i == 1 {
					if got != want {
						t.Errorf("used again: %d", got)
					}
					break
				}
				other.Type("password", anotherPassword)
				if got := other.Click("main button.primary"); got != want || other.Where() != "/login" {
					t.Errorf("a new password: %d at %s: %s", got, other.Where(), other.Text())
				}
			}
			if zoe.Open("/"); zoe.Where() != "/login" {
				t.Errorf("after a new password she is at %s", zoe.Where())
			}
			lastAdmin(t, admin)
			removeZoe(t, s, admin)
		})
	}
}

// lastAdmin looks for the reason why the only admin stays one.
func lastAdmin(t *testing.T, admin *rig.Page) {
	t.Helper()
	admin.Open("/people?role=admin")
	admin.Click("tbody a")
	admin.Click(`a[href$="/disable"]`)
	if !strings.Contains(admin.Text(), "last administrator") || admin.Count("main button.danger") != 0 {
		t.Errorf("the last admin: %s", admin.Text())
	}
}

// removeZoe deletes an account after so long that the password is asked for.
func removeZoe(t *testing.T, s *rig.Server, admin *rig.Page) {
	t.Helper()
	s.Exec(t, "doorbook.db", `UPDATE sessions SET signed_in = signed_in - 3600000`)
	admin.Open("/people?q=zoe")
	admin.Click("tbody a")
	admin.Click(`a[href$="/delete"]`)
	admin.Type("email", "zoe@example.org")
	admin.Type("current_password", rig.Password)
	if admin.Click("main button.danger"); admin.Where() != "/people" || !strings.Contains(admin.Text(), "is deleted.") {
		t.Errorf("deleted: at %s: %s", admin.Where(), admin.Text())
	}
}

// madeLink is what is answered about a link.
type madeLink struct {
	Person struct{ ID, State string }
	URL    string
}

// use uses a one-time link as a browser of its own.
func use(t *testing.T, s *rig.Server, link string, fields ...string) rig.Answer {
	t.Helper()
	return s.Client().Form(link, link, rig.Fields(fields...))
}

// TestPeopleOnMongo: invitations, links, roles and search on a database that is remote, by JSON, page
// and command line.
func TestPeopleOnMongo(t *testing.T) {
	t.Parallel()
	env := []string{"DOORBOOK_DATABASE=" + newDatabase(t)}
	s := rig.Start(t, rig.Options{Env: env})
	peopleByAllWays(t, s, append(env, "DOORBOOK_DATA="+s.Dir))
}

// TestPeopleByAllWays is the same on SQLite, where no link and no password is found afterwards.
func TestPeopleByAllWays(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	secrets := rig.Disguises(anotherPassword) // which was chosen behind a link
	for _, link := range peopleByAllWays(t, s, []string{"DOORBOOK_DATA=" + s.Dir}) {
		secrets = append(secrets, rig.Disguises(strings.TrimPrefix(link, "/link/"))...)
	}
	s.Stop()
	s.NoTrace(t, "after one-time links", secrets)
}

func peopleByAllWays(t *testing.T, s *rig.Server, env []string) (links []string) {
	t.Helper()
	admin := s.Admin()
	run := func(args ...string) string {
		r := rig.Run(t, env, "", append([]string{"user"}, args...)...)
		if r.Code != 0 {
			t.Errorf("%v: %d: %s", args, r.Code, r.Stderr)
		}
		return r.Stdout
	}
	made := rig.Data[madeLink](t, admin.JSON(http.MethodPost, "/api/people", map[string]any{"email": "bob@example.org", "groups": []string{"night"}}))
	links = append(links, shownLink(t, made.URL))
	links = append(links, shownLink(t, run("invite", "bob@example.org"))) // voids the first
	fields := []string{"name", "Bob", "password", rig.Password}
	if a := s.Client().Get(links[0]); a.Status != http.StatusNotFound {
		t.Errorf("the first link: %d", a.Status)
	}
	if a := use(t, s, links[1], fields...); a.Status != http.StatusSeeOther {
		t.Errorf("accepted: %d %s", a.Status, a.Body)
	}
	if out := run("list", "bo", "--group", "night"); !strings.Contains(out, "bob@example.org") || !strings.Contains(out, "active") {
		t.Errorf("listed: %s", out)
	}
	links = append(links, shownLink(t, run("password-link", "bob@example.org")))
	bob := signInAs(t, s, "bob@example.org", firefoxAgent)
	var used sync.WaitGroup
	statuses := make(chan int, 6)
	for range cap(statuses) {
		c := s.Client()
		used.Go(func() {
			a, err := c.Submit(links[2], links[2], rig.Fields("password", anotherPassword))
			if err != nil { // used before its page was seen
				statuses <- http.StatusNotFound
				return
			}
			statuses <- a.Status
		})
	}
	used.Wait()
	close(statuses)
	good := 0
	for status := range statuses {
		if status == http.StatusSeeOther {
			good++
		} else if status != http.StatusNotFound {
			t.Errorf("a link that is used by many: %d", status)
		}
	}
	if good != 1 {
		t.Errorf("it was used %d times", good)
	}
	if a := bob.Get("/"); a.Status != http.StatusSeeOther {
		t.Errorf("the old session: %d", a.Status)
	}
	if a := s.Client().SignIn("bob@example.org", anotherPassword); a.Status != http.StatusSeeOther {
		t.Errorf("the new password: %d", a.Status)
	}
	run("role", "bob@example.org", "admin")
	run("role", "ada@example.org", "member")
	if a := admin.Get("/people"); a.Status != http.StatusForbidden {
		t.Errorf("demoted: %d", a.Status)
	}
	run("role", "ada@example.org", "admin")
	run("disable", "bob@example.org")
	page := admin.Get("/people?state=disabled").Body
	if !strings.Contains(page, "bob@example.org") || strings.Contains(page, "ada@example.org</bdi>") {
		t.Errorf("the page of disabled people: %s", page)
	}
	run("delete", "bob@example.org")
	if r := rig.Run(t, env, "", "user", "delete", "ada@example.org"); r.Code == 0 || !strings.Contains(r.Stderr, "last administrator") {
		t.Errorf("the last admin: %d %s", r.Code, r.Stderr)
	}
	return links
}

// TestLastAdminTwice: of two admins who demote each other at once, from two browsers, one stays.
func TestLastAdminTwice(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	ada := s.Admin()
	s.Member("Bob", "bob@example.org").SignOut()
	ids := map[string]string{}
	for _, d := range developers(t, ada) {
		ids[d.Email] = d.ID
	}
	ada.JSON(http.MethodPatch, "/api/people/"+ids["bob@example.org"], map[string]any{"role": "admin"})
	bob := signInAs(t, s, "bob@example.org", firefoxAgent)
	var both sync.WaitGroup
	for c, other := range map[*rig.Client]string{ada: ids["bob@example.org"], bob: ids["ada@example.org"]} {
		both.Go(func() { c.JSON(http.MethodPatch, "/api/people/"+other, map[string]any{"role": "member"}) })
	}
	both.Wait()
	admins := 0
	for _, c := range []*rig.Client{ada, bob} {
		if a := c.Get("/people"); a.Status == http.StatusOK {
			admins++
		}
	}
	if admins != 1 {
		t.Errorf("%d admins are left", admins)
	}
}

// TestRegistrationModes: settings fix it and the page says so; else an admin decides.
func TestRegistrationModes(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_REGISTRATION=invite"}})
	admin := s.Admin()
	if a := s.Client().Get("/register"); a.Status != http.StatusForbidden || !strings.Contains(a.Body, "invitation") {
		t.Errorf("by invitation: %d", a.Status)
	}
	body := admin.Get("/registration").Body
	for _, says := range []string{"people with an invitation", "fixed by <code>DOORBOOK_REGISTRATION</code>"} {
		if !strings.Contains(body, says) {
			t.Errorf("the page does not say %q: %s", says, body)
		}
	}
	s.Stop()
	s = s.Again(rig.Options{})
	admin = s.Client()
	admin.SignIn("ada@example.org", rig.Password)
	if a := admin.Form("/registration", "/registration", rig.Fields("mode", "open", "domains", "example.net", "approval", "yes")); a.Status != http.StatusSeeOther {
		t.Fatalf("saved: %d %s", a.Status, a.Body)
	}
	eve := s.Client()
	if a := eve.Register("Eve", "eve@example.org", rig.Password); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "Only addresses at example.net") {
		t.Errorf("another domain: %d", a.Status)
	}
	if a := eve.Register("Eve", "eve@example.net", rig.Password); a.Status != http.StatusSeeOther || eve.Get("/").Status == http.StatusOK {
		t.Errorf("to be approved: %d", a.Status)
	}
	if a := eve.SignIn("eve@example.net", rig.Password); !strings.Contains(a.Body, "waits for an administrator") {
		t.Errorf("before: %d %s", a.Status, a.Body)
	}
	waiting := rig.Data[[]struct{ ID string }](t, admin.Get("/api/people?state=waiting"))
	if len(waiting) != 1 {
		t.Fatalf("%d wait", len(waiting))
	}
	at := "/people/" + waiting[0].ID + "/approve"
	if a := admin.Form(at, at, nil); a.Status != http.StatusSeeOther {
		t.Errorf("approved: %d", a.Status)
	}
	if a := eve.SignIn("eve@example.net", rig.Password); a.Status != http.StatusSeeOther {
		t.Errorf("after: %d", a.Status)
	}
}
