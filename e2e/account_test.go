package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

const betterPassword = "marble fox dances at noon"

// fill puts a text in place of what stands in a field.
func fill(p *rig.Page, field, text string) {
	rig.Eval[string](p, `document.getElementById("`+field+`").value = ""`)
	p.Type(field, text)
}

// TestAccount: a member changes name, short name, e-mail address and password, which signs out the
// other browser at its next request; takes their data along; closes the account, after which their
// entries say so. With and without script.
func TestAccount(t *testing.T) {
	t.Parallel()
	browser := rig.NewBrowser(t)
	for _, tt := range []struct {
		name   string
		script bool
	}{{"with JavaScript", true}, {"without JavaScript", false}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := rig.Start(t, rig.Options{})
			root := s.Admin()
			s.Member("Bob", "bob@example.org").SignOut()
			here, there := browser.On(t).Page(s, tt.script), browser.On(t).Page(s, tt.script)
			enter(t, here, "bob@example.org")
			enter(t, there, "bob@example.org")
			openMenu(here)
			here.Click(`.nav a[href="/account"]`)
			changeProfile(t, here)
			changePassword(t, here, there)
			leaveForGood(t, s, here)
			if !strings.Contains(root.Get("/").Body, `<bdi>Bob Builder</bdi> <span class="gone">(deleted)</span>`) {
				t.Error("the book does not say that he is gone")
			}
			if a := s.Client().SignIn("builder@example.org", betterPassword); a.Status != http.StatusUnprocessableEntity {
				t.Errorf("signing in to an account that is closed: %d", a.Status)
			}
		})
	}
}

func changeProfile(t *testing.T, p *rig.Page) {
	t.Helper()
	fill(p, "name", "Bob Builder")
	if p.Click("main button.primary"); !strings.Contains(p.Text(), "Your account is saved.") {
		t.Errorf("the name: %s", p.Text())
	}
	fill(p, "email", "builder@example.org")
	fill(p, "short_name", "Bob.B")
	if got := p.Click("main button.primary"); got != 422 || !strings.Contains(p.Text(), "Please enter your password.") {
		t.Errorf("without the password: %d: %s", got, p.Text())
	}
	p.Type("current_password", rig.Password)
	if p.Click("main button.primary"); !strings.Contains(p.Text(), "Your account is saved.") {
		t.Errorf("e-mail and short name: %s", p.Text())
	}
	got := rig.Eval[string](p, `["name", "email", "short_name", "current_password"].map(f => document.getElementById(f).value).join("|")`)
	if got != "Bob Builder|builder@example.org|bob.b|" {
		t.Errorf("the page shows %q", got)
	}
}

func changePassword(t *testing.T, here, there *rig.Page) {
	t.Helper()
	here.Open("/account/password")
	if text := here.Text(); !strings.Contains(text, "signs out your other device") || !strings.Contains(text, "Chrome on Linux") || !strings.Contains(text, "At least 15 characters") {
		t.Errorf("before: %s", text)
	}
	here.Type("current_password", "not the right one at all")
	here.Type("password", betterPassword)
	if got := here.Click("main button.primary"); got != 422 || !strings.Contains(here.Text(), "The current password is not right.") {
		t.Errorf("a wrong password: %d: %s", got, here.Text())
	}
	if there.Open("/account"); there.Where() != "/account" {
		t.Errorf("the other browser is at %s", there.Where())
	}
	here.Type("current_password", rig.Password)
	here.Type("password", betterPassword)
	if here.Click("main button.primary"); !strings.Contains(here.Text(), "Your password is changed. 1 other device is signed out.") {
		t.Errorf("told: %s", here.Text())
	}
	if there.Open("/account"); !strings.HasPrefix(there.Where(), "/login") {
		t.Errorf("the other browser is at %s", there.Where())
	}
}

func leaveForGood(t *testing.T, s *rig.Server, p *rig.Page) {
	t.Helper()
	type file struct {
		Profile struct{ Email string }
		Entries []struct{ ID string }
	}
	var data file
	c := s.Client() // a browser would keep the file where no test looks
	c.SetCookie("__Host-session", p.Cookie("__Host-session").Value)
	a := c.Get("/account/data")
	if err := json.Unmarshal([]byte(a.Body), &data); err != nil || data.Profile.Email != "builder@example.org" || len(data.Entries) < 5 {
		t.Errorf("the data: %d, %v: %.300s", a.Status, err, a.Body)
	}
	p.Open("/account")
	p.Click(`main a[href="/account/close"]`)
	if text := p.Text(); !strings.Contains(text, "Bob Builder (deleted)") || !strings.Contains(text, "cannot be undone") {
		t.Errorf("before: %s", text)
	}
	if got := p.Click("main button.danger"); got != 422 {
		t.Errorf("without the password: %d", got)
	}
	p.Type("current_password", betterPassword)
	if p.Click("main button.danger"); p.Where() != "/login" || !strings.Contains(p.Text(), "Your account is closed") {
		t.Errorf("closed: at %s: %s", p.Where(), p.Text())
	}
	p.Click(`a[href="/forgot-password"]`)
	if !strings.Contains(p.Text(), "Ask an administrator") {
		t.Errorf("forgotten: %s", p.Text())
	}
}

// TestAccountOnMongo: the same by forms and JSON, on a database that is remote.
func TestAccountOnMongo(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_DATABASE=" + newDatabase(t)}})
	root := s.Admin()
	bob, cyd := s.Member("Bob", "bob@example.org"), s.Member("Cyd", "cyd@example.org")
	phone := signInAs(t, s, "bob@example.org", iPhoneAgent)
	proved := func(pairs ...string) url.Values {
		return rig.Fields(append(pairs, "current_password", rig.Password)...)
	}
	want := func(what string, a rig.Answer, status int) {
		t.Helper()
		if a.Status != status {
			t.Errorf("%s: %d, want %d: %.300s", what, a.Status, status, a.Body)
		}
	}
	want("a short name", bob.Form("/account", "/account", proved("name", "Bob", "short_name", "Bob", "email", "builder@example.org")), 303)
	want("the short name of somebody else", cyd.Form("/account", "/account", proved("name", "Cyd", "short_name", "bob")), 422)
	want("the address of somebody else", cyd.Form("/account", "/account", proved("name", "Cyd", "email", "builder@example.org")), 422)
	want("a new password", bob.Form("/account/password", "/account/password", proved("password", betterPassword)), 303)
	want("the phone afterwards", phone.Get("/account"), 303)
	data := bob.Get("/account/data")
	if !json.Valid([]byte(data.Body)) || strings.Contains(data.Body, "cyd@example.org") || !strings.Contains(data.Body, "builder@example.org") {
		t.Errorf("the data: %d: %.300s", data.Status, data.Body)
	}
	want("the last admin", root.JSON("POST", "/api/account/close", map[string]string{"current_password": rig.Password}), 409)
	want("closing", bob.JSON("POST", "/api/account/close", map[string]string{"current_password": betterPassword}), 200)
	want("closed", bob.Get("/account"), 303)
	if !strings.Contains(root.Get("/").Body, `<bdi>Bob</bdi> <span class="gone">(deleted)</span>`) {
		t.Error("the book does not say that he is gone")
	}
}

// TestOneAddressAtOnce: two browsers, of two people, change to one address at the same moment.
func TestOneAddressAtOnce(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	clients := []*rig.Client{s.Member("Bob", "bob@example.org"), s.Member("Cyd", "cyd@example.org")}
	answers := make(chan rig.Answer, len(clients))
	for _, c := range clients {
		go func() {
			a, err := c.Submit("/account", "/account", rig.Fields("name", "One", "email", "one@example.org", "short_name", "one", "current_password", rig.Password))
			if err != nil {
				t.Error(err)
			}
			answers <- a
		}()
	}
	statuses := map[int]int{}
	for range clients {
		statuses[(<-answers).Status]++
	}
	if statuses[303] != 1 || statuses[422] != 1 {
		t.Errorf("answers %v", statuses)
	}
}

// accountGallery looks at the pages about one's own account, of somebody whose name, address and
// groups are as long and as odd as can be.
func accountGallery(t *testing.T, browser *rig.Browser, axe string) {
	s := rig.Start(t, rig.Options{})
	stranger := browser.Page(s, true)
	show(t, axe, stranger, "forgot-password", 200, stranger.Open("/forgot-password"))
	const email = "a.very.long.address.of.somebody.with.a.long.name@subdomain.of.a.long.example.org"
	s.Member("Bob", email).SignOut()
	p := browser.Page(s, true)
	enter(t, p, email)
	show(t, axe, p, "password-alone", 200, p.Open("/account/password"))
	for _, agent := range []string{firefoxAgent, iPhoneAgent, strings.Repeat("W", 10<<10), "\u202eright to left"} {
		signInAs(t, s, email, agent)
	}
	for i, name := range []string{"שרה כהן", "علی\u200cرضا", "👩\u200d👧 Ann", strings.Repeat("W", 100)} {
		p.Open("/account")
		fill(p, "name", name)
		if p.Click("main button.primary"); !strings.Contains(p.Text(), "Your account is saved.") {
			t.Errorf("%q: %s", name, p.Text())
		}
		if i < 3 {
			p.Look(rig.Look{Width: 320, Height: 640, Mobile: true})
			p.Fits("account of " + name)
			p.Look(rig.Look{})
		}
	}
	s.Exec(t, "doorbook.db", `UPDATE developers SET member_of = '["builders","`+strings.Repeat("g", 40)+`","שרה"]'`)
	show(t, axe, p, "account", 200, p.Open("/account"))
	fill(p, "name", "")
	fill(p, "short_name", "1")
	show(t, axe, p, "account-wrong", 422, p.Click("main button.primary"))
	tokensGallery(t, axe, s, p)
	show(t, axe, p, "password", 200, p.Open("/account/password"))
	p.Type("password", "short")
	show(t, axe, p, "password-wrong", 422, p.Click("main button.primary"))
	show(t, axe, p, "account-close", 200, p.Open("/account/close"))
	show(t, axe, p, "account-close-wrong", 422, p.Click("main button.danger"))
	s.Exec(t, "doorbook.db", `UPDATE sessions SET signed_in = signed_in - 3600000`)
	show(t, axe, p, "account-data", 200, p.Open("/account/data"))
	show(t, axe, p, "account-data-wrong", 422, p.Click("main button.primary"))
}

// TestBigData: a file of ten thousand entries comes whole.
func TestBigData(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	bob := s.Member("Bob", "bob@example.org")
	const entries = 10_000
	s.Exec(t, "book.db", `WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
		INSERT INTO entries (id, type, client_addr, url, method, body, created_at, user, status, duration)
		SELECT printf('%024x', i), 'request', '203.0.113.7', '/seen/' || hex(randomblob(200)), 'GET', '',
			CAST(strftime('%s') AS INTEGER) * 1000, '`+self(t, bob).ID+`', 200, 1 FROM n`)
	a := bob.Get("/account/data")
	var data struct{ Entries []struct{ ID string } }
	if err := json.Unmarshal([]byte(a.Body), &data); err != nil || len(data.Entries) < entries {
		t.Fatalf("%d bytes, %d entries: %v", len(a.Body), len(data.Entries), err)
	}
}
