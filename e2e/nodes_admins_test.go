package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// deeds are the ways to take an admin's right away.
func deeds() []string { return []string{"role", "disable", "delete"} }

// TestLastAdminOnNodes: two admins, each at a node of their own, take a right away at the same
// moment: the other's, or their own, on pages. One admin is always left, and whoever is refused
// because of that reads why.
func TestLastAdminOnNodes(t *testing.T) { // not beside others: FerretDB takes its time
	n := rig.StartNodes(t, newDatabase(t), 2)
	p := newPair(t, n.Site, n.Env(), n.All[0], n.All[1])
	for _, ada := range deeds() {
		for i, bob := range deeds() {
			for whose := range 2 { // each takes the right of the other, or their own
				if whose == 1 && i > 0 {
					continue // once for each deed
				}
				t.Run(fmt.Sprint(ada, " and ", bob, []string{" of the other", " of oneself"}[whose]), func(t *testing.T) {
					p.restore(t)
					first, second := p.form(t, 0, 1-whose, ada), p.form(t, 1, whose, bob)
					var answers [2]rig.Answer
					var all sync.WaitGroup
					for k, send := range []func() (rig.Answer, error){first, second} {
						all.Go(func() {
							var err error
							if answers[k], err = patiently(send); err != nil {
								t.Error(err)
							}
						})
					}
					all.Wait()
					p.judge(t, answers[:]...)
				})
			}
		}
	}
}

// TestLastAdminBesideCommands is the same on SQLite, where the other process is the command line's.
func TestLastAdminBesideCommands(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	p := newPair(t, &s.Site, []string{"DOORBOOK_DATA=" + s.Dir}, s, s)
	for i, page := range deeds() {
		for whose := range 2 { // the page is about the other, whom no command touches, or about oneself
			command := deeds()[(i+whose)%3]
			t.Run(fmt.Sprint("page ", page, " of ", p.emails[1-whose], ", command ", command), func(t *testing.T) {
				p.restore(t)
				send := p.form(t, 0, 1-whose, page)
				args := []string{"user", command, p.emails[whose]}
				if command == "role" {
					args = append(args, "member")
				}
				var a rig.Answer
				var r rig.Result
				var all sync.WaitGroup
				all.Go(func() { r = rig.Run(t, p.env, "", args...) })
				all.Go(func() {
					var err error
					if a, err = send(); err != nil {
						t.Error(err)
					}
				})
				all.Wait()
				if r.Code != 0 && !strings.Contains(r.Stderr, "last administrator") {
					t.Errorf("the command says %s", r.Stderr)
				}
				p.judge(t, a)
			})
		}
	}
}

// pair is two admins, and the places where they work.
type pair struct {
	site   *rig.Site
	env    []string
	places [2]rig.Place
	emails [2]string
}

func newPair(t *testing.T, site *rig.Site, env []string, places ...rig.Place) *pair {
	t.Helper()
	site.Admin()
	return &pair{site, env, [2]rig.Place(places), [2]string{"ada@example.org", "bob@example.org"}}
}

// restore makes both admins again, whatever became of them.
func (p *pair) restore(t *testing.T) {
	t.Helper()
	for i, email := range p.emails {
		name := []string{"Ada Lovelace", "Bob"}[i]
		if r := rig.Run(t, p.env, "", "user", "role", email, "admin"); r.Code == 0 {
			if r = rig.Run(t, p.env, "", "user", "enable", email); r.Code != 0 {
				t.Fatalf("enable: %s", r.Stderr)
			}
			continue
		}
		r := rig.Run(t, p.env, rig.Password+"\n", "user", "add", email, "--name", name, "--admin", "--password-stdin")
		if r.Code != 0 {
			t.Fatalf("add: %s", r.Stderr)
		}
	}
}

// form lets one of them open the page before a deed, and gives how to send it.
func (p *pair) form(t *testing.T, who, whose int, act string) func() (rig.Answer, error) {
	t.Helper()
	c := p.site.Client().At(p.places[who])
	if a, err := patiently(func() (rig.Answer, error) {
		return c.Submit("/login", "/auth/login", rig.Fields("email", p.emails[who], "password", rig.Password))
	}); err != nil || a.Status != http.StatusSeeOther {
		t.Fatalf("sign-in of %s: %d %v", p.emails[who], a.Status, err)
	}
	for _, d := range rig.Data[[]developer](t, c.Get("/api/people?role=admin")) {
		if d.Email == p.emails[whose] {
			at := "/people/" + d.ID + "/" + act
			fields := url.Values{"role": {"member"}, "email": {d.Email}, "csrf_token": {rig.FormToken(c.Get(at).Body)}}
			return func() (rig.Answer, error) { return c.Do(http.MethodPost, at, fields.Encode(), rig.URLEncoded()) }
		}
	}
	t.Fatalf("%s is no admin", p.emails[whose])
	return nil
}

// judge fails unless an admin who can sign in is left, and each answer says what became of the deed.
func (p *pair) judge(t *testing.T, answers ...rig.Answer) {
	t.Helper()
	r := rig.Run(t, p.env, "", "user", "list", "--role", "admin", "--state", "active")
	left := 0
	for _, email := range p.emails {
		left += strings.Count(r.Stdout, email)
	}
	if r.Code != 0 || left != 1 {
		t.Errorf("%d admins are left: %s%s", left, r.Stdout, r.Stderr)
	}
	for _, a := range answers {
		switch {
		case a.Status == http.StatusSeeOther: // done, or signed out meanwhile
		case a.Status == http.StatusConflict && strings.Contains(a.Body, "last administrator"):
		case a.Status == http.StatusForbidden && strings.Contains(a.Body, "You may not do that any more."):
		case a.Status == http.StatusNotFound && strings.Contains(a.Body, "<h1"): // the other is gone
		default:
			t.Errorf("answered %d: %.600s", a.Status, a.Body)
		}
	}
}
