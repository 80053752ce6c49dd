package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// quick are the ways in which a page is looked at that is made like others: each width and each
// scheme once.
func quick() []rig.Look {
	return []rig.Look{{Name: "light"}, {Name: "320-dark", Width: 320, Height: 640, Mobile: true, Dark: true}}
}

// thorough are all ways.
func thorough() []rig.Look {
	return append(
		looks(),
		rig.Look{Name: "768", Width: 768, Height: 1024},
		rig.Look{Name: "400-percent", Width: 320, Height: 200, Zoom: 4},
		rig.Look{Name: "forced-dark", Forced: true, Dark: true},
		rig.Look{Name: "print", Width: 718, Height: 1000, Print: true},
	)
}

// oddNames are names as long and as unlike others as can be.
func oddNames() []string {
	return []string{
		strings.Repeat("W", 100), "שרה כהן", "عربي محمد", "علی\u200cرضا", "\U0001f468\u200d\U0001f469\u200d\U0001f467 Family",
		"Maximiliane-Friederike von und zu Hohenzollern-Sigmaringen", "O’Brien <b>", "Zoë", "李明", "Bob",
	}
}

// peopleGallery looks at the pages with which an admin looks after others: alone, and among sixty
// people in every state, with names as odd as can be.
func peopleGallery(t *testing.T, browser *rig.Browser, axe string) {
	s := rig.Start(t, rig.Options{})
	s.Admin()
	ada := browser.Page(s, true)
	enter(t, ada, "ada@example.org")
	showAs(t, axe, ada, "people-alone", 200, ada.Open("/people"), quick()...)
	showAs(t, axe, ada, "person-oneself", 200, ada.Click("tbody a"), quick()...)
	showAs(t, axe, ada, "person-last-admin", 200, ada.Open(ada.Where()+"/disable"), quick()...)
	s.Stop()
	s.Exec(t, "doorbook.db", crowd(60))
	s = s.Again(rig.Options{})
	ada = browser.Page(s, true)
	enter(t, ada, "ada@example.org")
	for _, agent := range []string{firefoxAgent, iPhoneAgent} {
		signInAs(t, s, "person9@example.org", agent)
	}
	showAs(t, axe, ada, "people", 200, ada.Open("/people"), thorough()...)
	showAs(t, axe, ada, "people-next", 200, ada.Click(".pager a"), quick()...)
	ada.Open("/people")
	ada.Type("q", "nobody is called so")
	showAs(t, axe, ada, "people-none", 200, ada.Click(".search button"), quick()...)
	showAs(t, axe, ada, "people-filtered", 200, ada.Open("/people?q=b&role=member&state=active&group=%D7%A9%D7%A8%D7%94"), quick()...)
	onesGallery(t, axe, ada)
	changesGallery(t, axe, ada)
	invitationGallery(t, browser, axe, s, ada)
	registrationGallery(t, browser, axe, s, ada)
}

// onesGallery looks at the page of one person in each state.
func onesGallery(t *testing.T, axe string, ada *rig.Page) {
	showAs(t, axe, ada, "person", 200, ada.Open("/people/"+nth(9)), thorough()...)
	showAs(t, axe, ada, "person-long", 200, ada.Open("/people/"+nth(0)), quick()...)
	showAs(t, axe, ada, "person-right-to-left", 200, ada.Open("/people/"+nth(1)), quick()...)
	showAs(t, axe, ada, "person-invited", 200, ada.Open("/people/"+nth(17)), quick()...)
	showAs(t, axe, ada, "person-waiting", 200, ada.Open("/people/"+nth(18)), quick()...)
	showAs(t, axe, ada, "person-disabled", 200, ada.Open("/people/"+nth(16)), quick()...)
}

// changesGallery looks at the pages before each change, and at what is said after it.
func changesGallery(t *testing.T, axe string, ada *rig.Page) {
	for _, act := range []struct {
		name string
		of   int
	}{
		{"role", 9},
		{"groups", 9},
		{"disable", 0},
		{"enable", 16},
		{"approve", 18},
		{"password-link", 9},
		{"invite", 17},
		{"withdraw", 17},
		{"end-sessions", 9},
		{"delete", 0},
	} {
		showAs(t, axe, ada, "person-"+act.name, 200, ada.Open("/people/"+nth(act.of)+"/"+act.name), quick()...)
	}
	ada.Type("email", "somebody@else.example")
	showAs(t, axe, ada, "person-delete-wrong", 422, ada.Click("main button.danger"), quick()...)
	ada.Open("/people/" + nth(9) + "/disable")
	showAs(t, axe, ada, "person-undo", 200, ada.Click("main button.danger"), quick()...)
	showAs(t, axe, ada, "person-undone", 200, ada.Click("main .flash button"), quick()...)
}

// invitationGallery looks at an invitation from both ends: whoever makes it, and whoever takes it.
func invitationGallery(t *testing.T, browser *rig.Browser, axe string, s *rig.Server, ada *rig.Page) {
	showAs(t, axe, ada, "invite", 200, ada.Open("/invite"), quick()...)
	ada.Type("email", "nobody at example")
	showAs(t, axe, ada, "invite-wrong", 422, ada.Click("main button.primary"), quick()...)
	fill(ada, "email", "a.very.long.address.of.somebody@subdomain.of.a.long.example.org")
	ada.Type("name", "שרה כהן")
	showAs(t, axe, ada, "invite-made", 200, ada.Click("main button.primary"), quick()...)
	guest := browser.Page(s, true)
	link := shownLink(t, ada.Text())
	showAs(t, axe, guest, "link-invitation", 200, guest.Open(link), quick()...)
	guest.Type("password", "short")
	showAs(t, axe, guest, "link-invitation-wrong", 422, guest.Click("main button.primary"), quick()...)
	guest.Type("password", rig.Password)
	showAs(t, axe, guest, "link-invitation-taken", 200, guest.Click("main button.primary"), quick()...)
	late := browser.Page(s, true)
	showAs(t, axe, late, "link-over", 404, late.Open(link), quick()...)

	ada.Open("/people/" + nth(0) + "/password-link")
	showAs(t, axe, ada, "password-link-made", 200, ada.Click("main button.primary"), quick()...)
	showAs(t, axe, late, "link-password", 200, late.Open(shownLink(t, ada.Text())), quick()...)
	late.Type("password", "short")
	showAs(t, axe, late, "link-password-wrong", 422, late.Click("main button.primary"), quick()...)
	late.Type("password", betterPassword)
	showAs(t, axe, late, "link-password-set", 200, late.Click("main button.primary"), quick()...)
}

// registrationGallery looks at who may make an account: as admins decide it, as a setting has, and
// as whoever would like to have one finds it.
func registrationGallery(t *testing.T, browser *rig.Browser, axe string, s *rig.Server, ada *rig.Page) {
	showAs(t, axe, ada, "registration", 200, ada.Open("/registration"), quick()...)
	ada.Type("domains", "not a domain")
	showAs(t, axe, ada, "registration-wrong", 422, ada.Click("main button.primary"), quick()...)
	fill(ada, "domains", "example.org")
	rig.Eval[bool](ada, `document.getElementById("approval").checked = true`)
	showAs(t, axe, ada, "registration-saved", 200, ada.Click("main button.primary"), quick()...)
	stranger := browser.Page(s, true)
	showAs(t, axe, stranger, "register-approved", 200, stranger.Open("/register"), quick()...)
	stranger.Type("name", "عربي")
	stranger.Type("email", "newcomer@example.org")
	stranger.Type("password", rig.Password)
	showAs(t, axe, stranger, "register-waits", 200, stranger.Click("main button.primary"), quick()...)

	s.Stop()
	s = s.Again(rig.Options{Env: []string{"DOORBOOK_REGISTRATION=invite", "DOORBOOK_REGISTRATION_DOMAINS=example.org,example.com", "DOORBOOK_REGISTRATION_APPROVAL=no"}})
	stranger = browser.Page(s, true)
	showAs(t, axe, stranger, "register-closed", 403, stranger.Open("/register"), quick()...)
	ada = browser.Page(s, true)
	enter(t, ada, "ada@example.org")
	showAs(t, axe, ada, "registration-fixed", 200, ada.Open("/registration"), quick()...)
}

// tokensGallery looks at one's tokens: none, one that is asked for and made, and as many as one may
// have, with what has ended.
func tokensGallery(t *testing.T, axe string, s *rig.Server, p *rig.Page) {
	showAs(t, axe, p, "tokens-none", 200, p.Open("/account/tokens"), quick()...)
	showAs(t, axe, p, "tokens-new", 200, p.Open("/account/tokens/new"), quick()...)
	showAs(t, axe, p, "tokens-wrong", 422, p.Click("main button.primary"), quick()...)
	p.Type("name", strings.Repeat("W", 40))
	rig.Eval[bool](p, `document.getElementById("read").checked = true`)
	showAs(t, axe, p, "tokens-made", 200, p.Click("main button.primary"), quick()...)
	statements := "CREATE TEMP TABLE a AS SELECT * FROM tokens;\n"
	for i := range 60 {
		name, ended := oddNames()[i%len(oddNames())], "0"
		if i >= 49 {
			ended = "1"
		}
		statements += strings.NewReplacer("ID", nth(i), "HASH", fmt.Sprintf("x'%064x'", i), "NAME", capped(name, 40), "OVER", ended, "USED", fmt.Sprint(i%2*i)).
			Replace(`UPDATE a SET id = 'ID', hash = HASH, name = 'NAME', scopes = 'read write', ended = OVER, used_at = created_at * (USED > 0) - USED * 60000 * (USED > 0),
				used_from = '2001:db8:85a3:8d3:1319:8a2e:370:7348', ends_at = ends_at - OVER * 30 * 86400000 - OVER * 60000;
				INSERT INTO tokens SELECT * FROM a;
`)
	}
	s.Exec(t, "doorbook.db", statements)
	p.Open("/account/tokens")
	rig.Eval[bool](p, `document.querySelector("main > details").open = true`)
	showAs(t, axe, p, "tokens", 200, 200, quick()...)
}

// nth is the id of one of the crowd.
func nth(i int) string { return fmt.Sprintf("%024x", i+1) }

// crowd makes n accounts of what is stored of the first one, with its password: hashing one for each
// would take a while. They are found by their names from the next start on.
func crowd(n int) string {
	const one = `UPDATE a SET id = 'ID', name = 'NAME', email = 'EMAIL', email_key = 'EMAIL', role = 'ROLE', state = 'STATE',
			created_at = created_at - 86400000, link_expires = LINK;
		INSERT INTO developers SELECT * FROM a;
`
	statements := `CREATE TEMP TABLE a AS SELECT * FROM developers LIMIT 1;
		UPDATE a SET name_key = NULL, member_of = '["builders","שרה"]';
`
	odd := oddNames()
	for i := range n {
		name, state, role, link := fmt.Sprintf("%s %d", []string{"Grace", "Alan", "Edsger", "Barbara"}[i%4], i), "active", "member", "0"
		if i < len(odd) {
			name = odd[i]
		} else if i%20 == 19 {
			role = "admin"
		} else if other, ok := map[int]string{6: "disabled", 7: "invited", 8: "waiting"}[i%10]; ok {
			state = other
		}
		if state == "invited" {
			link = "unixepoch() * 1000 + 200000000"
		}
		statements += strings.NewReplacer(
			"ID", nth(i), "NAME", name, "EMAIL", fmt.Sprintf("person%d@example.org", i), "ROLE", role, "STATE", state, "LINK", link,
		).Replace(one)
	}
	return statements
}
