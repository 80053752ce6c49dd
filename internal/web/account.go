package web

import (
	"net/http"
	"strings"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
)

const accountAddress = "/account"

func (p *Web) account(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	d := v.Developer
	return p.showAccount(w, r, v, http.StatusOK, view.AccountForm{
		Name: d.Name, Email: d.Email, ShortName: d.ShortName, Skills: strings.Join(d.Skills, ", "),
	})
}

func (p *Web) showAccount(
	w http.ResponseWriter, r *http.Request, v *door.Visit, status int, form view.AccountForm, problems ...view.Problem,
) error {
	return p.send(w, r, status, view.Account(view.AccountPage{
		Page: p.page(w, r, v), Form: form, Problems: problems,
		Role: string(v.Developer.Role), Groups: v.Developer.Groups, Since: v.Developer.CreatedAt, Now: httpx.Started(r),
	}))
}

func (p *Web) saveAccount(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	in := door.DeveloperChange{
		Name: sent(r, "name"), Email: sent(r, "email"), ShortName: sent(r, "short_name"),
		CurrentPassword: r.PostForm.Get("current_password"),
	}
	if skills := sent(r, "skills"); skills != nil {
		in.Skills = &[]string{*skills}
	}
	_, err := p.door.ChangeDeveloper(r.Context(), v, v.Developer.ID, in)
	if problems, status, shown := onForm(w, r, err); shown {
		return p.showAccount(w, r, v, status, view.AccountForm{
			Name: r.PostForm.Get("name"), Email: r.PostForm.Get("email"), ShortName: r.PostForm.Get("short_name"),
			Skills: r.PostForm.Get("skills"),
		}, problems...)
	}
	if err != nil {
		return err
	}
	v.Session.Flash("success", "Your account is saved.")
	httpx.Redirect(w, r, accountAddress)
	return nil
}

// sent is a field of a form, nil for one that is not in it.
func sent(r *http.Request, name string) *string {
	if !r.PostForm.Has(name) {
		return nil
	}
	return new(r.PostForm.Get(name))
}

func (p *Web) password(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	return p.showPassword(w, r, v, http.StatusOK)
}

func (p *Web) showPassword(w http.ResponseWriter, r *http.Request, v *door.Visit, status int, problems ...view.Problem) error {
	devices, err := p.devices(r, v)
	if err != nil {
		return err
	}
	return p.send(w, r, status, view.Password(view.PasswordPage{
		Page: p.page(w, r, v), Devices: devices, Now: httpx.Started(r), Rules: passwordRules(), Problems: problems,
	}))
}

func (p *Web) savePassword(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	n, err := p.door.ChangePassword(r.Context(), v, r.PostForm.Get("password"), r.PostForm.Get("current_password"))
	if problems, status, shown := onForm(w, r, err); shown {
		return p.showPassword(w, r, v, status, problems...)
	}
	if err != nil {
		return err
	}
	text := "Your password is changed. "
	if n == 0 {
		text += "You were signed in only here."
	} else {
		text += counted(n, "%d other device is signed out.", "%d other devices are signed out.")
	}
	v.Session.Flash("success", text)
	httpx.Redirect(w, r, accountAddress)
	return nil
}

// ownData is the file of what is kept of the visitor, or the page before it, which asks for the
// password. Whoever comes by a link and need not show who they are gets the file at once.
func (p *Web) ownData(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	if r.Method != http.MethodPost && p.door.MustProve(v) {
		return p.send(w, r, http.StatusOK, view.Data(view.DataPage{Page: p.page(w, r, v)}))
	}
	err := p.data(w, r, v, r.PostForm.Get("current_password"))
	if problems, status, shown := onForm(w, r, err); shown {
		return p.send(w, r, status, view.Data(view.DataPage{Page: p.page(w, r, v), Problems: problems}))
	}
	return err
}

func (p *Web) closeForm(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	return p.showClose(w, r, v, http.StatusOK)
}

func (p *Web) showClose(w http.ResponseWriter, r *http.Request, v *door.Visit, status int, problems ...view.Problem) error {
	return p.send(w, r, status, view.CloseAccount(view.CloseAccountPage{
		Page: p.page(w, r, v), Password: p.door.MustProve(v), Problems: problems,
	}))
}

func (p *Web) closeAccount(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	err := p.door.CloseAccount(r.Context(), v, v.Developer.ID, r.PostForm.Get("current_password"))
	if problems, status, shown := onForm(w, r, err); shown {
		return p.showClose(w, r, v, status, problems...)
	}
	if fault.Is(err, fault.Conflict) && !httpx.WantsJSON(r) { // the last administrator
		return p.showClose(w, r, v, http.StatusConflict, view.Problem{Text: fault.From(err).Public})
	}
	if err != nil {
		return err
	}
	out(w, r, v, "Your account is closed, and you are signed out everywhere.")
	return nil
}

// forgotten is the same for everybody: it asks nobody who they are, and looks nobody up.
func (p *Web) forgotten(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	return p.send(w, r, http.StatusOK, view.Forgotten(view.ForgottenPage{Page: p.page(w, r, v), Good: door.PasswordLinkTime}))
}
