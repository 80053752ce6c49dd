package door

import (
	"context"
	"slices"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/session"
)

// endSignIns ends all that a developer has been let in by: known devices, tokens, sessions, of which
// it gives how many. Whoever raises an account's epoch calls it; by then none of them is good any
// more, so that a failure here leaves nothing but rows.
func (d *Door) endSignIns(
	ctx context.Context, v *Visit, dev account.Developer, why account.Ending,
) (sessions int, err error) {
	d.endDevices(ctx, dev.ID)
	d.endTokens(ctx, v, dev, why)
	return d.endAll(ctx, v, dev, why)
}

// because is what the book tells of why all sessions of somebody end.
func because(why account.Ending) string {
	switch why {
	case account.PasswordChanged:
		return ", because the password was changed"
	case account.AccountDisabled:
		return ", because the account was disabled"
	case account.AccountClosed:
		return ", because the account was deleted"
	}
	return ""
}

// endAll ends a developer's sessions, but those excepted, and gives how many: one for each browser,
// under however many hosts.
func (d *Door) endAll(
	ctx context.Context, v *Visit, dev account.Developer, why account.Ending, except ...session.ID,
) (int, error) {
	live, _ := d.sessions.List(ctx, dev.ID) // EndAll meets the same error, and it is told then
	live = slices.DeleteFunc(live, func(s session.Info) bool { return slices.Contains(except, s.ID) })
	all := len(live)
	live = atHome(live)
	n, err := d.sessions.EndAll(context.WithoutCancel(ctx), dev.ID, except...)
	if err != nil {
		return 0, unavailable(err)
	}
	n = max(n-(all-len(live)), 0)
	if n > 0 {
		d.noteOf(ctx, v, book.ActionSessionEnded, dev, plural(n, "session")+because(why))
		d.noteEnds(ctx, v, dev.ID, why, signInsOf(live)...)
	}
	return n, nil
}

// endDevices forgets the devices of an account whose sign-ins have all ended. They are known no
// more since its epoch is another one, so that a failure here leaves nothing but rows.
func (d *Door) endDevices(ctx context.Context, owner string, except ...string) {
	if _, err := d.devices.End(context.WithoutCancel(ctx), owner, except...); err != nil {
		d.log.Warn("devices that are known no more were not forgotten", "error", err)
	}
}

// endTokens says in the lists and in the book that the tokens of a developer have ended. By then
// they let nobody in, for the account's epoch is another or it is gone.
func (d *Door) endTokens(ctx context.Context, v *Visit, dev account.Developer, why account.Ending) {
	n, err := d.tokens.EndAll(context.WithoutCancel(ctx), dev.ID, d.now())
	switch {
	case err != nil:
		d.log.Warn("tokens that are good no more are not marked so", "developer", dev.ID, "error", err)
	case n > 0:
		d.noteOf(ctx, v, book.ActionTokenEnded, dev, plural(n, "token")+because(why))
	}
}
