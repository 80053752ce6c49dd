package web

import (
	"net/http"
	"strconv"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/web/view"
)

const tokensAddress = "/account/tokens"

func (p *Web) tokens(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	list, err := p.door.Tokens(r.Context(), v, v.Developer.ID)
	if err != nil {
		return err
	}
	shown := make([]view.Token, len(list))
	for i, t := range list {
		shown[i] = shownToken(t)
	}
	return p.send(w, r, http.StatusOK, view.Tokens(view.TokensPage{Page: p.page(w, r, v), Tokens: shown, Now: httpx.Started(r)}))
}

func shownToken(t door.TokenInfo) view.Token {
	return view.Token{
		ID: t.ID, Name: t.Name, Scopes: t.Scopes.Words(), Live: t.State == door.TokenLive, State: string(t.State),
		Made: t.Made, Ends: t.Ends, Used: t.Used, From: t.UsedFrom,
	}
}

func (p *Web) newToken(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	return p.showNewToken(w, r, v, http.StatusOK, door.NewToken{Days: account.DefaultTokenDays})
}

// showNewToken shows the form, filled in as it was sent.
func (p *Web) showNewToken(
	w http.ResponseWriter, r *http.Request, v *door.Visit, status int, in door.NewToken, problems ...view.Problem,
) error {
	return p.send(w, r, status, view.NewToken(view.NewTokenPage{
		Page: p.page(w, r, v), Name: in.Name, Scopes: in.Scopes, Days: in.Days, Lives: account.TokenDays(),
		Password: p.door.MustProve(v), Problems: problems,
	}))
}

// makeToken answers with the token itself: it is nowhere else, so there is no page to go on to.
func (p *Web) makeToken(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	in := door.NewToken{
		Name: r.PostForm.Get("name"), Scopes: ticked(r, account.ScopeRead|account.ScopeWrite|account.ScopeApplications), CurrentPassword: r.PostForm.Get("current_password"),
	}
	var err error
	if in.Days, err = strconv.Atoi(r.PostForm.Get("days")); err != nil {
		in.Days = -1 // which no token is good for
	}
	made, text, err := p.door.MakeToken(r.Context(), v, v.Developer.ID, in)
	if problems, status, shown := onForm(w, r, err); shown {
		return p.showNewToken(w, r, v, status, in, problems...)
	}
	if err != nil {
		return err
	}
	return p.send(w, r, http.StatusOK, view.MadeToken(view.MadeTokenPage{Page: p.page(w, r, v), Token: shownToken(made), Text: text}))
}

// ticked are the scopes that have a box of their own each.
func ticked(r *http.Request, all account.Scopes) (names []string) {
	for _, name := range all.Names() {
		if r.PostForm.Has(name) {
			names = append(names, name)
		}
	}
	return names
}

func (p *Web) endToken(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	ended, err := p.door.EndToken(r.Context(), v, v.Developer.ID, r.PathValue("id"))
	switch {
	case fault.Is(err, fault.NotFound): // sent twice, or ended elsewhere: what was wanted is so
		v.Session.Flash("info", "That token had ended already.")
	case err != nil:
		return err
	default:
		v.Session.Flash("success", "The token "+view.Isolated(ended.Name)+" has ended.")
	}
	httpx.Redirect(w, r, tokensAddress)
	return nil
}
