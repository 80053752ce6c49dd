package door

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
)

// How long one-time links are good for.
const (
	PasswordLinkTime = 30 * time.Minute
	InvitationTime   = 72 * time.Hour
)

// LinkPath is what the address of a one-time link begins with; its token comes behind it.
const LinkPath = "/link/"

// NewLink is a one-time link as whoever made it sees it, once: only a hash of it is kept.
type NewLink struct {
	Of      account.Developer // whose account it opens
	Token   string
	Expires time.Time
}

// Path is where the link leads, below the address of the site.
func (l NewLink) Path() string { return LinkPath + l.Token }

// linkLetters are what tokens consist of (RFC 4648 §6), and linkLength how many of them it takes:
// 130 bits.
const (
	linkLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	linkLength  = 26
)

// newLink makes a link that is good for so long.
func (d *Door) newLink(v *Visit, good time.Duration) (token string, link account.Link) {
	token = rand.Text()
	hash, _ := linkHash(token)
	expires := d.now().Add(good).UTC().Truncate(time.Millisecond) // as it is stored
	return token, account.Link{Hash: hash, Expires: expires, By: v.Developer.ID}
}

// linkHash is what is kept of a token; false for what is none of our making, so that it costs no
// look at the database. It is a plain hash, for nobody can try 2^130 tokens: a link that the
// command line made without the server's secret key is good, and so is one after a change of the
// key.
func linkHash(token string) ([]byte, bool) {
	if len(token) != linkLength || strings.Trim(token, linkLetters) != "" {
		return nil, false
	}
	sum := sha256.Sum256([]byte("doorbook link\x00" + token))
	return sum[:], true
}

// linkOver is the answer to a link that was used, withdrawn, is too old, or was invented; which one
// is nobody's business.
func linkOver() error {
	return fault.New(fault.NotFound, "This link has been used or is too old.")
}

// NewPasswordLink makes a link with which somebody else chooses a new password, in place of any
// earlier one. It takes an admin whose sign-in is recent, or the command line.
//
// Faults: NotFound, Forbidden, Conflict (the account is not active, or the visitor's own), Invalid
// with the field current_password, Throttled, Busy.
func (d *Door) NewPasswordLink(ctx context.Context, v *Visit, target, currentPassword string) (l NewLink, err error) {
	dev, err := d.manage(ctx, v, target, currentPassword)
	switch {
	case err != nil:
		return l, err
	case dev.ID == v.Developer.ID:
		return l, fault.New(fault.Conflict, "You change your own password with the one that you have.")
	case dev.State != account.Active:
		return l, fault.New(fault.Conflict, "Only an account that may sign in can have a link for a new password. This one is "+dev.State.String()+".")
	}
	token, link := d.newLink(v, PasswordLinkTime)
	change := account.Change{Link: &link, IfEpoch: &dev.Epoch}
	if dev, err = d.accounts.Update(ctx, v.actor(account.Admin), target, change, d.now()); err != nil {
		return l, d.refused(ctx, v, translate(err), dev)
	}
	d.noteOf(ctx, v, book.ActionLinkMade, dev, "")
	return NewLink{Of: dev, Token: token, Expires: link.Expires}, nil
}

// manage finds a developer for whom the visitor, an admin whose sign-in is recent, or the command
// line, is to do something. It is nothing for a token: a link would outlive it.
func (d *Door) manage(ctx context.Context, v *Visit, target, currentPassword string) (account.Developer, error) {
	dev, err := d.accounts.ByID(ctx, target)
	if err != nil {
		return dev, translate(err)
	}
	if !v.Admin() && !v.program {
		return dev, d.forbid(ctx, v, dev)
	}
	if err := d.asPerson(ctx, v, dev); err != nil {
		return dev, err
	}
	return dev, d.proveFresh(ctx, v, currentPassword)
}

// Linked is the account that a link opens, as far as whoever has the link may see it.
type Linked struct {
	Invitation bool // it takes a name as well as a password
	Name       string
	Email      string
}

// Link tells what a link is for, and uses nothing up: what looks at a message on its way may follow
// the links in it.
//
// Faults: NotFound, Busy.
func (d *Door) Link(ctx context.Context, token string) (Linked, error) {
	dev, _, err := d.linked(ctx, token)
	if err != nil {
		return Linked{}, err
	}
	return Linked{Invitation: dev.State == account.Invited, Name: dev.Name, Email: dev.Email}, nil
}

// linked finds the developer of a link that is good now.
func (d *Door) linked(ctx context.Context, token string) (dev account.Developer, hash []byte, err error) {
	hash, ok := linkHash(token)
	if !ok {
		return dev, nil, linkOver()
	}
	dev, err = d.accounts.ByLink(ctx, hash)
	switch {
	case errors.Is(err, account.ErrNotFound):
		return dev, nil, linkOver()
	case err != nil:
		return dev, nil, unavailable(err)
	case !dev.Link.Is(hash, d.now()), dev.State != account.Active && dev.State != account.Invited:
		return dev, nil, linkOver()
	}
	return dev, hash, d.vouched(ctx, dev.Link)
}

// vouched gives linkOver for a link whose maker is no admin any more: by what they made while they
// were one, somebody who lost that right would come back.
func (d *Door) vouched(ctx context.Context, link account.Link) error {
	if link.By == "" {
		return nil
	}
	switch by, err := d.accounts.ByID(ctx, link.By); {
	case errors.Is(err, account.ErrNotFound), err == nil && !by.IsAdmin():
		return linkOver()
	case err != nil:
		return unavailable(err)
	}
	return nil
}

// LinkUsed is what the use of a link came to.
type LinkUsed struct {
	Invitation bool
	Device     string // the cookie that the browser should keep, "" for none
	Ended      int    // how many sessions of the account
}

// UseLink uses a link up. Of an invitation that makes the account what its owner says, and signs
// them in. Else the account gets the password, all of its sessions end, and its owner signs in with
// it. Either way whoever was signed in here is not any more: they have been told. Of any number of
// uses at once one succeeds, on however many nodes.
//
// Of what is typed an invitation takes Name, Skills and Password, the other link Password alone.
//
// Faults: NotFound, Invalid with fields, Busy.
func (d *Door) UseLink(ctx context.Context, v *Visit, token string, in account.Registration) (used LinkUsed, err error) {
	dev, used, err := d.useLink(ctx, v, token, in)
	if fault.Is(err, fault.NotFound) {
		d.note(ctx, v, book.ActionLinkRefused, "", "")
		if in.Email != "" { // a form that was sent twice
			used.Device, err = d.orSignIn(ctx, v, in, err)
			used.Invitation = true
		}
	}
	if err != nil || dev.ID == "" {
		return used, err
	}
	d.forgive(ctx, d.guessing.Reset(dev.EmailKey, dev.ID))
	if used.Invitation {
		d.noteOf(ctx, v, book.ActionInvitationTaken, dev, "")
		used.Device, err = d.greet(ctx, v, dev, account.ByInvitation, "Welcome! Your account is ready, and you are signed in.")
		return used, err
	}
	d.noteOf(ctx, v, book.ActionLinkUsed, dev, "")
	used.Ended, err = d.endSignIns(ctx, v, dev, account.PasswordChanged)
	if v.Developer.ID == dev.ID {
		v.Session.SignOut() // its end is told among theirs
		return used, err
	}
	return used, errors.Join(err, d.SignOut(ctx, v))
}

func (d *Door) useLink(
	ctx context.Context, v *Visit, token string, in account.Registration,
) (dev account.Developer, used LinkUsed, err error) {
	was, hash, err := d.linked(ctx, token)
	if err != nil {
		return dev, used, err
	}
	used.Invitation = was.State == account.Invited
	change := account.Change{EndSignIns: true, IfLink: hash}
	if used.Invitation {
		in.Email = was.Email
		typed, err := d.validate(in)
		if err != nil {
			return dev, used, err
		}
		change.Name, change.Skills, change.State = &typed.Name, &typed.Skills, new(account.Active)
	} else if err := d.checkNewPassword(in, was); err != nil {
		return dev, used, err
	}
	hashed, err := d.passwords.Hash(ctx, in.Password)
	if err != nil {
		return dev, used, busy(err)
	}
	change.PasswordHash = &hashed
	dev, err = d.accounts.Update(ctx, account.Actor{}, was.ID, change, d.now())
	switch {
	case errors.Is(err, account.ErrChanged), errors.Is(err, account.ErrNotFound):
		return account.Developer{}, used, linkOver()
	case err != nil:
		return account.Developer{}, used, translate(err)
	}
	return dev, used, nil
}

// checkNewPassword holds a new password of a developer against the rules. Nothing else of the
// account is: another program may have written it.
func (d *Door) checkNewPassword(in account.Registration, dev account.Developer) error {
	return d.rules.Check(d.passwords.spelled(in.Password), account.PasswordContext{Name: dev.Name, Email: dev.Email})
}
