package web

import (
	"net/http"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
)

func (p *Web) setupForm(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	token := r.URL.Query().Get("token")
	if err := p.door.CheckSetup(r.Context(), token); err != nil {
		return p.setupOver(w, r, v, err)
	}
	return p.showSetup(w, r, v, http.StatusOK, view.SetupPage{Token: token})
}

func (p *Web) showSetup(w http.ResponseWriter, r *http.Request, v *door.Visit, status int, page view.SetupPage) error {
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the token
	page.Page = p.page(w, r, v)
	page.FormToken = httpx.FormToken(w, r, v)
	page.Rules = passwordRules()
	return p.send(w, r, status, view.Setup(page))
}

func (p *Web) setup(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	token, in := r.PostForm.Get("token"), registration(r)
	err := p.door.CompleteSetup(r.Context(), v, token, in)
	if problems, status, shown := onForm(w, r, err); shown {
		return p.showSetup(w, r, v, status, view.SetupPage{
			Form: view.SetupForm{Name: in.Name, Email: in.Email}, Token: token, Problems: problems,
		})
	}
	if err != nil {
		return p.setupOver(w, r, v, err)
	}
	v.Session.Flash("success", "The first administrator is made. Please sign in.")
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}

// setupOver tells what to do when the link is no good any more.
func (p *Web) setupOver(w http.ResponseWriter, r *http.Request, v *door.Visit, err error) error {
	if !fault.Is(err, fault.NotFound) || httpx.WantsJSON(r) {
		return err
	}
	return p.send(w, r, http.StatusNotFound, view.SetupOver(p.bare(w, r, v)))
}
