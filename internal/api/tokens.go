package api

import (
	"net/http"
	"time"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/httpx"
)

// Token is a token as the interface, and the command line in JSON, show one. Its id opens nothing,
// and its text is shown only once: see NewToken.
type Token struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Scopes    []string   `json:"scopes"`
	State     string     `json:"state"`
	CreatedAt time.Time  `json:"created_at"`
	EndsAt    time.Time  `json:"ends_at"`
	UsedAt    *time.Time `json:"used_at,omitempty"` // right to a minute
	UsedFrom  string     `json:"used_from,omitempty"`
}

// NewToken is a token that has just been made.
type NewToken struct {
	Token
	Text string `json:"token"`
}

// TokenOf returns a token of the door as Token.
func TokenOf(t door.TokenInfo) Token {
	out := Token{
		ID: t.ID, Name: t.Name, Scopes: t.Scopes.Names(), State: string(t.State),
		CreatedAt: t.Made.UTC(), EndsAt: t.Ends.UTC(), UsedFrom: t.UsedFrom,
	}
	if !t.Used.IsZero() {
		used := t.Used.UTC()
		out.UsedAt = &used
	}
	return out
}

// theirToken is the developer that the address names, and the token.
func theirToken(r *http.Request, _ *door.Visit) (target, token string, err error) {
	target, err = pathID(r, "There is no such person.")
	return target, r.PathValue("token"), err
}

func (a *API) tokens(of whose) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
		target, _, err := of(r, v)
		if err != nil {
			return err
		}
		list, err := a.door.Tokens(r.Context(), v, target)
		if err != nil {
			return err
		}
		shown := make([]Token, len(list))
		for i, t := range list {
			shown[i] = TokenOf(t)
		}
		return ok(w, http.StatusOK, shown)
	}
}

type makeTokenIn struct {
	Name            string   `json:"name"`
	Scopes          []string `json:"scopes"`
	Days            int      `json:"days"`
	CurrentPassword string   `json:"current_password"`
}

func (a *API) makeToken(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	var in makeTokenIn
	if err := httpx.DecodeJSON(r, &in); err != nil {
		return err
	}
	made, text, err := a.door.MakeToken(r.Context(), v, v.Developer.ID, door.NewToken{
		Name: in.Name, Scopes: in.Scopes, Days: in.Days, CurrentPassword: in.CurrentPassword,
	})
	if err != nil {
		return err
	}
	return ok(w, http.StatusCreated, NewToken{TokenOf(made), text})
}

func (a *API) endToken(of whose) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
		target, id, err := of(r, v)
		if err != nil {
			return err
		}
		if err := noFields(r); err != nil {
			return err
		}
		ended, err := a.door.EndToken(r.Context(), v, target, id)
		if err != nil {
			return err
		}
		return ok(w, http.StatusOK, endedID{ended.ID})
	}
}
