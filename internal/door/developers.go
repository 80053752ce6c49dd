package door

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/id"
)

// MaxPage is the most developers or entries that one answer lists.
const MaxPage = 200

// Developers lists developers in the order of their ids, which is that of the seconds they were
// made in.
func (d *Door) Developers(ctx context.Context, after string, limit int) ([]account.Developer, error) {
	if after != "" && !id.Valid(after) {
		return nil, fault.New(fault.Malformed, "The page to continue from is not one of ours.")
	}
	list, err := d.accounts.List(ctx, after, limit)
	if err != nil {
		return nil, unavailable(err)
	}
	return list, nil
}

// DeveloperChange is what may be asked to change; nil stays as it is.
type DeveloperChange struct {
	Name            *string
	Skills          *[]string
	Email           *string // needs CurrentPassword
	ShortName       *string // "" for none; needs CurrentPassword
	Password        *string // needs CurrentPassword
	CurrentPassword string
	Role            *account.Role // by an admin
	Disabled        *bool         // by an admin
	Groups          *[]string     // by an admin

	proved bool // they have proved who they are already
}

// ChangeDeveloper changes a developer. A member changes only themselves, and neither role nor state;
// an admin changes everybody but nobody else's address, short name or password (ASVS 6.4.6). These
// three need the current password (ASVS 6.2.3, 7.5.1), and a role or a state a recent sign-in; what
// is as it was is no change. A new password ends all other sessions, a disabled account all of its
// sessions (ASVS 7.4.2, 7.4.3).
//
// Faults: NotFound, Forbidden, Invalid with fields, Conflict (the last admin), Throttled, Busy.
func (d *Door) ChangeDeveloper(ctx context.Context, v *Visit, target string, in DeveloperChange) (account.Developer, error) {
	dev, _, err := d.change(ctx, v, target, in)
	return dev, err
}

// change is ChangeDeveloper, and tells how many other sessions a new password has ended.
func (d *Door) change(ctx context.Context, v *Visit, target string, in DeveloperChange) (account.Developer, int, error) {
	dev, err := d.reach(ctx, v, target)
	if err != nil {
		return dev, 0, err
	}
	in = in.since(dev)
	role, err := d.mayChange(ctx, v, dev, in)
	if err != nil {
		return dev, 0, err
	}
	if in.Password != nil {
		in.Password = new(d.passwords.spelled(*in.Password))
	}
	change, err := in.validate(d.rules, dev)
	if err != nil {
		return dev, 0, err
	}
	if in.delicate() && !in.secret() && !in.proved {
		if err := d.proveRecent(ctx, v, in.CurrentPassword); err != nil {
			return dev, 0, err
		}
	}
	if in.secret() {
		if err := d.allowSecret(ctx, v, dev, in, &change); err != nil {
			return dev, 0, err
		}
	}
	change.EndSignIns = change.EndSignIns || (in.Disabled != nil && *in.Disabled)
	changed, err := d.accounts.Update(ctx, v.actor(role), target, change, d.now())
	if err != nil {
		return dev, 0, d.refused(ctx, v, translate(err), dev)
	}
	ended, err := d.follow(ctx, v, dev, changed, in)
	return changed, ended, err
}

// mayChange returns the role that a change takes, if the visitor may make it.
func (d *Door) mayChange(ctx context.Context, v *Visit, dev account.Developer, in DeveloperChange) (account.Role, error) {
	role := v.over(dev.ID)
	if in.byAdmin() {
		role = account.Admin
	}
	if role == account.Admin && !v.Admin() && !v.program || in.secret() && dev.ID != v.Developer.ID {
		return role, d.forbid(ctx, v, dev)
	}
	if in.secret() || in.Role != nil || in.personal(dev.ID == v.Developer.ID, dev) {
		if err := d.asPerson(ctx, v, dev); err != nil {
			return role, err
		}
	}
	if in.Disabled != nil && *in.Disabled && dev.State == account.Invited {
		return role, untaken("Withdraw the invitation instead.")
	}
	return role, nil
}

// byAdmin reports whether the change takes an admin, whoever it is about.
func (in DeveloperChange) byAdmin() bool {
	return in.Role != nil || in.Disabled != nil || in.Groups != nil
}

// personal reports whether the change of a state takes a person: it would keep out whoever makes it,
// or bring an administrator back.
func (in DeveloperChange) personal(self bool, dev account.Developer) bool {
	return in.Disabled != nil && (self || !*in.Disabled && dev.Role == account.Admin)
}

// allowSecret lets an address, a short name or a password be changed by whoever proves the current
// password, and completes the change.
func (d *Door) allowSecret(
	ctx context.Context, v *Visit, dev account.Developer, in DeveloperChange, change *account.Change,
) error {
	if err := d.proveAgain(ctx, v, dev, in.CurrentPassword); err != nil {
		return err
	}
	change.IfEpoch = &dev.Epoch // what was just proved must still hold when the change is made
	if in.names() {
		// Whether an address or a short name is taken shows; a few changes are enough for a person,
		// and too few to try out a list.
		lanes := d.guessing.ChangeAddress(dev.ID)
		if _, err := d.take(ctx, v, book.ActionEmailRefused, lanes); err != nil {
			return err
		}
		if key := change.EmailKey; key != nil && *key != dev.EmailKey && dev.Role != account.Admin {
			if err := d.notReserved(*key); err != nil {
				return err
			}
		}
	}
	if in.Password != nil {
		hash, err := d.passwords.Hash(ctx, *in.Password)
		if err != nil {
			return busy(err)
		}
		change.PasswordHash, change.EndSignIns = &hash, true
	}
	return nil
}

// follow does what a change entails, and writes it down. After a new password the visitor's session
// comes first: to a request of another tab it is one of the old epoch, which ends. It gives how many
// other sessions a new password has ended.
func (d *Door) follow(
	ctx context.Context, v *Visit, was, is account.Developer, in DeveloperChange,
) (ended int, err error) {
	var unkept error
	if in.Password != nil {
		v.Session.Renew()
		epoch.Set(v.Session, is.Epoch)
		epochOf.Set(v.Session, is.ID)
		unkept = v.Session.Save()
	}
	d.noteChanges(ctx, v, was, is, in)
	if was.State != account.Disabled && is.State == account.Disabled {
		if is.ID == v.Developer.ID {
			v.Session.SignOut() // which takes the cookie back
		}
		_, err = d.endSignIns(ctx, v, is, account.AccountDisabled)
		return 0, err
	}
	if in.Password != nil {
		d.moveDevice(ctx, v, was, is)
		d.endTokens(ctx, v, is, account.PasswordChanged)
		mine, _ := v.Session.ID()
		if ended, err = d.endAll(ctx, v, is, account.PasswordChanged, mine); err != nil {
			return 0, err
		}
	}
	if unkept != nil {
		return ended, unavailable(unkept)
	}
	return ended, nil
}

// noteChanges enters each change with what was and what is.
func (d *Door) noteChanges(ctx context.Context, v *Visit, was, is account.Developer, in DeveloperChange) {
	for _, c := range []struct {
		made   bool
		action book.Action
		text   string
	}{
		{was.Name != is.Name, book.ActionNameChanged, was.Name}, // the other name is the target's
		{was.Email != is.Email, book.ActionEmailChanged, was.Email + book.Became + is.Email},
		{was.ShortName != is.ShortName, book.ActionShortNameChanged, cmp.Or(was.ShortName, "none") + book.Became + cmp.Or(is.ShortName, "none")},
		{!slices.Equal(was.Skills, is.Skills), book.ActionDeveloperUpdated, ""},
		{!slices.Equal(was.Groups, is.Groups), book.ActionGroupsChanged, listed(was.Groups) + book.Became + listed(is.Groups)},
		{was.Role != is.Role, book.ActionRoleChanged, string(was.Role) + book.Became + string(is.Role)},
		{in.Password != nil, book.ActionPasswordChanged, ""},
		{was.State == account.Disabled && is.State != account.Disabled, book.ActionDeveloperEnabled, ""},
		{was.State != account.Disabled && is.State == account.Disabled, book.ActionDeveloperDisabled, ""},
	} {
		if c.made {
			d.noteOf(ctx, v, c.action, is, c.text)
		}
	}
}

// listed writes groups as people type them.
func listed(groups []string) string {
	if len(groups) == 0 {
		return "none"
	}
	return strings.Join(groups, ", ")
}

// RemoveDeveloper deletes a developer and ends their sessions. A member may remove only themselves.
func (d *Door) RemoveDeveloper(ctx context.Context, v *Visit, target string) error {
	dev, err := d.reach(ctx, v, target)
	if err != nil {
		return err
	}
	if target == v.Developer.ID {
		if err := d.asPerson(ctx, v, dev); err != nil {
			return err
		}
	}
	if err := d.accounts.Delete(ctx, v.actor(v.over(target)), target); err != nil {
		return d.refused(ctx, v, translate(err), dev)
	}
	d.noteOf(ctx, v, book.ActionDeveloperDeleted, dev, "")
	if target == v.Developer.ID {
		v.Session.SignOut()
	}
	_, err = d.endSignIns(ctx, v, dev, account.AccountClosed)
	return err
}

// reach finds a developer whom the visitor may change, or whose sessions they may see.
func (d *Door) reach(ctx context.Context, v *Visit, target string) (account.Developer, error) {
	dev, err := d.accounts.ByID(ctx, target)
	if err != nil {
		return dev, translate(err)
	}
	if v.over(target) == account.Admin && !v.Admin() && !v.program {
		return dev, d.forbid(ctx, v, dev)
	}
	return dev, nil
}

func (d *Door) forbid(ctx context.Context, v *Visit, target account.Developer) error {
	return d.refused(ctx, v, fault.New(fault.Forbidden, "You may not do that."), target)
}

// refused writes down an error that says that the visitor may not do something, and returns it.
func (d *Door) refused(ctx context.Context, v *Visit, err error, target account.Developer) error {
	if fault.Is(err, fault.Forbidden) {
		d.noteOf(ctx, v, book.ActionForbidden, target, "")
	}
	return err
}

// translate gives a repository's answer a public face.
func translate(err error) error {
	switch {
	case errors.Is(err, account.ErrNotFound):
		return fault.New(fault.NotFound, "There is no such person.")
	case errors.Is(err, account.ErrEmailTaken):
		return emailTaken()
	case errors.Is(err, account.ErrNameTaken):
		return nameTaken()
	case errors.Is(err, account.ErrChanged):
		return fault.New(fault.Conflict, "The account was changed meanwhile. Please try again.")
	case errors.Is(err, account.ErrAuthority):
		return fault.New(fault.Forbidden, "You may not do that any more.")
	case errors.Is(err, account.ErrLastAdmin):
		return fault.New(fault.Conflict, "This is the last administrator. Make somebody else one first.")
	case errors.Is(err, book.ErrNotFound):
		return fault.New(fault.NotFound, "There is no such entry.")
	case errors.Is(err, book.ErrKept):
		return fault.New(fault.Conflict, "Only entries of requests can be deleted.")
	}
	return unavailable(err)
}

// untaken is the answer to what makes no sense for an account whose owner has not taken it.
func untaken(instead string) error {
	return fault.New(fault.Conflict, "Nobody has taken this account yet. "+instead)
}

// ResetPassword sets a forgotten password and ends all sessions of its owner. It is for the command
// line, whose user has the databases anyway. The account's throttling counter starts anew.
func (d *Door) ResetPassword(ctx context.Context, v *Visit, email, password string) (account.Developer, error) {
	key, err := account.CanonicalEmail(email)
	if err != nil {
		return account.Developer{}, err
	}
	dev, err := d.accounts.ByEmail(ctx, key)
	if err != nil {
		return dev, translate(err)
	}
	if dev.State == account.Invited { // the link would be void, and still nobody could sign in
		return dev, untaken("Make a new invitation instead.")
	}
	if err := d.rules.Check(d.passwords.spelled(password), account.PasswordContext{Name: dev.Name, Email: dev.Email}); err != nil {
		return dev, err
	}
	hash, err := d.passwords.Hash(ctx, password)
	if err != nil {
		return dev, busy(err)
	}
	if dev, err = d.accounts.Update(ctx, account.Actor{}, dev.ID, account.Change{PasswordHash: &hash, EndSignIns: true}, d.now()); err != nil {
		return dev, translate(err)
	}
	d.forgive(ctx, d.guessing.Reset(key, dev.ID))
	d.noteOf(ctx, v, book.ActionPasswordChanged, dev, "")
	_, err = d.endSignIns(ctx, v, dev, account.PasswordChanged)
	return dev, err
}
