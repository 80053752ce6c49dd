package web

import (
	"net/http"

	"github.com/a-h/templ"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
)

func (p *Web) loginForm(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	if v.Host != "" {
		return p.enter(w, r, v, door.Ask{Back: httpx.Wanted(r), Returns: httpx.Enters(r).Times})
	}
	return p.show(w, r, v, http.StatusOK, p.loginPageFirst)
}

// loginPageFirst is the sign-in page as somebody comes to it or is sent there: it alone tells them
// that they were signed in. Elsewhere it would stand on each page, and beside each error, until they
// sign in.
func (p *Web) loginPageFirst(r *http.Request, page view.Page, problems []view.Problem) templ.Component {
	if text := lostText(httpx.SessionLost(r)); text != "" {
		page.Flashes = append([]view.Flash{{Category: "info", Text: text}}, page.Flashes...)
	}
	return p.loginPage(r, page, problems)
}

// lostText says why somebody who was signed in is not any more; "" for everybody else.
func lostText(why httpx.Lost) string {
	switch why {
	case httpx.LostEnded:
		return "Your session has ended: it was not used for a while, or was ended elsewhere. Please sign in again."
	case httpx.LostForeign:
		return "The session that your browser brings is not one of this site: its key has changed, or another program on this host uses a " +
			"cookie of the same name, which DOORBOOK_COOKIE_PREFIX tells apart. Please sign in again."
	}
	return ""
}

func (p *Web) login(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	typed := door.Credentials{
		Email: r.PostForm.Get("email"), Password: r.PostForm.Get("password"), Remember: r.PostForm.Has("remember"),
	}
	device, err := p.door.SignIn(r.Context(), v, typed)
	if problems, status, shown := onForm(w, r, err); shown {
		if wrongCredentials(err) {
			problems[0].Field = "password" // the field to type anew
		}
		return p.show(w, r, v, status, p.loginPage, problems...)
	}
	if err != nil {
		return asUnauthorized(r, err)
	}
	return in(w, r, device)
}

// in sends on somebody who has just signed in.
func in(w http.ResponseWriter, r *http.Request, device string) error {
	if device != "" {
		httpx.SetDevice(w, r, device)
	}
	httpx.SeeOther(w, httpx.Onward(r))
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

// out sends on somebody whose session ends with this answer.
func out(w http.ResponseWriter, r *http.Request, v *door.Visit, message string) {
	httpx.Forget(w)
	v.Session.Flash("success", message)
	httpx.Redirect(w, r, "/login")
}

func (p *Web) registerForm(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	if err := p.door.MayRegister(r.Context()); err != nil {
		return err
	}
	return p.show(w, r, v, http.StatusOK, registerPage)
}

func (p *Web) register(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	device, err := p.door.Register(r.Context(), v, registration(r))
	if problems, status, shown := onForm(w, r, err); shown {
		return p.show(w, r, v, status, registerPage, problems...)
	}
	switch {
	case err != nil:
		return err
	case !v.SignedIn():
		v.Session.Flash("success", "Your account is made. An administrator has to approve it before you can sign in.")
		httpx.Redirect(w, r, "/login")
		return nil
	}
	return in(w, r, device)
}

func registration(r *http.Request) account.Registration {
	return account.Registration{
		Name: r.PostForm.Get("name"), Skills: []string{r.PostForm.Get("skills")}, Email: r.PostForm.Get("email"),
		Password: r.PostForm.Get("password"), ConfirmPassword: r.PostForm.Get("confirm_password"),
		Confirm: r.PostForm.Has("confirm_password"),
	}
}
