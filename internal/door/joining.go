package door

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
)

// Registration says who may make an account by themselves.
type Registration = account.Mode

// The settings of registration.
const (
	Open   = account.JoinOpen
	Invite = account.JoinInvite
	Closed = account.JoinClosed
)

// Joining tells how somebody gets an account who has none.
//
// Faults: Busy.
func (d *Door) Joining(ctx context.Context) (account.Joining, error) {
	if d.fixed.Whole() {
		return d.fixed.Over(account.Joining{}), nil
	}
	j, err := d.accounts.Joining(ctx)
	if err != nil {
		return j, unavailable(err)
	}
	return d.fixed.Over(j), nil
}

// FixedJoining tells what of it was decided where the program was started.
func (d *Door) FixedJoining() account.Fixed { return d.fixed }

// MayRegister is a Forbidden fault while strangers cannot make accounts.
func (d *Door) MayRegister(ctx context.Context) error {
	_, err := d.mayRegister(ctx)
	return err
}

func (d *Door) mayRegister(ctx context.Context) (account.Joining, error) {
	j, err := d.Joining(ctx)
	switch {
	case err != nil:
		return j, err
	case j.Mode == Invite:
		return j, fault.New(fault.Forbidden, "Accounts are made by invitation. Please ask an administrator for one.")
	case j.Mode != Open:
		return j, fault.New(fault.Forbidden, "Registration is closed. Please ask an administrator for an account.")
	}
	return j, nil
}

// admits is an Invalid fault for an address that cannot register.
func admits(j account.Joining, dev account.Developer) error {
	if j.Admits(dev.EmailKey) {
		return nil
	}
	text := "Only addresses at " + inList(j.Domains) + " can register here."
	return &fault.Error{Kind: fault.Invalid, Public: text, Fields: []fault.Field{{Name: "email", Text: text}}}
}

// inList names a few things, "a, b or c".
func inList(list []string) string {
	if len(list) == 1 {
		return list[0]
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " or " + list[last]
}

// JoiningChange is what an admin decides of who may register; nil stays as it is.
type JoiningChange struct {
	Mode     *account.Mode
	Domains  *[]string
	Approval *bool

	CurrentPassword string // of the visitor, where MustProve says so
}

// SetJoining decides who may register. It takes an admin whose sign-in is recent, or the command
// line.
//
// Faults: Forbidden, Invalid with fields, Conflict (where the program was started it was decided
// otherwise), Throttled, Busy.
func (d *Door) SetJoining(ctx context.Context, v *Visit, in JoiningChange) (account.Joining, error) {
	if !v.Admin() && !v.program {
		return account.Joining{}, d.forbid(ctx, v, account.Developer{})
	}
	if err := d.asPerson(ctx, v, account.Developer{}); err != nil {
		return account.Joining{}, err
	}
	was, err := d.Joining(ctx)
	if err != nil {
		return was, err
	}
	if err := d.proveFresh(ctx, v, in.CurrentPassword); err != nil {
		return was, err
	}
	is, err := in.over(was)
	if err != nil {
		return was, err
	}
	if now := d.fixed.Over(is); now.Mode != is.Mode || now.Approval != is.Approval || !slices.Equal(now.Domains, is.Domains) {
		return was, fault.New(fault.Conflict, "That was decided where Doorbook is started, by a flag or its environment, and can only be changed there.")
	}
	if err := d.accounts.SetJoining(ctx, v.actor(account.Admin), is); err != nil {
		return was, d.refused(ctx, v, translate(err), account.Developer{})
	}
	if told(was) != told(is) {
		d.note(ctx, v, book.ActionRegistrationChanged, "", told(was)+book.Became+told(is))
	}
	return is, nil
}

// over is j with what is to change, or names every broken field.
func (in JoiningChange) over(j account.Joining) (account.Joining, error) {
	var broken []fault.Field
	check := func(err error) {
		var f *fault.Error
		if errors.As(err, &f) {
			broken = append(broken, f.Fields...)
		}
	}
	if in.Mode != nil {
		check(account.CheckMode(*in.Mode))
		j.Mode = *in.Mode
	}
	if in.Domains != nil {
		domains, err := account.CleanDomains(*in.Domains)
		check(err)
		j.Domains = domains
	}
	if in.Approval != nil {
		j.Approval = *in.Approval
	}
	if len(broken) > 0 {
		return j, &fault.Error{Kind: fault.Invalid, Public: broken[0].Text, Fields: broken}
	}
	return j, nil
}

// told is who may register in words for the book.
func told(j account.Joining) string {
	text := string(j.Mode)
	if len(j.Domains) > 0 {
		text += " for " + strings.Join(j.Domains, ", ")
	}
	if j.Approval {
		text += " with approval"
	}
	return text
}
