package api

import (
	"net/http"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/httpx"
)

// registration is who may make an account by themselves. Fixed names what cannot be changed here,
// because it was decided where the program is started.
type registration struct {
	Mode     account.Mode `json:"mode"`
	Domains  []string     `json:"domains"`
	Approval bool         `json:"approval"`
	Fixed    []string     `json:"fixed"`
}

func showRegistration(j account.Joining, f account.Fixed) registration {
	out := registration{Mode: j.Mode, Domains: append([]string{}, j.Domains...), Approval: j.Approval, Fixed: []string{}}
	for _, one := range []struct {
		name  string
		fixed bool
	}{{"mode", f.Mode != ""}, {"domains", f.Domains != nil}, {"approval", f.Approval != nil}} {
		if one.fixed {
			out.Fixed = append(out.Fixed, one.name)
		}
	}
	return out
}

func (a *API) registration(w http.ResponseWriter, r *http.Request, _ *door.Visit) error {
	j, err := a.door.Joining(r.Context())
	if err != nil {
		return err
	}
	return ok(w, http.StatusOK, showRegistration(j, a.door.FixedJoining()))
}

type changeRegistrationIn struct {
	Mode            *account.Mode `json:"mode"`
	Domains         *skills       `json:"domains"`
	Approval        *bool         `json:"approval"`
	CurrentPassword string        `json:"current_password"`
}

func (a *API) changeRegistration(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	var in changeRegistrationIn
	if err := httpx.DecodeJSON(r, &in); err != nil {
		return err
	}
	j, err := a.door.SetJoining(r.Context(), v, door.JoiningChange{
		Mode: in.Mode, Domains: (*[]string)(in.Domains), Approval: in.Approval, CurrentPassword: in.CurrentPassword,
	})
	if err != nil {
		return err
	}
	return ok(w, http.StatusOK, showRegistration(j, a.door.FixedJoining()))
}
