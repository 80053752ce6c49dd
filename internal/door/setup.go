package door

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
)

// SetupTime is how long a setup link is good for.
const SetupTime = 30 * time.Minute

// setupOver is the answer to a link that is used up, too old or invented; which one is nobody's
// business.
func setupOver() error {
	return fault.New(fault.NotFound, "This setup link has been used or is too old.")
}

// OpenSetup makes a new setup token if there is no admin yet, and "" if there is one. Any earlier
// token is void.
func (d *Door) OpenSetup(ctx context.Context) (token string, err error) {
	has, err := d.accounts.HasAdmin(ctx)
	if err != nil || has {
		return "", err
	}
	token = rand.Text() // 130 bits
	if err := d.accounts.OpenSetup(ctx, d.setupHash(token), d.now().Add(SetupTime)); err != nil {
		return "", err
	}
	return token, nil
}

// Unclaimed reports whether nobody looks after this place yet: there is no admin. Once there is one
// there always is (account.ErrLastAdmin), so the databases are asked only until then; while they do
// not answer it is none of a visitor's business.
func (d *Door) Unclaimed(ctx context.Context) bool {
	if d.claimed.Load() {
		return false
	}
	has, err := d.accounts.HasAdmin(ctx)
	if has {
		d.claimed.Store(true)
	}
	return err == nil && !has
}

// CheckSetup reports by a NotFound fault that a token would not be taken.
func (d *Door) CheckSetup(ctx context.Context, token string) error {
	open, err := d.accounts.SetupOpen(ctx, d.setupHash(token), d.now())
	switch {
	case err != nil:
		return unavailable(err)
	case !open:
		return setupOver()
	}
	return nil
}

// CompleteSetup uses up the token and makes the first admin in one step, so that two people cannot
// both use it, and signs them in. It gives the device cookie that the browser should keep, "" for
// none.
//
// Faults: NotFound (the link is over), Invalid with fields, Busy.
func (d *Door) CompleteSetup(ctx context.Context, v *Visit, token string, in account.Registration) (device string, err error) {
	dev, err := d.completeSetup(ctx, v, token, in)
	switch {
	case fault.Is(err, fault.NotFound):
		return d.orSignIn(ctx, v, in, err)
	case err != nil:
		return "", err
	}
	return d.greet(ctx, v, dev, account.BySetup, "You are the first administrator, and you are signed in.")
}

func (d *Door) completeSetup(ctx context.Context, v *Visit, token string, in account.Registration) (dev account.Developer, err error) {
	if err := d.CheckSetup(ctx, token); err != nil {
		if fault.Is(err, fault.NotFound) {
			d.note(ctx, v, book.ActionSetupRefused, "", "")
		}
		return dev, err
	}
	if dev, err = d.newDeveloper(ctx, in, account.Admin); err != nil {
		return dev, err
	}
	switch err := d.accounts.CompleteSetup(ctx, d.setupHash(token), dev, d.now()); {
	case errors.Is(err, account.ErrSetupOver):
		d.note(ctx, v, book.ActionSetupRefused, "", "")
		return dev, setupOver()
	case errors.Is(err, account.ErrEmailTaken):
		return dev, emailTaken()
	case err != nil:
		return dev, unavailable(err)
	}
	d.noteOf(ctx, v, book.ActionSetup, dev, "")
	return dev, nil
}

func (d *Door) setupHash(token string) []byte {
	sum := d.setup.Sum([]byte(token))
	return sum[:]
}
