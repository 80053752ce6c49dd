package api

import (
	"net/http"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/httpx"
)

func (a *API) account(w http.ResponseWriter, _ *http.Request, v *door.Visit) error {
	return ok(w, http.StatusOK, show(v, v.Developer))
}

type changeAccountIn struct {
	Name            *string `json:"name"`
	Skills          *skills `json:"skills"`
	Email           *string `json:"email"`
	ShortName       *string `json:"short_name"`
	CurrentPassword string  `json:"current_password"`
}

func (a *API) changeAccount(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	var in changeAccountIn
	if err := httpx.DecodeJSON(r, &in); err != nil {
		return err
	}
	d, err := a.door.ChangeDeveloper(r.Context(), v, v.Developer.ID, door.DeveloperChange{
		Name: in.Name, Skills: (*[]string)(in.Skills), Email: in.Email, ShortName: in.ShortName, CurrentPassword: in.CurrentPassword,
	})
	if err != nil {
		return err
	}
	return ok(w, http.StatusOK, show(v, d))
}

type changePasswordIn struct {
	Password        string `json:"password"`
	CurrentPassword string `json:"current_password"`
}

func (a *API) changePassword(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	var in changePasswordIn
	if err := httpx.DecodeJSON(r, &in); err != nil {
		return err
	}
	ended, err := a.door.ChangePassword(r.Context(), v, in.Password, in.CurrentPassword)
	if err != nil {
		return err
	}
	return ok(w, http.StatusOK, EndedCount{ended})
}

func (a *API) closeAccount(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	return a.close(w, r, v, v.Developer.ID)
}

func (a *API) close(w http.ResponseWriter, r *http.Request, v *door.Visit, target string) error {
	current, err := proof(r)
	if err != nil {
		return err
	}
	if err := a.door.CloseAccount(r.Context(), v, target, current); err != nil {
		return err
	}
	return ok(w, http.StatusOK, deletedID{target})
}

// ownData is the file of what is kept of the visitor.
func (a *API) ownData(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	current, err := proof(r)
	if err != nil {
		return err
	}
	return a.Data(w, r, v, current)
}
