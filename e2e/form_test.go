package e2e_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestFormErrors: what is wrong stands in a summary that has the focus and beside the field, what
// was typed is kept, and the password is not.
func TestFormErrors(t *testing.T) {
	t.Parallel()
	browser := rig.NewBrowser(t)
	s := rig.Start(t, rig.Options{})
	for _, tt := range []struct {
		name   string
		script bool
	}{{"with JavaScript", true}, {"without JavaScript", false}} {
		t.Run(tt.name, func(t *testing.T) {
			p := browser.On(t).Page(s, tt.script)
			p.Open("/register")
			p.Type("name", "Grün & <b>Söhne</b>")
			p.Type("email", "a@b@example.org")
			p.Type("skills", `go, "quoted"`)
			p.Type("password", "too short")
			if got := p.Click("button.primary"); got != 422 {
				t.Errorf("status %d, want 422", got)
			}
			for field, want := range map[string]string{"name": "Grün & <b>Söhne</b>", "email": "a@b@example.org", "skills": `go, "quoted"`, "password": ""} {
				if got := rig.Eval[string](p, "document.getElementById('"+field+"').value"); got != want {
					t.Errorf("%s holds %q, want %q", field, got, want)
				}
				wrong := field == "email" || field == "password"
				if got := rig.Eval[bool](p, "document.getElementById('"+field+"').ariaInvalid === 'true'"); got != wrong {
					t.Errorf("%s is marked invalid: %v, want %v", field, got, wrong)
				}
				if described := rig.Eval[string](p, `(document.getElementById('`+field+`').getAttribute('aria-describedby') || '')
					.split(' ').map(id => id && document.getElementById(id).innerText).join('|')`); wrong && !strings.Contains(p.Text(), described[strings.LastIndex(described, "|")+1:]) {
					t.Errorf("%s is described by %q", field, described)
				}
			}
			if n := p.Count(".problems a[href='#email'], .problems a[href='#password']"); n != 2 {
				t.Errorf("%d links in the summary, want 2", n)
			}
			if got := rig.Eval[bool](p, "document.activeElement === document.querySelector('.problems')"); got != tt.script {
				t.Errorf("the summary has the focus: %v, want %v", got, tt.script)
			}
			if n := p.Count("[autofocus]"); n != 0 {
				t.Errorf("%d fields want the focus on a page with an error", n)
			}
			p.Do(chromedp.Click(".problems a[href='#password']"))
			if got := focus(p); got != "password" {
				t.Errorf("the link leads to %q", got)
			}
			if !strings.HasPrefix(p.Title(), "Error: ") {
				t.Errorf("title %q", p.Title())
			}
		})
	}
}

// TestShow: the button shows and hides the password without losing it, and no form sends one that
// stands readable.
func TestShow(t *testing.T) {
	t.Parallel()
	browser := rig.NewBrowser(t)
	s := rig.Start(t, rig.Options{})
	if p := browser.Page(s, false); p.Open("/login") != 200 || p.Count("button.show") != 0 {
		t.Error("without JavaScript there is a button that can do nothing")
	}
	p := browser.Page(s, true)
	p.Open("/login")
	p.Type("password", "seven wise owls")
	state := func() string {
		return rig.Eval[string](p, `(() => { const i = document.querySelector("#password"), b = document.querySelector("button.show");
			return [i.type, i.value, b.getAttribute("aria-pressed"), b.getAttribute("aria-controls"), b.type, document.activeElement.id].join("|") })()`)
	}
	if got, want := state(), "password|seven wise owls|false|password|button|password"; got != want {
		t.Errorf("at first %s, want %s", got, want)
	}
	p.Do(chromedp.Click("button.show"))
	if got, want := state(), "text|seven wise owls|true|password|button|password"; got != want {
		t.Errorf("shown %s, want %s", got, want)
	}
	p.Do(chromedp.Click("button.show"))
	if got, want := state(), "password|seven wise owls|false|password|button|password"; got != want {
		t.Errorf("hidden %s, want %s", got, want)
	}
	if size := rig.Eval[[]float64](p, `(r => [r.width, r.height])(document.querySelector("button.show").getBoundingClientRect())`); size[0] < 24 || size[1] < 24 {
		t.Errorf("the button is %v px, want 24 at least", size)
	}
	p.Do(chromedp.Click("button.show"))
	rig.Eval[bool](p, `document.querySelector("form").addEventListener("submit", e => { e.preventDefault(); }), true`)
	p.Do(chromedp.Click("button.primary"))
	if got := rig.Eval[string](p, `document.querySelector("#password").type`); got != "password" {
		t.Errorf("the form is sent with a field of type %q", got)
	}
}

// TestDoubleClick makes one account of two clicks.
func TestDoubleClick(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	p := rig.NewBrowser(t).Page(s, true)
	p.Open("/register")
	p.Type("name", "Dora")
	p.Type("email", "dora@example.org")
	p.Type("password", rig.Password)
	before := p.Requests()
	rig.Eval[bool](p, `(b => { b.click(); b.click(); return true })(document.querySelector("button.primary"))`)
	if !rig.Until(func() bool { return p.Where() == "/" }) {
		t.Fatalf("after two clicks: %s", p.Where())
	}
	if got := s.Query(t, "doorbook.db", "SELECT name FROM developers"); len(got) != 1 {
		t.Errorf("accounts: %q", got)
	}
	if got := s.Query(t, "book.db", "SELECT url FROM entries WHERE method = 'POST'"); len(got) != 1 || p.Requests() == before {
		t.Errorf("two clicks sent %q", got)
	}
}

// TestPaste: nothing keeps people from pasting, and password managers find what they look for.
func TestPaste(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	c := s.Client()
	for path, want := range map[string][]string{
		"/login":                  {`type="email" autocomplete="username"`, `type="password" autocomplete="current-password"`},
		"/register":               {`autocomplete="name"`, `type="email" autocomplete="username"`, `type="password" autocomplete="new-password"`},
		"/setup?token=" + s.Token: {`type="password" autocomplete="new-password"`},
	} {
		a := c.Get(path)
		for _, w := range want {
			if !strings.Contains(strings.Join(strings.Fields(a.Body), " "), w) {
				t.Errorf("%s lacks %s", path, w)
			}
		}
		for _, bad := range []string{"onpaste", `autocomplete="off"`, "maxlength=", "<style", "style=", "onclick", "<script>"} {
			if strings.Contains(a.Body, bad) {
				t.Errorf("%s holds %s", path, bad)
			}
		}
		if len(a.Body) > 30<<10 {
			t.Errorf("%s weighs %d bytes", path, len(a.Body))
		}
	}
}
