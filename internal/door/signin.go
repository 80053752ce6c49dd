package door

import (
	"context"
	"errors"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/network"
	"github.com/doorbook/doorbook/passhash"
)

// WrongCredentials is the one answer to an unknown e-mail address, a wrong password and a disabled
// account, so that nobody learns who has an account here (ASVS 6.3.8).
const WrongCredentials = "The e-mail address or the password is not right."

// Credentials are what a person types to sign in.
type Credentials struct {
	Email, Password string

	Remember bool // keep them signed in, where Stay offers that
}

// arrival is a sign-in that was proved.
type arrival struct {
	who      account.Developer
	device   account.Device // that is known to them; the zero Device for none
	failures int            // attempts before it that were not right
	method   account.Method
	remember bool
	message  string // for their first page; "" for none
}

// SignIn checks the credentials and makes their owner the session's subject. It gives the device
// cookie that the browser should keep, "" for none. Whatever is wrong costs one count, one look-up
// and one hash, and is answered alike; a form that is not filled in costs nothing.
//
// Faults: Invalid with WrongCredentials, Invalid with fields, Throttled, Busy.
func (d *Door) SignIn(ctx context.Context, v *Visit, in Credentials) (device string, err error) {
	if err := in.complete(); err != nil {
		return "", err
	}
	key, err := account.CanonicalEmail(in.Email)
	if err != nil {
		key = "\x00" + in.Email // no account has it; it is counted and hashed for like any other
	}
	row, err := d.knownDevice(ctx, v, key)
	if err != nil {
		return "", err
	}
	from := network.Of(v.Addr)
	leave, err := d.crowd.enter(from, row)
	if err != nil {
		return "", err
	}
	defer leave()
	lanes := d.guessing.SignIn(account.Comer{
		Address: key, Network: from.String(), Device: row.ID, Account: row.Account,
	})
	taken, err := d.take(ctx, v, book.ActionSignInThrottled, lanes)
	if err != nil {
		return "", err
	}
	d.decoys.refresh(ctx, d.now(), d.log) // for known addresses and unknown ones
	dev, match, err := d.check(ctx, v, key, in.Password)
	if err != nil {
		d.refund(ctx, taken) // nothing was guessed
		return "", err
	}
	if !match {
		d.noteOf(ctx, v, book.ActionSignInFailed, dev, "")
		return "", fault.New(fault.Invalid, WrongCredentials)
	}
	failures := d.failuresBefore(ctx, taken)
	d.forgive(ctx, taken)
	if dev.State == account.Waiting {
		d.noteOf(ctx, v, book.ActionSignInFailed, dev, "")
		return "", waits()
	}
	return d.letIn(ctx, v, arrival{who: dev, device: row, failures: failures, method: account.ByPassword, remember: in.Remember && d.stay.Remembered > 0})
}

// greet lets in who has just made an account by a method, with a message for their first page. It is stored
// together with the sign-in: there is no second save that could fail.
func (d *Door) greet(ctx context.Context, v *Visit, dev account.Developer, method account.Method, message string) (device string, err error) {
	return d.letIn(ctx, v, arrival{who: dev, method: method, message: message})
}

// letIn signs in a developer who has proved who they are.
func (d *Door) letIn(ctx context.Context, v *Visit, in arrival) (device string, err error) {
	was, own := v.Developer, account.SignIn{}
	if v.SignedIn() {
		own = d.own(v)
	}
	if err := d.begin(v, in); err != nil {
		d.noteOf(ctx, v, book.ActionSignInNotKept, in.who, "")
		return "", err
	}
	if was.ID != "" && was.ID != in.who.ID {
		d.noteLeft(ctx, v, was, own)
	}
	d.noteSignIn(ctx, v, in.failures)
	return d.keepDevice(ctx, v, in)
}

// orSignIn signs in whoever sent a form twice: what the first of two made stands in the way of the
// second, whose answer is the one that the browser shows. It is a sign-in like any other, with its
// counts; if it is none, refused stays the answer.
func (d *Door) orSignIn(ctx context.Context, v *Visit, in account.Registration, refused error) (device string, err error) {
	device, err = d.SignIn(ctx, v, Credentials{Email: in.Email, Password: in.Password})
	if err != nil && v.Session.Err() == nil && !errors.Is(err, errWaits) {
		return "", refused
	}
	return device, err
}

// waits tells whoever has proved to own an account that nobody has approved it yet.
func waits() error {
	const text = "Your account is made, and waits for an administrator to approve it."
	return &fault.Error{Kind: fault.Invalid, Public: text, Fields: []fault.Field{{Name: "email", Text: text}}, Err: errWaits}
}

// WaitsForApproval reports whether an error tells somebody who has proved who they are that nobody has
// approved their account yet: nothing that they typed is wrong.
func WaitsForApproval(err error) bool { return errors.Is(err, errWaits) }

var errWaits = errors.New("the account waits for approval")

// complete reports by an Invalid fault what of the form is not filled in. White space is a
// password.
func (in Credentials) complete() error {
	var missing []fault.Field
	if strings.TrimSpace(in.Email) == "" {
		missing = append(missing, fault.Field{Name: "email", Text: "Please enter your e-mail address."})
	}
	if in.Password == "" {
		missing = append(missing, fault.Field{Name: "password", Text: "Please enter your password."})
	}
	if missing == nil {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Public: missing[0].Text, Fields: missing}
}

// begin makes the developer the subject of the visitor's session, which is stored by then.
func (d *Door) begin(v *Visit, in arrival) error {
	dev := in.who
	v.signIn(dev.ID, in.remember)
	if in.message != "" { // behind signIn, which drops what was somebody else's session
		v.Session.Flash("success", in.message)
	}
	epoch.Set(v.Session, dev.Epoch)
	epochOf.Set(v.Session, dev.ID)
	LoggedInUser.Set(v.Session, Profile{
		ID: dev.ID, Name: dev.Name, Email: dev.Email, Skills: dev.Skills,
	})
	if err := v.Session.Save(); err != nil {
		return unavailable(err)
	}
	v.Developer = dev
	return nil
}

// check finds the developer and compares the password, at the same cost whether there is one or
// not.
func (d *Door) check(ctx context.Context, v *Visit, key, password string) (dev account.Developer, match bool, err error) {
	dev, err = d.accounts.ByEmail(ctx, key)
	if errors.Is(err, account.ErrNotFound) {
		if err := d.passwords.Decoy(ctx, d.decoys.form(key), password); err != nil {
			return dev, false, busy(err)
		}
		return account.Developer{}, false, nil
	}
	if err != nil {
		return dev, false, unavailable(err)
	}
	match, stale, err := d.verify(ctx, dev, password)
	switch {
	case err != nil:
		return dev, false, busy(err)
	case match && dev.State == account.Waiting:
		return dev, true, nil // who knows the password may know that, too
	case !match || dev.State != account.Active:
		return dev, false, nil
	}
	if stale {
		d.rehash(ctx, v, dev, password)
	}
	return dev, true, nil
}

// verify compares a password with the stored hash. A hash that cannot be read matches nothing, at
// the cost of one that can: which accounts have such a one is nobody's business, nor who was invited
// and has no password yet.
func (d *Door) verify(ctx context.Context, dev account.Developer, password string) (match, stale bool, err error) {
	if dev.PasswordHash == "" {
		return false, false, d.passwords.Decoy(ctx, d.decoys.form(dev.EmailKey), password)
	}
	match, stale, err = d.passwords.Verify(ctx, dev.PasswordHash, password)
	if errors.Is(err, passhash.ErrMalformed) {
		d.log.Error("a stored password hash cannot be read", "developer", dev.ID)
		err = d.passwords.Decoy(ctx, d.decoys.form(dev.EmailKey), password)
	}
	return match, stale, err
}

// rehash replaces a hash of another form or cost than new ones have, unless the password was
// changed meanwhile. If that fails the old one stays good, and the next sign-in tries again.
func (d *Door) rehash(ctx context.Context, v *Visit, dev account.Developer, password string) {
	hash, err := d.passwords.Hash(ctx, password)
	if err == nil {
		_, err = d.accounts.Update(ctx, account.Actor{}, dev.ID, account.Change{PasswordHash: &hash, IfEpoch: &dev.Epoch}, d.now())
	}
	if err == nil {
		d.noteOf(ctx, v, book.ActionPasswordRehashed, dev, "")
		return
	}
	if !errors.Is(err, account.ErrChanged) {
		d.log.Warn("a password hash was not renewed", "developer", dev.ID, "error", err)
	}
}

// SignOut ends the session, and with it those of the same browser under the other hosts of the site.
// Signing out twice is no error.
//
// Faults: Busy.
func (d *Door) SignOut(ctx context.Context, v *Visit) error {
	if v.SignedIn() {
		home, issued := issuedBy.Get(v.Session)
		if issued {
			if err := d.endHome(ctx, v, home); err != nil {
				return err
			}
		}
		d.note(ctx, v, book.ActionSignOut, v.Developer.ID, "")
		if !issued {
			d.noteOwnEnd(ctx, v, account.SignedOut)
		}
	}
	v.Session.SignOut()
	return nil
}
