package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestPeople: the list is found by beginnings of words and filters, and each name leads to its page.
func TestPeople(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root, bob := s.Developer("Root", account.Admin), s.Developer("Bob", account.Member)
	s.Developer("Zoë", account.Member)
	s.SignedIn(bob)
	v := s.SignedIn(root)
	a := v.Get("/people")
	wantPage(t, a, 200, "People", "bob@example.org", "1 device", "you", "/people/"+bob.ID)
	if !strings.Contains(v.Get("/").Body, `href="/people"`) || strings.Contains(s.SignedIn(bob).Get("/").Body, `href="/people"`) {
		t.Error("the way to the page is not for admins alone")
	}
	a = v.Get("/people?q=ZO%C3%8B&role=member")
	if wantPage(t, a, 200, "zoë@example.org", "Role"); strings.Contains(a.Body, bob.Email) {
		t.Error("found bob")
	}
	a = v.Get("/people?" + url.Values{"q": {`"><script>alert(1)</script>`}, "group": {"\u202eevil"}}.Encode())
	if wantPage(t, a, 200, "Nobody found"); strings.Contains(a.Body, "<script>alert") {
		t.Error("script")
	}
	if a := v.Get("/people?after=nonsense"); a.Status != 400 {
		t.Errorf("a page that is none: %d", a.Status)
	}
	wantPage(t, v.Get("/people/"+bob.ID), 200, "Unknown browser", "Disable", "What they did last")
	for _, id := range []string{"x", "000000000000000000000000"} {
		if a := v.Get("/people/" + id); a.Status != 404 {
			t.Errorf("%s: %d", id, a.Status)
		}
	}
}

// TestDisableAndUndo: the page before says what happens, the one after takes it back; sessions do
// not come back.
func TestDisableAndUndo(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root, bob := s.Developer("Root", account.Admin), s.Developer("Bob", account.Member)
	there, v := s.SignedIn(bob), s.SignedIn(root)
	at := "/people/" + bob.ID
	wantPage(t, v.Get(at+"/disable"), 200, "is signed out on 1 device at once.", "Their entries stay.")
	wantRedirect(t, v.Post(at+"/disable", nil), at+"?did=disable")
	wantPage(t, v.Get(at+"?did=disable"), 200, "is disabled, and signed out everywhere.", "Undo", `action="`+at+`/enable"`)
	if a := there.Get("/"); a.Status != http.StatusSeeOther {
		t.Errorf("bob is let in: %d", a.Status)
	}
	wantRedirect(t, v.Post(at+"/enable", nil), at)
	if a := there.Get("/"); a.Status != http.StatusSeeOther {
		t.Errorf("his session came back: %d", a.Status)
	}
	if strings.Contains(v.Get(at+"?did=disable").Body, "Undo") {
		t.Error("there is something to undo that is not so")
	}
	wantRedirect(t, v.Post(at+"/role", url.Values{"role": {"admin"}}), at+"?did=role")
	wantPage(t, v.Get(at+"?did=role"), 200, "is an administrator now.", `value="member"`)
	wantRedirect(t, v.Post(at+"/role", url.Values{"role": {"member"}}), at+"?did=role")
	s.Clock.Turn(11 * time.Minute)
	a := v.Post(at+"/disable", url.Values{"current_password": {""}})
	wantPage(t, a, 422, "Please enter your password.", "current_password")
	a = v.Post(at+"/delete", url.Values{"email": {"eve@example.org"}, "current_password": {sitetest.Password}})
	wantPage(t, a, 422, "is not the one of this account", "Type the e-mail address of the account")
	if strings.Contains(a.Body, sitetest.Password) {
		t.Error("the page holds the password")
	}
	wantRedirect(t, v.Post(at+"/delete", url.Values{"email": {"BOB@example.org"}, "current_password": {sitetest.Password}}), "/people")
}

// TestUndoLate: whoever undoes something when the sign-in is not recent any more is asked for the
// password in words, and has made no mistake. Guard: unasked.
func TestUndoLate(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root, bob := s.Developer("Root", account.Admin), s.Developer("Bob", account.Member)
	v, at := s.SignedIn(root), "/people/"+bob.ID
	wantRedirect(t, v.Post(at+"/role", url.Values{"role": {"admin"}}), at+"?did=role")
	s.Clock.Turn(11 * time.Minute)
	a := v.Post(at+"/role", url.Values{"role": {"member"}})
	wantPage(t, a, 200, "Make <bdi>Bob</bdi> a member?", `name="current_password"`, `value="member"`)
	for _, not := range []string{"Please enter your password.", "There is a problem", "<title>Error"} {
		if strings.Contains(a.Body, not) {
			t.Errorf("the page holds %q", not)
		}
	}
	if strings.Contains(v.Get(at).Body, "Make an administrator") {
		t.Error("it was done without the password")
	}
	wantRedirect(t, v.Post(at+"/role", url.Values{"role": {"member"}, "current_password": {sitetest.Password}}), at+"?did=role")
}

// TestTitlesOfActs: each page before a change is told by its title. Guard: PersonAct.title.
func TestTitlesOfActs(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	v, bob := s.SignedIn(s.Developer("Root", account.Admin)), s.Developer("Bob", account.Member)
	for at, title := range map[string]string{
		"/people/" + bob.ID + "/disable": "Disable Bob", "/people/" + bob.ID + "/groups": "Groups of Bob", "/invite": "Invite somebody",
	} {
		wantPage(t, v.Get(at), 200, "<title>"+title+" – People – Doorbook</title>")
	}
	wantPage(t, v.Get("/people/"+bob.ID+"/disable"), 200, "answered with, on purpose", "The e-mail address or the password is not right.")
}

// TestGroupsLead: the groups on somebody's page lead to who is in them.
func TestGroupsLead(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root, bob := s.Developer("Root", account.Admin), s.Developer("Bob", account.Member)
	v, at := s.SignedIn(root), "/people/"+bob.ID
	wantRedirect(t, v.Post(at+"/groups", url.Values{"groups": {"night shift, builders"}}), at)
	wantPage(t, v.Get(at), 200, `href="/people?group=night+shift"`, `href="/people?group=builders"`)
	a := v.Get("/people?group=night+shift")
	if wantPage(t, a, 200, "Group: <bdi>night shift</bdi>", ", remove", bob.Email); strings.Contains(a.Body, "/people/"+root.ID) {
		t.Error("somebody is listed who is not in the group")
	}
}

// TestWaitingIsSaid: an admin who looks at people reads how many wait, and is led to them; there it
// is not said again. Guard: door.Waiting.
func TestWaitingIsSaid(t *testing.T) {
	t.Parallel()
	yes := true
	s := sitetest.New(t, func(p *server.Parts) { p.Registration = account.Fixed{Mode: account.JoinOpen, Approval: &yes} })
	v := s.SignedIn(s.Developer("Root", account.Admin))
	says := func(at string) bool { return strings.Contains(v.Get(at).Body, " for your approval") }
	if says("/people") {
		t.Error("nobody waits")
	}
	for i, text := range []string{"1 person waits for your approval", "2 people wait for your approval"} {
		wantRedirect(t, s.Visitor().Post("/auth/register", newcomer("Eve"+strconv.Itoa(i))), "/login")
		wantPage(t, v.Get("/people"), 200, `<a href="/people?state=waiting">`+text+"</a>")
	}
	if says("/people?state=waiting") || says("/") {
		t.Error("it is said elsewhere")
	}
	for i := range door.MostWaiting {
		d := s.Developer("Zoë"+strconv.Itoa(i), account.Member)
		if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, d.ID, account.Change{State: new(account.Waiting)}, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	wantPage(t, v.Get("/people"), 200, "More than 25 people wait for your approval")
}

// TestUndoIsOffered: only to whoever has just done it, whatever an address says: else a link would
// make an admin take back what nobody did, and by that make somebody one. Guard: undo.
func TestUndoIsOffered(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root, eve := s.Developer("Root", account.Admin), s.Developer("Eve", account.Member)
	v, other := s.SignedIn(root), s.SignedIn(s.Developer("Other", account.Admin))
	at := "/people/" + eve.ID
	offered := func(v *sitetest.Visitor, query string) bool { return strings.Contains(v.Get(at+query).Body, ">Undo<") }
	if offered(v, "?did=role") {
		t.Error("a link offers to make her an administrator")
	}
	wantRedirect(t, v.Post(at+"/role", url.Values{"role": {"admin"}}), at+"?did=role")
	for range 2 { // looking uses nothing up
		if !offered(v, "?did=role") {
			t.Error("it cannot be taken back")
		}
	}
	if offered(other, "?did=role") || offered(v, "") || offered(v, "?did=disable") {
		t.Error("it is offered elsewhere")
	}
	wantRedirect(t, other.Post(at+"/role", url.Values{"role": {"member"}}), at+"?did=role")
	if offered(v, "?did=role") {
		t.Error("offered to take back what somebody else did")
	}
	wantRedirect(t, v.Post(at+"/disable", nil), at+"?did=disable")
	s.Clock.Turn(11 * time.Minute)
	if offered(v, "?did=disable") {
		t.Error("offered for ever")
	}
}

// TestActsOnOneself: who makes themselves a member or disables themselves is led to where they may be.
func TestActsOnOneself(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root := s.Developer("Root", account.Admin)
	s.Developer("Other", account.Admin)
	v, at := s.SignedIn(root), "/people/"+root.ID
	wantRedirect(t, v.Post(at+"/role", url.Values{"role": {"member"}}), "/")
	wantPage(t, v.Get("/"), 200, "is of the role member now.")
	if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, root.ID, account.Change{Role: new(account.Admin)}, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	wantRedirect(t, v.Post(at+"/disable", nil), "/login")
	wantPage(t, v.Get("/login"), 200, "is disabled, and signed out everywhere.")
}

// TestLastAdmin: the reason is shown before, and after.
func TestLastAdmin(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root := s.Developer("Root", account.Admin)
	v := s.SignedIn(root)
	for _, act := range []string{"disable", "role", "delete"} {
		at := "/people/" + root.ID + "/" + act
		a := v.Get(at)
		wantPage(t, a, 200, "is the last administrator")
		if strings.Contains(a.Body, `action="`+at) {
			t.Errorf("%s can be sent", act)
		}
		a = v.Post(at, url.Values{"role": {"member"}, "email": {root.Email}})
		wantPage(t, a, http.StatusConflict, "last administrator")
	}
}

var linkForm = regexp.MustCompile(`http://localhost:8080(/link/[A-Z2-7]{26})`)

// TestInviteByPage: the link is shown once, and accepted in another browser; nothing that a scanner
// fetched before was used up.
func TestInviteByPage(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	v := s.SignedIn(s.Developer("Root", account.Admin))
	wantPage(t, v.Get("/invite"), 200, "Invite somebody")
	wantPage(t, v.Post("/invite", url.Values{"email": {"root@example.org"}}), 422, "There is already an account", "root@example.org")
	a := v.Post("/invite", url.Values{"email": {"zoe@example.org"}, "role": {"member"}, "groups": {"night"}})
	link := linkForm.FindStringSubmatch(a.Body)
	if wantPage(t, a, 200, "is invited"); link == nil || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("no link: %s", a.Body)
	}
	zoe := s.Visitor()
	for range 3 {
		s.Visitor().Get(link[1])
	}
	a = zoe.Get(link[1])
	wantPage(t, a, 200, "You are invited", "zoe@example.org")
	a = zoe.Post(link[1], url.Values{"name": {"Zoë"}, "email": {"zoe@example.org"}, "password": {"short"}})
	wantPage(t, a, 422, "There is a problem", "Zoë")
	wantRedirect(t, zoe.Post(link[1], url.Values{"name": {"Zoë"}, "email": {"zoe@example.org"}, "password": {sitetest.Password}}), "/")
	wantPage(t, zoe.Get("/"), 200, "Zoë")
	wantPage(t, s.Visitor().Get(link[1]), 404, "This link does not work any more")
	wantPage(t, s.Visitor().Get("/link/nonsense"), 404, "This link does not work any more")
}

// TestRegistrationPage: an admin decides; what a setting fixes is said, and stays.
func TestRegistrationPage(t *testing.T) {
	t.Parallel()
	yes := true
	s := sitetest.New(t, func(p *server.Parts) { p.Registration = account.Fixed{Approval: &yes} })
	v := s.SignedIn(s.Developer("Root", account.Admin))
	a := v.Get("/registration")
	wantPage(t, a, 200, "New accounts", "wait for an administrator", "DOORBOOK_REGISTRATION_APPROVAL", `name="mode"`)
	if strings.Contains(a.Body, `name="approval"`) {
		t.Error("what is fixed can be changed")
	}
	wantPage(t, v.Post("/registration", url.Values{"mode": {"open"}, "domains": {"no domain"}}), 422, "One of these is not a domain", "no domain")
	wantRedirect(t, v.Post("/registration", url.Values{"mode": {"open"}, "domains": {"example.org"}}), "/registration")
	wantPage(t, v.Get("/registration"), 200, "Saved.", "example.org")
	eve := s.Visitor()
	eve.Get("/register")
	wantRedirect(t, eve.Post("/auth/register", newcomer("Eve")), "/login")
	wantPage(t, eve.Get("/login"), 200, "An administrator has to approve it")
	a = eve.SignIn("eve@example.org", sitetest.Password)
	wantPage(t, a, 422, "waits for an administrator")
	if n := strings.Count(a.Body, "waits for an administrator"); n != 1 || strings.Contains(a.Body, "aria-invalid") {
		t.Errorf("it stands %d times, or beside a field, as if that were wrong", n)
	}
	wantRedirect(t, v.Post("/registration", url.Values{"mode": {"invite"}, "domains": {""}}), "/registration")
	if a := eve.Get("/login"); strings.Contains(a.Body, `href="/register"`) {
		t.Error("the way to register is shown")
	}
	wantPage(t, eve.Get("/register"), 403, "by invitation")
}
