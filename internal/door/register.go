package door

import (
	"context"
	"errors"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/network"
)

// Register makes an account for a stranger and signs them in, unless an admin has to approve it
// first. It gives the device cookie that the browser should keep, "" for none.
//
// Faults: Forbidden (registration is closed), Invalid with fields, Throttled, Busy.
func (d *Door) Register(ctx context.Context, v *Visit, in account.Registration) (device string, err error) {
	dev, err := d.register(ctx, v, in)
	switch {
	case errors.Is(err, account.ErrEmailTaken):
		return d.orSignIn(ctx, v, in, err)
	case err != nil:
		return "", err
	}
	if dev.State == account.Waiting {
		return "", nil
	}
	return d.greet(ctx, v, dev, account.ByRegistration, "Your account is made, and you are signed in.")
}

func (d *Door) register(ctx context.Context, v *Visit, in account.Registration) (dev account.Developer, err error) {
	joining, err := d.mayRegister(ctx)
	if err != nil {
		if fault.Is(err, fault.Forbidden) {
			d.note(ctx, v, book.ActionRegisterRefused, "", "registration is not open")
		}
		return dev, err
	}
	typed, err := d.validate(in)
	if err == nil {
		err = admits(joining, typed)
	}
	if err != nil {
		return dev, err // before it is counted: somebody who mends a form is not guessing
	}
	state := account.Active
	if joining.Approval {
		state = account.Waiting
	}
	from := network.Of(v.Addr)
	leave, err := d.crowd.enter(from, account.Device{})
	if err != nil {
		return dev, err
	}
	defer leave()
	taken, err := d.take(ctx, v, book.ActionRegisterRefused, d.guessing.Register(from.String()))
	if err != nil {
		return dev, err
	}
	if err = d.notReserved(typed.EmailKey); err == nil || state == account.Waiting { // until somebody knows who it is
		dev, err = d.create(ctx, account.Actor{}, in, account.Member, state)
	}
	if err != nil {
		if fault.Is(err, fault.Busy) {
			d.refund(ctx, taken)
		} else {
			d.note(ctx, v, book.ActionRegisterRefused, "", "")
		}
		return dev, err
	}
	if state == account.Waiting {
		d.noteOf(ctx, v, book.ActionRegister, dev, "waits for approval")
		return dev, nil
	}
	d.noteOf(ctx, v, book.ActionRegister, dev, "")
	return dev, nil
}

// AddDeveloper makes an account on behalf of an admin, who is a person: whoever knows its password is
// in. That of another admin takes a recent sign-in, or the current password.
//
// Faults: Forbidden, Invalid with fields, Throttled, Busy.
func (d *Door) AddDeveloper(
	ctx context.Context, v *Visit, in account.Registration, role account.Role, currentPassword string,
) (account.Developer, error) {
	if err := d.asPerson(ctx, v, account.Developer{}); err != nil {
		return account.Developer{}, err
	}
	if role == account.Admin {
		if err := d.proveRecent(ctx, v, currentPassword); err != nil {
			return account.Developer{}, err
		}
	}
	dev, err := d.create(ctx, v.actor(account.Admin), in, role, account.Active)
	if err != nil {
		return dev, d.refused(ctx, v, err, account.Developer{})
	}
	d.noteOf(ctx, v, book.ActionDeveloperCreated, dev, "as "+string(role))
	return dev, nil
}

func (d *Door) create(ctx context.Context, by account.Actor, in account.Registration, role account.Role, state account.State) (account.Developer, error) {
	dev, err := d.newDeveloper(ctx, in, role)
	if err != nil {
		return dev, err
	}
	dev.State = state
	if err := d.accounts.Create(ctx, by, dev); err != nil {
		return dev, translate(err)
	}
	return dev, nil
}

// newDeveloper checks what was typed and hashes the password; nothing is stored yet.
func (d *Door) newDeveloper(ctx context.Context, in account.Registration, role account.Role) (dev account.Developer, err error) {
	if dev, err = d.validate(in); err != nil {
		return dev, err
	}
	now := d.now().UTC().Truncate(time.Millisecond) // as it is stored
	if dev.PasswordHash, err = d.passwords.Hash(ctx, in.Password); err != nil {
		return dev, busy(err)
	}
	dev.ID, dev.Role, dev.CreatedAt, dev.UpdatedAt = id.New(now), role, now, now
	return dev, nil
}

// validate checks what was typed.
func (d *Door) validate(in account.Registration) (account.Developer, error) {
	in.Password, in.ConfirmPassword = d.passwords.spelled(in.Password), d.passwords.spelled(in.ConfirmPassword)
	return in.Validate(d.rules)
}

func emailTaken() error {
	return &fault.Error{
		Kind: fault.Invalid, Public: "There is already an account with this e-mail address.", Err: account.ErrEmailTaken,
		Fields: []fault.Field{{Name: "email", Text: "There is already an account with this e-mail address."}},
	}
}
