package door_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestReservedAddress: nobody becomes somebody whom a rule names by saying that the address is
// theirs, neither with a new account nor with the one they have; who has it keeps it.
func TestReservedAddress(t *testing.T) {
	t.Parallel()
	const pages = "/.doorbook"
	g := &gate.Gate{Apps: []gate.App{{Name: "Wiki", Rules: []gate.Rule{{Who: gate.Some, People: []string{"boss@example.org", "ada@example.org"}}}}}}
	s := sitetest.New(t, func(p *server.Parts) {
		p.URL, p.Gate, p.Registration = sitetest.URL+pages, func() *gate.Gate { return g }, account.Fixed{}
	})
	bob, ada := s.SignedInAt(pages, s.Developer("Bob", account.Member)), s.SignedInAt(pages, s.Developer("Ada", account.Member))
	change := func(v *sitetest.Visitor, name, email string) *sitetest.Answer {
		t.Helper()
		v.Get(pages + "/account")
		return v.Post(pages+"/account", url.Values{
			"name": {name}, "email": {email}, "skills": {"go"}, "current_password": {sitetest.Password},
		})
	}
	for _, email := range []string{"boss@example.org", "BOSS@Example.org"} {
		a := change(bob, "Bob", email)
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "kept for somebody") {
			t.Errorf("an account that takes %s: %d\n%s", email, a.Status, a.Body)
		}
	}
	if a := change(bob, "Bob", "bob@example.net"); a.Status != http.StatusSeeOther {
		t.Errorf("another address: %d\n%s", a.Status, a.Body)
	}
	if a := change(ada, "Ada", "ADA@example.org"); a.Status != http.StatusSeeOther {
		t.Errorf("one's own in other capitals: %d\n%s", a.Status, a.Body)
	}
	v := s.Visitor()
	for email, want := range map[string]int{"boss@example.org": http.StatusUnprocessableEntity, "eve@example.org": http.StatusSeeOther} {
		v.Get(pages + "/register")
		a := v.Post(pages+"/auth/register", url.Values{"name": {"Eve"}, "email": {email}, "password": {sitetest.Password}})
		if a.Status != want {
			t.Errorf("a new account with %s: %d\n%s", email, a.Status, a.Body)
		}
		v = s.Visitor()
	}
}
