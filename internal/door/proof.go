package door

import (
	"cmp"
	"context"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/session"
)

// proved is when the session's subject last proved the current password, in unix seconds. What
// another subject's session held is gone when somebody signs in.
const proved session.Key[int64] = "proved"

// MustProve reports whether the visitor has to prove the current password for what they ask,
// because they did so, or signed in, too long ago.
func (d *Door) MustProve(v *Visit) bool {
	if v.Fresh <= 0 {
		return v.Fresh < 0
	}
	return !account.Within(v.Fresh, d.Proved(v), d.now())
}

// Proved returns when the visitor, who is signed in, last proved who they are.
func (d *Door) Proved(v *Visit) time.Time {
	latest := v.Session.SignedInSince()
	if at, ok := proved.Get(v.Session); ok {
		if again := time.Unix(at, 0); again.After(latest) {
			latest = again
		}
	}
	return latest
}

// Recent is how long after a sign-in nobody is asked for the password again.
const Recent = 10 * time.Minute

// proveRecent is proveFresh for what takes a recent sign-in by whichever route it comes: one that
// does other things too has no line for it in the policy. A token that may do it at all proves
// nothing.
func (d *Door) proveRecent(ctx context.Context, v *Visit, password string) error {
	if v.program || v.Token.ID != "" {
		return nil
	}
	v.Fresh = cmp.Or(v.Fresh, Recent)
	return d.proveFresh(ctx, v, password)
}

// proveFresh lets pass who signed in a short while ago, or proves the current password now.
func (d *Door) proveFresh(ctx context.Context, v *Visit, password string) error {
	if !d.MustProve(v) {
		return nil
	}
	return d.proveAgain(ctx, v, v.Developer, password)
}

// Confirm has the visitor prove the current password, for what takes a recent sign-in elsewhere: of
// an application.
//
// Faults: Unauthorized, Forbidden (a token; under another host), Invalid, Throttled, Busy.
func (d *Door) Confirm(ctx context.Context, v *Visit, password string) error {
	switch {
	case !v.SignedIn():
		return fault.New(fault.Unauthorized, "Please sign in.")
	case v.Host != "": // the one at home would be as old as before
		return d.forbid(ctx, v, v.Developer)
	}
	if err := d.asPerson(ctx, v, v.Developer); err != nil {
		return err
	}
	if err := d.proveAgain(ctx, v, v.Developer, password); err != nil {
		return err
	}
	if err := d.accounts.Confirm(ctx, v.actor(account.Member)); err != nil {
		return d.refused(ctx, v, translate(err), v.Developer)
	}
	d.note(ctx, v, book.ActionPasswordConfirmed, v.Developer.ID, "")
	return nil
}

// MustConfirm reports whether an ask takes a sign-in that is more recent than that of the visitor.
func (d *Door) MustConfirm(v *Visit, a Ask) bool {
	return a.Within > 0 && !account.Within(a.Within, d.Proved(v), d.now())
}

// proveAgain checks the current password, as Guessing.Proof counts it. A field that was not filled
// in is no attempt. Who is right has a new session key (ASVS 7.2.4), and is not asked again for a
// while.
func (d *Door) proveAgain(ctx context.Context, v *Visit, dev account.Developer, password string) error {
	if password == "" {
		const text = "Please enter your password."
		return &fault.Error{
			Kind: fault.Invalid, Public: text, Fields: []fault.Field{{Name: "current_password", Text: text}},
		}
	}
	ago, share := d.now().Sub(v.Session.SignedInSince()), recordID(v.Session)
	if !begunHere(v.Session) {
		share = "" // another program has begun it, which makes as many of one as it changes values
	}
	lanes := d.guessing.Proof(dev.ID, share, ago)
	taken, err := d.take(ctx, v, book.ActionPasswordChangeFailed, lanes)
	if err != nil {
		return err
	}
	match, _, err := d.verify(ctx, dev, password)
	if err != nil {
		d.refund(ctx, taken)
		return busy(err)
	}
	if !match {
		d.note(ctx, v, book.ActionPasswordChangeFailed, dev.ID, "")
		return &fault.Error{
			Kind: fault.Invalid, Public: "The current password is not right.",
			Fields: []fault.Field{{Name: "current_password", Text: "The current password is not right."}},
		}
	}
	d.forgive(ctx, taken)
	v.Session.Renew()
	proved.Set(v.Session, d.now().Unix())
	return nil
}
