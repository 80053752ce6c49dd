package web_test

import (
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

// opsWiki has a rule for a group and some people, and one for everybody.
func opsWiki(g *gate.Gate) {
	for i := range g.Apps {
		if g.Apps[i].Name == "Wiki" {
			g.Apps[i].Rules = []gate.Rule{
				{Who: gate.Some, Groups: []string{"ops"}, People: []string{"cleo@example.org"}, Paths: []string{"/admin"}, Recent: 15 * time.Minute},
				{Who: gate.SignedIn},
			}
		}
	}
}

// admins signs somebody in at home who is an administrator.
func admins(t *testing.T, s *sitetest.Site) *sitetest.Browser {
	t.Helper()
	s.Developer("Ada", account.Admin)
	b := s.Browser()
	signIn(t, b, b.Open(home+pages+"/"))
	return b
}

// TestApplications: admins see where applications are, by which rules, who may enter and whether they
// answer. Guard: applications.go.
func TestApplications(t *testing.T) {
	t.Parallel()
	s := hosts(t, opsWiki)
	b := admins(t, s)
	bob := s.Developer("Bob", account.Member)
	if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, bob.ID, account.Change{Groups: &[]string{"ops"}}, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	a := b.Open(home + pages + "/applications")
	for _, want := range []string{
		`href="` + wiki + `/"`, "http://127.0.0.1:1", "Members of ops and cleo@example.org, who signed in within 15 minutes, may use /admin.",
		`members of <bdi>ops</bdi>: <a href="` + pages + `/people?group=ops&amp;state=active">1 person</a>`, "2 people", "cleo@example.org",
		"does not answer", `href="` + pages + `/applications" aria-current="page"`,
	} {
		wantBody(t, "the page", a, 200, want)
	}
	in := s.Browser()
	signInAs(t, in, in.Open(home+pages+"/"), bob.Email)
	if a := in.Open(home + pages + "/"); strings.Contains(a.Body, "/applications") {
		t.Error("the way to the page is not for admins alone")
	}
	wantBody(t, "a member", in.Open(home+pages+"/applications"), 403, "Only administrators")
	none := sitetest.New(t)
	v := none.SignedIn(none.Developer("Root", account.Admin))
	wantBody(t, "without applications", v.Get("/applications"), 200, "No application stands behind this door")
	if strings.Contains(v.Get("/").Body, `"/applications"`) {
		t.Error("a way to the page without applications")
	}
}

// TestApplicationsOpen: open registration beside a rule for everybody is warned of.
// Guard: applications.go.
func TestApplicationsOpen(t *testing.T) {
	t.Parallel()
	g := &gate.Gate{Apps: []gate.App{
		{Name: "Wiki", Host: "wiki.example.org", Origin: wiki, Rules: gate.Everybody()},
		{Name: "Ops", Host: "ops.example.org", Origin: "https://ops.example.org", Rules: []gate.Rule{{Who: gate.Some, Groups: []string{"ops"}}}},
	}}
	for _, mode := range []account.Mode{account.JoinOpen, account.JoinInvite} {
		s := sitetest.New(t, func(p *server.Parts) {
			p.URL, p.HTTPS, p.Gate, p.Proxy = home+pages, true, func() *gate.Gate { return g }, carried{}
			p.Registration = account.Fixed{Mode: mode}
		})
		a := admins(t, s).Open(home + pages + "/applications")
		const warning = "Everybody may make an account here, and every account may enter <bdi>Wiki</bdi>."
		if warned := strings.Contains(a.Body, warning); warned != (mode == account.JoinOpen) {
			t.Errorf("%s: warned %v", mode, warned)
		}
		wantBody(t, "by a proxy", a, 200, "not asked")
	}
}

// TestTryAs: what would become of a request of somebody is told as the command line tells it, and
// nobody is asked, entered as, or signed in. Guard: applications.go, try.
func TestTryAs(t *testing.T) {
	t.Parallel()
	s := hosts(t, opsWiki)
	b := admins(t, s)
	s.Developer("Cleo", account.Member)
	for what, c := range map[string]struct {
		form   url.Values
		status int
		want   []string
	}{
		"a stranger":    {url.Values{"address": {wiki + "/admin"}}, 200, []string{"by a stranger is asked to sign in", "rule 1: nobody is signed in"}},
		"by name":       {url.Values{"address": {" " + wiki + "/admin?q#x "}, "email": {"Cleo@Example.org"}}, 200, []string{"by <bdi>Cleo</bdi> passes", "by name"}},
		"in no group":   {url.Values{"address": {wiki + "/admin"}, "email": {"ada@example.org"}}, 200, []string{"is refused", "in none of its groups", "Rule: Members of ops"}},
		"a method":      {url.Values{"address": {wiki + "/"}, "email": {"ada@example.org"}, "method": {"post"}}, 200, []string{"POST <bdi>/</bdi> of <bdi>Wiki</bdi>"}},
		"a token":       {url.Values{"address": {wiki + "/admin"}, "email": {"cleo@example.org"}, "token": {"yes"}}, 200, []string{"a token of <bdi>Cleo</bdi> is refused"}},
		"two readings":  {url.Values{"address": {wiki + "/x/..%2fadmin"}, "email": {"cleo@example.org"}}, 200, []string{"(400)", "read in two ways"}},
		"nobody's":      {url.Values{"address": {wiki + "/"}, "email": {"eve@example.org"}}, 422, []string{"Nobody has that address.", `aria-invalid="true"`}},
		"no address":    {url.Values{"address": {wiki + "/"}, "email": {"eve"}}, 422, []string{"That is no e-mail address."}},
		"nowhere":       {url.Values{"address": {"https://other.example.org/"}}, 422, []string{"no application has the host other.example.org"}},
		"no whole one":  {url.Values{"address": {""}}, 422, []string{"is no whole address"}},
		"our own page":  {url.Values{"address": {home + pages + "/login"}}, 422, []string{"a page of Doorbook"}},
		"whose token":   {url.Values{"address": {wiki + "/"}, "token": {"yes"}}, 422, []string{"Say whose token it is."}},
		"what it is":    {url.Values{"address": {`"><script>alert(1)</script>`}, "email": {"<b>"}}, 422, []string{"is no whole address"}},
		"a method of X": {url.Values{"address": {wiki + "/"}, "method": {"<X>"}}, 200, []string{"&lt;X&gt; <bdi>/</bdi>"}},
	} {
		a := b.Open(home + pages + "/applications?" + c.form.Encode())
		for _, want := range c.want {
			wantBody(t, what, a, c.status, want)
		}
		if strings.Contains(a.Body, "<script>alert") {
			t.Errorf("%s: script", what)
		}
	}
	for _, e := range s.Entries("") {
		if strings.Contains(e.URL, "cleo") || e.Application != "" || e.Action == book.ActionForbidden {
			t.Errorf("entered: %+v", e)
		}
	}
}
