package api

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/id"
)

// developer is a developer as the interface shows one: to themselves and to admins whole, to others
// without address, role and state; never with the password's hash. "_id" is the original's name of
// "id".
type developer struct {
	ID        string     `json:"id"`
	OldID     string     `json:"_id"`
	Name      string     `json:"name"`
	Skills    []string   `json:"skills"`
	Email     string     `json:"email,omitempty"`
	Role      string     `json:"role,omitempty"`
	Disabled  *bool      `json:"disabled,omitempty"`
	ShortName string     `json:"short_name,omitempty"`
	Groups    []string   `json:"groups,omitempty"`
	CreatedAt *time.Time `json:"created_at,omitempty"`
}

func show(v *door.Visit, d account.Developer) developer {
	out := developer{ID: d.ID, OldID: d.ID, Name: d.Name, Skills: append([]string{}, d.Skills...)}
	if v.Admin() || v.Developer.ID == d.ID {
		created := d.CreatedAt.UTC()
		out.Email, out.Role, out.Disabled, out.CreatedAt = d.Email, string(d.Role), new(d.State == account.Disabled), &created
		out.ShortName, out.Groups = d.ShortName, d.Groups
	}
	return out
}

func (a *API) developers(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	n, err := limit(r)
	if err != nil {
		return err
	}
	list, err := a.door.Developers(r.Context(), r.URL.Query().Get("after"), n)
	if err != nil {
		return err
	}
	page := envelope{Status: true}
	if len(list) == n {
		page.Next = list[n-1].ID
	}
	shown := make([]developer, len(list))
	for i, d := range list {
		shown[i] = show(v, d)
	}
	page.Data = shown
	httpx.WriteJSON(w, http.StatusOK, page)
	return nil
}

// skills is a JSON list, or the comma list of the original's form.
type skills []string

func (s *skills) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err == nil {
		*s = skills{text}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(s))
}

type createDeveloperIn struct {
	Name            string       `json:"name"`
	Skills          skills       `json:"skills"`
	Email           string       `json:"email"`
	Password        string       `json:"password"`
	ConfirmPassword string       `json:"confirm_password"`
	CurrentPassword string       `json:"current_password"`
	Role            account.Role `json:"role"`
}

func (a *API) createDeveloper(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	var in createDeveloperIn
	if err := httpx.DecodeJSON(r, &in); err != nil {
		return err
	}
	if in.Role == "" {
		in.Role = account.Member
	}
	if in.Role != account.Member && in.Role != account.Admin {
		return badRole()
	}
	d, err := a.door.AddDeveloper(r.Context(), v, account.Registration{
		Name: in.Name, Skills: in.Skills, Email: in.Email, Password: in.Password, ConfirmPassword: in.ConfirmPassword,
	}, in.Role, in.CurrentPassword)
	if err != nil {
		return err
	}
	return ok(w, http.StatusCreated, show(v, d))
}

func badRole() error {
	return &fault.Error{
		Kind: fault.Invalid, Public: `The role is "member" or "admin".`,
		Fields: []fault.Field{{Name: "role", Text: `The role is "member" or "admin".`}},
	}
}

type changeDeveloperIn struct {
	Name            *string       `json:"name"`
	Skills          *skills       `json:"skills"`
	Email           *string       `json:"email"`
	ShortName       *string       `json:"short_name"`
	Password        *string       `json:"password"`
	CurrentPassword string        `json:"current_password"`
	Role            *account.Role `json:"role"`
	Disabled        *bool         `json:"disabled"`
}

func (a *API) changeDeveloper(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	target, err := pathID(r, "There is no such person.")
	if err != nil {
		return err
	}
	var in changeDeveloperIn
	if err := httpx.DecodeJSON(r, &in); err != nil {
		return err
	}
	d, err := a.door.ChangeDeveloper(r.Context(), v, target, door.DeveloperChange{
		Name: in.Name, Skills: (*[]string)(in.Skills), Email: in.Email, ShortName: in.ShortName, Password: in.Password,
		CurrentPassword: in.CurrentPassword, Role: in.Role, Disabled: in.Disabled,
	})
	if err != nil {
		return err
	}
	return ok(w, http.StatusOK, show(v, d))
}

// deletedID is what was deleted.
type deletedID struct {
	ID string `json:"deleted_id"`
}

func (a *API) deleteDeveloper(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	target, err := pathID(r, "There is no such person.")
	if err != nil {
		return err
	}
	return a.close(w, r, v, target)
}

// pathID reads the id in the address. What is not the form of an id names nothing.
func pathID(r *http.Request, missing string) (string, error) {
	s := r.PathValue("id")
	if !id.Valid(s) {
		return "", fault.New(fault.NotFound, missing)
	}
	return s, nil
}
