package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestRegister: an account, whose owner is signed in and told so.
func TestRegister(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	v := s.Visitor()
	wantPage(t, v.Get("/register"), 200, "Create an account")
	form := newcomer("Eve")
	form.Set("confirm_password", sitetest.Password)
	wantRedirect(t, v.Post("/auth/register", form), "/")
	a := v.Get("/")
	wantPage(t, a, 200, "Eve")
	if list := flashes(a); len(list) != 1 || !strings.Contains(list[0], "signed in") {
		t.Errorf("messages %q", list)
	}
	wantRedirect(t, s.Visitor().SignIn("eve@example.org", sitetest.Password), "/")
	if list := developers(t, s); len(list) != 1 || list[0].Role != account.Member || strings.Join(list[0].Skills, "+") != "go+sql" {
		t.Errorf("%+v", list)
	}
}

// TestRegisterWrong: every broken field is told, beside it and in the summary, and what was typed
// is kept but for passwords.
func TestRegisterWrong(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	s.Developer("Ada", account.Member)
	v := s.Visitor()
	v.Get("/register")
	const another = "quiet heron walks at noon"
	for name, c := range map[string]struct {
		change url.Values
		fields []string
	}{
		"nothing":              {url.Values{"name": {""}, "email": {""}, "password": {""}}, []string{"name", "email", "password"}},
		"short password":       {url.Values{"password": {"fourteen chars"}}, []string{"password"}},
		"long password":        {url.Values{"password": {strings.Repeat("ab ", 50)}}, []string{"password"}},
		"one's own address":    {url.Values{"email": {"some.longer.name@example.org"}, "password": {"some.longer.name@example.org"}}, []string{"password"}},
		"confirmed by nothing": {url.Values{"confirm_password": {""}}, []string{"confirm_password"}},
		"not confirmed":        {url.Values{"confirm_password": {"another one, another one"}}, []string{"confirm_password"}},
		"address taken":        {url.Values{"email": {"ADA@example.org"}, "password": {another}}, []string{"email"}},
		"control characters":   {url.Values{"name": {"a\x00b\r\nc"}}, []string{"name"}},
		"an address of script": {url.Values{"email": {`"><script>alert(1)</script>@example.org`}}, []string{"email"}},
		"too many skills":      {url.Values{"skills": {strings.Repeat("x,", 100) + strings.Repeat("y", 200)}}, []string{"skills"}},
	} {
		t.Run(name, func(t *testing.T) {
			form := newcomer("Eve")
			for k, values := range c.change {
				form[k] = values
			}
			a := v.Post("/auth/register", form)
			wantPage(t, a, http.StatusUnprocessableEntity, "There is a problem")
			for _, field := range c.fields {
				if field != "confirm_password" && (!strings.Contains(a.Body, `href="#`+field+`"`) || !strings.Contains(a.Body, `id="`+field+`-problem"`)) {
					t.Errorf("%s is not told", field)
				}
			}
			for _, field := range []string{"name", "email", "skills"} {
				got, _ := value(a, field)
				if want := form.Get(field); got != want && !strings.ContainsAny(want, "\x00\r\n") {
					t.Errorf("%s: typed %q, kept %q", field, want, got)
				}
			}
			for _, secret := range []string{form.Get("password"), form.Get("confirm_password")} {
				if secret != "" && secret != form.Get("email") && strings.Contains(a.Body, secret) {
					t.Errorf("the page holds the password %q", secret)
				}
			}
			if _, ok := value(a, "password"); ok || strings.Contains(a.Body, "<script>alert") {
				t.Error("the page holds the password, or code")
			}
		})
	}
	if n := len(developers(t, s)); n != 1 {
		t.Errorf("%d accounts", n)
	}
	// For a program the same as JSON, by field.
	a := v.Post("/auth/register", url.Values{"name": {"Eve"}, "email": {"x"}, "password": {"y"}}, "Accept", "application/json")
	var told struct {
		Status bool
		Error  string
		Fields map[string]string
	}
	a.JSON(t, &told)
	if a.Status != http.StatusUnprocessableEntity || told.Status || told.Error == "" || len(told.Fields) != 2 || told.Fields["email"] == "" {
		t.Errorf("%d %+v", a.Status, told)
	}
}

func TestRegisterThrottled(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	for i := range account.DefaultGuessing().Registration.Free {
		v := s.Visitor()
		v.Get("/register")
		wantRedirect(t, v.Post("/auth/register", newcomer("Eve"+string(rune('a'+i)))), "/")
	}
	v := s.Visitor()
	v.Get("/register")
	a := v.Post("/auth/register", newcomer("Mallory"))
	wantPage(t, a, http.StatusTooManyRequests, "Please wait")
	if name, _ := value(a, "name"); name != "Mallory" || a.Header.Get("Retry-After") != "60" {
		t.Errorf("kept %q, Retry-After %q", name, a.Header.Get("Retry-After"))
	}
}

// TestRegistrationClosed: there is no page, no link to it, and no way around.
func TestRegistrationClosed(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, func(p *server.Parts) { p.Registration.Mode = door.Closed })
	v := s.Visitor()
	wantPage(t, v.Get("/register"), http.StatusForbidden, "Registration is closed")
	if a := v.Get("/login"); strings.Contains(a.Body, "/register") {
		t.Error("the sign-in page leads to a closed one")
	}
	wantPage(t, v.Post("/auth/register", newcomer("Eve")), http.StatusForbidden, "Registration is closed")
	if n := len(developers(t, s)); n != 0 {
		t.Errorf("%d accounts", n)
	}
}

// TestTwice: a double click makes one account, and whichever answer is shown, its owner is in.
func TestTwice(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	v := s.Visitor()
	v.Get("/register")
	both := func(target string, form url.Values) (answers [2]*sitetest.Answer) {
		var all sync.WaitGroup
		for i := range answers {
			w := v.Clone()
			all.Go(func() { answers[i] = w.Post(target, form) })
		}
		all.Wait()
		return answers
	}
	for _, a := range both("/auth/register", newcomer("Eve")) {
		wantRedirect(t, a, "/")
	}
	if list := developers(t, s); len(list) != 1 {
		t.Fatalf("%d accounts", len(list))
	}
	v.Get("/login")
	for _, a := range both("/auth/login", credentials("eve@example.org", sitetest.Password)) {
		wantRedirect(t, a, "/")
	}
}

// TestSetup: the first admin, by the link that the program printed, once.
func TestSetup(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	token, err := s.Door.OpenSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v := s.Visitor()
	for _, path := range []string{"/setup", "/setup?token=", "/setup?token=invented", "/setup?token=" + token + "x", "/setup?x=" + token} {
		wantPage(t, v.Get(path), http.StatusNotFound, "This setup link is over", "doorbook user add")
	}
	page := v.Get("/setup?token=" + token)
	wantPage(t, page, 200, "Set up Doorbook")
	if got, _ := value(page, "token"); got != token || page.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("token %q, Referrer-Policy %q", got, page.Header.Get("Referrer-Policy"))
	}
	form := newcomer("Root")
	form.Set("token", token)
	form.Set("password", "short")
	a := v.Post("/setup", form)
	wantPage(t, a, http.StatusUnprocessableEntity, "There is a problem")
	kept := map[string]string{}
	for _, name := range []string{"token", "name", "email"} {
		kept[name], _ = value(a, name)
	}
	if kept["token"] != token || kept["name"] != "Root" || kept["email"] != "root@example.org" {
		t.Errorf("kept %v", kept)
	}
	form.Set("token", "invented")
	wantPage(t, v.Post("/setup", form), http.StatusNotFound, "This setup link is over")
	form.Set("token", token)
	form.Set("password", sitetest.Password)
	twice := v.Clone()
	wantRedirect(t, v.Post("/setup", form), "/")
	a = v.Get("/")
	wantPage(t, a, 200, "Root", "admin")
	if list := flashes(a); len(list) != 1 {
		t.Errorf("messages %q", list)
	}
	wantRedirect(t, twice.Post("/setup", form), "/") // a double click
	wantPage(t, twice.Get("/"), 200, "Root", "admin")
	form.Set("email", "second@example.org")
	late := s.Visitor()
	late.Get("/login")
	wantPage(t, late.Post("/setup", form), http.StatusNotFound, "This setup link is over")
	wantPage(t, late.Get("/setup?token="+token), http.StatusNotFound, "This setup link is over")
	for _, e := range s.Entries("") {
		if strings.Contains(e.URL+e.Body+e.Text+e.Target, token) {
			t.Errorf("the book holds the token: %+v", e)
		}
	}
}
