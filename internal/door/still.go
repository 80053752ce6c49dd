package door

import (
	"context"
	"errors"
	"slices"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/session"
)

// Presence is by what somebody is here, for answers that last longer than the moment in which their
// visit was judged: their account as it was then, and their session or the token that spoke for
// them.
type Presence struct {
	Developer account.Developer
	session   session.ID
	token     account.Token
}

// Presence returns that of the visit; false for a stranger's.
func (v *Visit) Presence() (Presence, bool) {
	p := Presence{Developer: v.Developer, token: v.Token}
	if p.token.ID == "" && v.Session != nil {
		p.session, _ = v.Session.ID()
	}
	return p, v.SignedIn()
}

// Key tells presences apart: two of one key begin and end together.
func (p *Presence) Key() string {
	if p.token.ID != "" {
		return p.token.ID
	}
	return p.session.String()
}

// ErrOver says that somebody is not here any more.
var ErrOver = errors.New("door: the session, the token or the account has ended")

// Still returns the account of whoever is here, as it is now. ErrOver if they are not any more;
// session.ErrUnsupported where no store knows of sessions.
func (d *Door) Still(ctx context.Context, p *Presence) (account.Developer, error) {
	dev, err := d.accounts.ByID(ctx, p.Developer.ID)
	switch {
	case errors.Is(err, account.ErrNotFound):
		return dev, ErrOver
	case err != nil:
		return dev, err
	case dev.State != account.Active || dev.Epoch != p.Developer.Epoch:
		return dev, ErrOver
	}
	if p.token.ID != "" {
		return dev, d.stillGood(ctx, p.token, dev)
	}
	live, err := d.sessions.List(ctx, dev.ID)
	if err != nil {
		return dev, err
	}
	at := func(id session.ID) int {
		return slices.IndexFunc(live, func(i session.Info) bool { return i.ID == id })
	}
	i := at(p.session)
	if i < 0 || live[i].Parent != (session.ID{}) && at(live[i].Parent) < 0 {
		return dev, ErrOver
	}
	return dev, nil
}

func (d *Door) stillGood(ctx context.Context, t account.Token, owner account.Developer) error {
	now, err := d.tokens.ByHash(ctx, t.Hash)
	switch {
	case errors.Is(err, account.ErrNotFound), err == nil && !now.GoodFor(owner, d.now()):
		return ErrOver
	}
	return err
}
