package web

import (
	"net/http"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
)

func (p *Web) loginForm(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	return p.showLogin(w, r, v, http.StatusOK, view.LoginPage{Next: httpx.LocalPath(r.URL.Query().Get("next"))})
}

func (p *Web) showLogin(w http.ResponseWriter, r *http.Request, v *door.Visit, status int, page view.LoginPage) error {
	page.Page = p.page(w, r, v)
	page.FormToken = httpx.FormToken(w, r, v)
	return p.send(w, r, status, view.Login(page))
}

func (p *Web) login(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	email, next := r.PostForm.Get("email"), r.PostForm.Get("next")
	device, err := p.door.SignIn(r.Context(), v, door.Credentials{Email: email, Password: r.PostForm.Get("password")})
	if problems, status, shown := onForm(w, r, err); shown {
		if wrongCredentials(err) {
			problems[0].Field = "password" // the field to type anew
		}
		return p.showLogin(w, r, v, status, view.LoginPage{
			Form: view.LoginForm{Email: email}, Next: httpx.LocalPath(next), Problems: problems,
		})
	}
	if err != nil {
		return asUnauthorized(r, err)
	}
	if device != "" {
		httpx.SetDevice(w, r, device)
	}
	http.Redirect(w, r, httpx.Onward(next), http.StatusSeeOther)
	return nil
}

// wrongCredentials reports whether the form was filled in and is not right.
func wrongCredentials(err error) bool {
	return fault.Is(err, fault.Invalid) && len(fault.From(err).Fields) == 0
}

// asUnauthorized answers programs that sent wrong credentials with 401; people get the form again,
// with 422, and so do programs that sent no credentials.
func asUnauthorized(r *http.Request, err error) error {
	if wrongCredentials(err) && httpx.WantsJSON(r) {
		return fault.Wrap(fault.Unauthorized, fault.From(err).Public, err)
	}
	return err
}

func (p *Web) logout(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	p.door.SignOut(r.Context(), v)
	v.Session.Flash("success", "You are signed out.")
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}

func (p *Web) registerForm(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	if err := p.door.MayRegister(); err != nil {
		return err
	}
	return p.showRegister(w, r, v, http.StatusOK, view.RegisterPage{})
}

func (p *Web) showRegister(w http.ResponseWriter, r *http.Request, v *door.Visit, status int, page view.RegisterPage) error {
	page.Page = p.page(w, r, v)
	page.FormToken = httpx.FormToken(w, r, v)
	page.Rules = passwordRules()
	return p.send(w, r, status, view.Register(page))
}

func (p *Web) register(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	in := registration(r)
	err := p.door.Register(r.Context(), v, in)
	if problems, status, shown := onForm(w, r, err); shown {
		return p.showRegister(w, r, v, status, view.RegisterPage{
			Form:     view.RegisterForm{Name: in.Name, Email: in.Email, Skills: r.PostForm.Get("skills")},
			Problems: problems,
		})
	}
	if err != nil {
		return err
	}
	v.Session.Flash("success", "Your account is made. Please sign in.")
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}

func passwordRules() view.PasswordRules {
	return view.PasswordRules{Min: account.MinPassword, Max: account.MaxPassword}
}

func registration(r *http.Request) account.Registration {
	return account.Registration{
		Name: r.PostForm.Get("name"), Skills: []string{r.PostForm.Get("skills")}, Email: r.PostForm.Get("email"),
		Password: r.PostForm.Get("password"), ConfirmPassword: r.PostForm.Get("confirm_password"),
		Confirm: r.PostForm.Has("confirm_password"),
	}
}
