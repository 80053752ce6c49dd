package door

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/id"
)

// Invitation is whom an admin invites.
type Invitation struct {
	Email  string
	Name   string // "" leaves it to whoever accepts; the address stands for it until then
	Role   account.Role
	Groups []string

	CurrentPassword string // of the visitor, where MustProve says so
}

// Invite makes an account without a password, and the link by which its owner takes it. It takes an
// admin whose sign-in is recent, or the command line.
//
// Faults: Forbidden, Invalid with fields, Throttled, Busy.
func (d *Door) Invite(ctx context.Context, v *Visit, in Invitation) (l NewLink, err error) {
	if !v.Admin() && !v.program {
		return l, d.forbid(ctx, v, account.Developer{})
	}
	if err := d.asPerson(ctx, v, account.Developer{}); err != nil {
		return l, err
	}
	if err := d.proveFresh(ctx, v, in.CurrentPassword); err != nil {
		return l, err
	}
	dev, err := in.validate()
	if err != nil {
		return l, err
	}
	now := d.now().UTC().Truncate(time.Millisecond) // as it is stored
	dev.ID, dev.State, dev.CreatedAt, dev.UpdatedAt = id.New(now), account.Invited, now, now
	l.Token, dev.Link = d.newLink(v, InvitationTime)
	if err := d.accounts.Create(ctx, v.actor(account.Admin), dev); err != nil {
		return NewLink{}, d.refused(ctx, v, translate(err), account.Developer{})
	}
	d.noteOf(ctx, v, book.ActionInvited, dev, "as "+string(dev.Role))
	l.Of, l.Expires = dev, dev.Link.Expires
	return l, nil
}

// validate gives the account that the invitation describes, or names every broken field.
func (in Invitation) validate() (dev account.Developer, err error) {
	var broken []fault.Field
	check := func(err error) {
		var f *fault.Error
		if errors.As(err, &f) {
			broken = append(broken, f.Fields...)
		}
	}
	dev.Email = strings.TrimSpace(in.Email)
	dev.EmailKey, err = account.CanonicalEmail(in.Email)
	check(err)
	if dev.Name = dev.Email; in.Name != "" {
		dev.Name, err = account.CheckName(in.Name)
		check(err)
	}
	dev.Groups, err = account.CleanGroups(in.Groups)
	check(err)
	if dev.Role = in.Role; dev.Role == "" {
		dev.Role = account.Member
	}
	if dev.Role != account.Member && dev.Role != account.Admin {
		broken = append(broken, badRole())
	}
	if runes := []rune(dev.Name); len(runes) > account.MaxName { // an address may be longer than a name
		dev.Name = string(runes[:account.MaxName])
	}
	if len(broken) > 0 {
		return dev, &fault.Error{Kind: fault.Invalid, Public: broken[0].Text, Fields: broken}
	}
	return dev, nil
}

func badRole() fault.Field {
	return fault.Field{Name: "role", Text: `The role is "member" or "admin".`}
}

// InviteAgain makes a new link for somebody who has not accepted yet. The one before is void.
//
// Faults: NotFound, Forbidden, Conflict (nobody who is invited), Invalid with the field
// current_password, Throttled, Busy.
func (d *Door) InviteAgain(ctx context.Context, v *Visit, target, currentPassword string) (l NewLink, err error) {
	dev, err := d.invited(ctx, v, target, currentPassword)
	if err != nil {
		return l, err
	}
	token, link := d.newLink(v, InvitationTime)
	change := account.Change{Link: &link, IfEpoch: &dev.Epoch}
	if dev, err = d.accounts.Update(ctx, v.actor(account.Admin), target, change, d.now()); err != nil {
		return l, d.refused(ctx, v, translate(err), dev)
	}
	d.noteOf(ctx, v, book.ActionInvited, dev, "again")
	return NewLink{Of: dev, Token: token, Expires: link.Expires}, nil
}

// WithdrawInvitation takes the link back, and deletes the account that nobody has taken.
//
// Faults: as InviteAgain.
func (d *Door) WithdrawInvitation(ctx context.Context, v *Visit, target, currentPassword string) (account.Developer, error) {
	dev, err := d.invited(ctx, v, target, currentPassword)
	if err != nil {
		return dev, err
	}
	// Whoever accepts at this moment keeps their account: only one that is still invited is closed,
	// and only a closed one deleted.
	change := account.Change{State: new(account.Disabled), EndSignIns: true, IfEpoch: &dev.Epoch}
	if _, err := d.accounts.Update(ctx, v.actor(account.Admin), target, change, d.now()); err != nil {
		return dev, d.refused(ctx, v, translate(err), dev)
	}
	if err := d.accounts.Delete(ctx, v.actor(account.Admin), target); err != nil {
		return dev, d.refused(ctx, v, translate(err), dev)
	}
	d.noteOf(ctx, v, book.ActionInvitationGone, dev, "")
	return dev, nil
}

// invited finds a developer who has not accepted yet.
func (d *Door) invited(ctx context.Context, v *Visit, target, currentPassword string) (account.Developer, error) {
	dev, err := d.manage(ctx, v, target, currentPassword)
	if err == nil && dev.State != account.Invited {
		err = fault.New(fault.Conflict, "There is no open invitation: the account is "+dev.State.String()+".")
	}
	return dev, err
}

// Approve lets somebody sign in who has registered and waits for that.
//
// Faults: NotFound, Forbidden, Conflict (nobody who waits), Invalid with the field
// current_password, Throttled, Busy.
func (d *Door) Approve(ctx context.Context, v *Visit, target, currentPassword string) (account.Developer, error) {
	dev, err := d.manage(ctx, v, target, currentPassword)
	switch {
	case err != nil:
		return dev, err
	case dev.State != account.Waiting:
		return dev, fault.New(fault.Conflict, "This account does not wait for approval: it is "+dev.State.String()+".")
	}
	change := account.Change{State: new(account.Active), IfEpoch: &dev.Epoch}
	if dev, err = d.accounts.Update(ctx, v.actor(account.Admin), target, change, d.now()); err != nil {
		return dev, d.refused(ctx, v, translate(err), dev)
	}
	d.noteOf(ctx, v, book.ActionApproved, dev, "")
	return dev, nil
}
