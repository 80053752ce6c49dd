package view_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/web/view"
)

func TestFieldsOfTheForms(t *testing.T) {
	t.Parallel()
	login := parse(t, render(t, view.Login(view.LoginPage{})))
	register := parse(t, render(t, view.Register(view.RegisterPage{})))
	setup := parse(t, render(t, view.Setup(view.SetupPage{Token: "link-token"})))
	profile := parse(t, render(t, view.Account(view.AccountPage{})))
	change := parse(t, render(t, view.Password(view.PasswordPage{})))
	leave := parse(t, render(t, view.CloseAccount(view.CloseAccountPage{Password: true})))
	data := parse(t, render(t, view.Data(view.DataPage{})))
	for _, tt := range []struct {
		page               string
		all                []element
		name               string
		kind, autocomplete string
		required           bool
	}{
		{"login", login, "email", "email", "username", true},
		{"login", login, "password", "password", "current-password", true},
		{"register", register, "name", "text", "name", true},
		{"register", register, "email", "email", "username", true},
		{"register", register, "skills", "text", "", false},
		{"register", register, "password", "password", "new-password", true},
		{"setup", setup, "name", "text", "name", true},
		{"setup", setup, "email", "email", "username", true},
		{"setup", setup, "password", "password", "new-password", true},
		{"account", profile, "name", "text", "name", true},
		{"account", profile, "email", "email", "username", true},
		{"account", profile, "short_name", "text", "nickname", false},
		{"account", profile, "skills", "text", "", false},
		{"account", profile, "current_password", "password", "current-password", false},
		{"password", change, "current_password", "password", "current-password", true},
		{"password", change, "password", "password", "new-password", true},
		{"close", leave, "current_password", "password", "current-password", true},
		{"data", data, "current_password", "password", "current-password", true},
		{"setup", setup, "token", "hidden", "", false},
	} {
		t.Run(tt.page+" "+tt.name, func(t *testing.T) {
			a := field(t, tt.all, tt.name).attrs
			_, required := a["required"]
			if a["type"] != tt.kind || a["autocomplete"] != tt.autocomplete || required != tt.required {
				t.Errorf("attributes %v", a)
			}
		})
	}
	for page, all := range map[string][]element{"login": login, "register": register, "setup": setup} {
		passwords := 0
		for _, e := range named(all, "input") {
			if e.attrs["type"] == "password" {
				passwords++
			}
		}
		if passwords != 1 {
			t.Errorf("%s has %d password fields, want one", page, passwords)
		}
		for _, f := range named(all, "form") {
			if _, ok := f.attrs["novalidate"]; !ok {
				t.Errorf("%s: the browser's messages would come before ours", page)
			}
		}
	}
}

func TestActionsAndHiddenFields(t *testing.T) {
	t.Parallel()
	html := render(t, view.Login(view.LoginPage{Page: signedOut(), Next: `/developers?x=1&y="`}))
	all := parse(t, html)
	if a := named(all, "form")[0].attrs["action"]; a != "/auth/login" {
		t.Errorf("login goes to %q", a)
	}
	if v := field(t, all, "next").attrs["value"]; v != "/developers?x=1&amp;y=&#34;" {
		t.Errorf("next is %q", v)
	}
	if v := field(t, all, "csrf_token").attrs["value"]; v != "form-token" {
		t.Errorf("csrf_token is %q", v)
	}
	if strings.Contains(render(t, view.Login(view.LoginPage{})), `name="next"`) {
		t.Error("an empty next is sent along")
	}
	if a := named(parse(t, render(t, view.Register(view.RegisterPage{}))), "form")[0].attrs["action"]; a != "/auth/register" {
		t.Errorf("register goes to %q", a)
	}
	setup := parse(t, render(t, view.Setup(view.SetupPage{Token: "link-token"})))
	if a := named(setup, "form")[0].attrs["action"]; a != "/setup" {
		t.Errorf("setup goes to %q", a)
	}
	if v := field(t, setup, "token").attrs["value"]; v != "link-token" {
		t.Errorf("token is %q", v)
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	html := render(t, view.Register(view.RegisterPage{
		Form: view.RegisterForm{Name: "Ada", Email: "ada@", Skills: "go, sql"},
		Problems: []view.Problem{
			{Field: "email", Text: "No host."},
			{Field: "email", Text: "Too short."},
			{Field: "password", Text: "Too common."},
			{Field: "", Text: "Of the whole form."},
		},
	}))
	all := parse(t, html)
	for _, want := range []string{
		`<a href="#email">No host.</a>`, `<a href="#email">Too short.</a>`, `<a href="#password">Too common.</a>`,
		`<li>Of the whole form.</li>`,
		`<p class="problem" id="email-problem">No host. Too short.</p>`, `<p class="problem" id="password-problem">Too common.</p>`,
		`class="problems" role="alert" tabindex="-1"`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s", want)
		}
	}
	got := map[string][3]string{}
	for _, name := range []string{"name", "email", "skills", "password"} {
		a := field(t, all, name).attrs
		got[name] = [3]string{a["value"], a["aria-invalid"], a["aria-describedby"]}
	}
	want := map[string][3]string{
		"name": {"Ada", "", ""}, "email": {"ada@", "true", "email-problem"}, "skills": {"go, sql", "", "skills-hint"},
		"password": {"", "true", "password-hint password-problem"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if strings.Contains(html, "autofocus") {
		t.Error("a field takes the focus from the summary")
	}
}

func TestFocusIsOnTheFirstEmptyField(t *testing.T) {
	t.Parallel()
	focused := func(html string) string {
		for _, e := range named(parse(t, html), "input") {
			if _, ok := e.attrs["autofocus"]; ok {
				return e.attrs["name"]
			}
		}
		return ""
	}
	for want, html := range map[string]string{
		"email":    render(t, view.Login(view.LoginPage{})),
		"password": render(t, view.Login(view.LoginPage{Form: view.LoginForm{Email: "a@b.c"}})),
		"name":     render(t, view.Register(view.RegisterPage{})),
	} {
		if got := focused(html); got != want {
			t.Errorf("focus on %q, want %q", got, want)
		}
	}
	// The skills are optional: they are passed over.
	if got := focused(render(t, view.Register(view.RegisterPage{Form: view.RegisterForm{Name: "A", Email: "b"}}))); got != "password" {
		t.Errorf("focus on %q, want the password", got)
	}
}

func TestPasswordRulesStandBeforeTheField(t *testing.T) {
	t.Parallel()
	html := render(t, view.Register(view.RegisterPage{Rules: view.PasswordRules{Min: 15, Max: 128}}))
	rules := strings.Index(html, "At least 15 characters, up to 128.")
	if rules < 0 || rules > strings.Index(html, `type="password"`) {
		t.Error("the rules are not shown before the field")
	}
	html = render(t, view.Setup(view.SetupPage{Rules: view.PasswordRules{Min: 8, Max: 1000}}))
	if !strings.Contains(html, "At least 8 characters, up to 1,000.") || !strings.Contains(html, `passwordrules="minlength: 8; maxlength: 1000;"`) {
		t.Error("other rules are not shown")
	}
}
