package web

import (
	"net/http"

	"github.com/a-h/templ"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
	"github.com/doorbook/doorbook/session"
)

// form makes a page with a form, filled in with what the request has typed in it.
type form func(r *http.Request, page view.Page, problems []view.Problem) templ.Component

func (p *Web) loginPage(r *http.Request, page view.Page, problems []view.Problem) templ.Component {
	var idle, remembered string
	if stay := p.door.Stay(); stay.Remembered > 0 {
		remembered = door.Lasting(stay.Remembered)
		if stay.Idle < stay.Remembered {
			idle = door.Lasting(stay.Idle)
		}
	}
	return view.Login(view.LoginPage{
		Page: page, Errand: p.errand(r), Next: session.WayBack(r, ""), Problems: problems, Idle: idle, Remembered: remembered,
		Form: view.LoginForm{Email: r.PostForm.Get("email"), Remember: r.PostForm.Has("remember")},
	})
}

func registerPage(r *http.Request, page view.Page, problems []view.Problem) templ.Component {
	return view.Register(view.RegisterPage{
		Page: page, Rules: passwordRules(), Problems: problems,
		Form: view.RegisterForm{
			Name: r.PostForm.Get("name"), Email: r.PostForm.Get("email"), Skills: r.PostForm.Get("skills"),
		},
	})
}

func setupPage(r *http.Request, page view.Page, problems []view.Problem) templ.Component {
	token := r.PostForm.Get("token")
	if token == "" {
		token = r.URL.Query().Get("token")
	}
	return view.Setup(view.SetupPage{
		Page: page, Rules: passwordRules(), Problems: problems, Token: token,
		Form: view.SetupForm{Name: r.PostForm.Get("name"), Email: r.PostForm.Get("email")},
	})
}

// formOf returns the form that is posted to a route; nil for none.
func (p *Web) formOf(pattern string) form {
	switch pattern {
	case "POST /auth/login":
		return p.loginPage
	case "POST /confirm":
		return p.confirmPage
	case "POST /auth/register":
		return registerPage
	case "POST /setup":
		return setupPage
	case "POST /link/{token}":
		return linkPage(door.Linked{Invitation: true}) // whose it is, is not known here: it may be either
	}
	return nil
}

// show answers with a form.
func (p *Web) show(w http.ResponseWriter, r *http.Request, v *door.Visit, status int, f form, problems ...view.Problem) error {
	page := p.page(w, r, v)
	page.FormToken = httpx.FormToken(w, r, v)
	return p.send(w, r, status, f(r, page, problems))
}

// onForm reports whether an error is shown on the form it came from, with what was typed kept:
// broken rules, and being too fast. Programs that ask for JSON get it as an answer of its own.
func onForm(w http.ResponseWriter, r *http.Request, err error) (problems []view.Problem, status int, shown bool) {
	if err == nil || httpx.WantsJSON(r) {
		return nil, 0, false
	}
	f := fault.From(err)
	if f.Kind != fault.Invalid && f.Kind != fault.Throttled {
		return nil, 0, false
	}
	httpx.SetRetryAfter(w.Header(), f)
	for _, field := range f.Fields {
		problems = append(problems, view.Problem{Field: field.Name, Text: field.Text})
	}
	if len(problems) == 0 || door.WaitsForApproval(err) { // of no field
		problems = []view.Problem{{Text: f.Public}}
	}
	return problems, httpx.Status(f), true
}

// formAgain shows the form whose request could not be dealt with for now, so that nothing has to be
// typed again but the password, and reports whether there is one. It asks nothing of the session
// and the databases: they may be what does not answer.
func (p *Web) formAgain(w http.ResponseWriter, r *http.Request, v *door.Visit, status int, f *fault.Error) bool {
	posted, pattern := httpx.Posted(r)
	again := p.formOf(pattern)
	if again == nil {
		return false
	}
	page := p.bare(w, r, v)
	page.FormToken = httpx.FormToken(w, r, v)
	return p.send(w, r, status, again(posted, page, []view.Problem{{Text: f.Public}})) == nil
}

func passwordRules() view.PasswordRules {
	return view.PasswordRules{Min: account.MinPassword, Max: account.MaxPassword}
}
