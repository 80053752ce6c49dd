package web

import (
	"net/http"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
)

func (p *Web) setupForm(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	if err := p.door.CheckSetup(r.Context(), r.URL.Query().Get("token")); err != nil {
		return p.setupOver(w, r, v, err)
	}
	return p.showSetup(w, r, v, http.StatusOK)
}

func (p *Web) showSetup(w http.ResponseWriter, r *http.Request, v *door.Visit, status int, problems ...view.Problem) error {
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the token
	return p.show(w, r, v, status, setupPage, problems...)
}

func (p *Web) setup(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	device, err := p.door.CompleteSetup(r.Context(), v, r.PostForm.Get("token"), registration(r))
	if problems, status, shown := onForm(w, r, err); shown {
		return p.showSetup(w, r, v, status, problems...)
	}
	if err != nil {
		return p.setupOver(w, r, v, err)
	}
	return in(w, r, device)
}

// setupOver tells what to do when the link is no good any more.
func (p *Web) setupOver(w http.ResponseWriter, r *http.Request, v *door.Visit, err error) error {
	if !fault.Is(err, fault.NotFound) || httpx.WantsJSON(r) {
		return err
	}
	return p.send(w, r, http.StatusNotFound, view.SetupOver(p.bare(w, r, v)))
}
