package web

import (
	"net/http"

	"github.com/a-h/templ"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
)

// linkForm shows what a one-time link is for, and uses nothing up.
func (p *Web) linkForm(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	of, err := p.door.Link(r.Context(), r.PathValue("token"))
	if err != nil {
		return p.linkOver(w, r, v, err)
	}
	return p.showLink(w, r, v, http.StatusOK, of)
}

func (p *Web) showLink(
	w http.ResponseWriter, r *http.Request, v *door.Visit, status int, of door.Linked, problems ...view.Problem,
) error {
	return p.show(w, r, v, status, linkPage(of), problems...)
}

// linkPage is the form of a link to that account.
func linkPage(of door.Linked) form {
	return func(r *http.Request, page view.Page, problems []view.Problem) templ.Component {
		name := of.Name
		if r.PostForm.Has("name") {
			name = r.PostForm.Get("name")
		} else if name == of.Email {
			name = "" // nobody has said one yet
		}
		return view.OneTimeLink(view.LinkPage{
			Page: page, Token: r.PathValue("token"), Invitation: of.Invitation, Email: of.Email,
			Name: name, Rules: passwordRules(), Problems: problems,
			Taken: of.Email != "" && page.User != nil && page.User.Email != of.Email,
		})
	}
}

func (p *Web) useLink(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	token := r.PathValue("token")
	used, err := p.door.UseLink(r.Context(), v, token, registration(r))
	if problems, status, shown := onForm(w, r, err); shown {
		of, err := p.door.Link(r.Context(), token)
		if err != nil {
			return p.linkOver(w, r, v, err)
		}
		return p.showLink(w, r, v, status, of, problems...)
	}
	switch {
	case err != nil:
		return p.linkOver(w, r, v, err)
	case used.Invitation:
		return in(w, r, used.Device)
	}
	text := "Your new password is set. "
	if used.Ended > 0 {
		text += "You are signed out everywhere: " + counted(used.Ended, "%d device. ", "%d devices. ")
	}
	out(w, r, v, text+"Sign in with it.")
	return nil
}

// linkOver tells what to do when the link is no good any more.
func (p *Web) linkOver(w http.ResponseWriter, r *http.Request, v *door.Visit, err error) error {
	if !fault.Is(err, fault.NotFound) || httpx.WantsJSON(r) {
		return err
	}
	return p.send(w, r, http.StatusNotFound, view.LinkOver(p.bare(w, r, v)))
}
