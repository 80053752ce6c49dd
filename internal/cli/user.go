package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
)

type userVerb struct {
	Add      userAddVerb      `cmd:"" help:"Make an account."`
	List     userListVerb     `cmd:"" help:"List people, or find them."`
	Invite   userInviteVerb   `cmd:"" help:"Invite somebody: make an account, and a link by which its owner takes it."`
	Password userPasswordVerb `cmd:"" help:"Set a forgotten password, and sign its owner out everywhere."`

	PasswordLink userPasswordLinkVerb `cmd:"" help:"Make a link by which somebody chooses a new password."`
	Disable      userDisableVerb      `cmd:"" help:"Let somebody sign in no more, and sign them out everywhere."`
	Enable       userEnableVerb       `cmd:"" help:"Let somebody sign in again, or approve a new account."`
	Role         userRoleVerb         `cmd:"" help:"Make somebody an administrator, or a member."`
	Groups       userGroupsVerb       `cmd:"" help:"Say which groups somebody is in."`
	Delete       userDeleteVerb       `cmd:"" help:"Delete an account."`
}

type userAddVerb struct {
	config.Data
	config.Passwords
	password
	Email  string `arg:"" help:"E-mail address."`
	Name   string `required:"" help:"Name, as others see it."`
	Skills string `help:"Skills, separated by commas."`
	Admin  bool   `help:"Make an administrator."`
}

// Run makes the account. It is never throttled: whoever can run it has the databases anyway.
func (u *userAddVerb) Run(c *command) error {
	o, err := openDoor(c, u.Data, u.Passwords)
	if err != nil {
		return err
	}
	defer o.close()
	typed, err := u.read(c)
	if err != nil {
		return err
	}
	role := account.Member
	if u.Admin {
		role = account.Admin
	}
	dev, err := o.door.AddDeveloper(c.ctx, door.Program(), account.Registration{
		Name: u.Name, Skills: []string{u.Skills}, Email: u.Email, Password: typed,
	}, role, "")
	if err != nil {
		return o.inWords(err)
	}
	return o.say(c, "%s %s is made: %s", dev.Role, dev.Email, dev.ID)
}

type userPasswordVerb struct {
	config.Data
	config.Passwords
	password
	Email string `arg:"" help:"E-mail address."`
}

// Run sets the password.
func (u *userPasswordVerb) Run(c *command) error {
	o, err := openDoor(c, u.Data, u.Passwords)
	if err != nil {
		return err
	}
	defer o.close()
	typed, err := u.read(c)
	if err != nil {
		return err
	}
	dev, err := o.door.ResetPassword(c.ctx, door.Program(), u.Email, typed)
	if err != nil {
		return o.inWords(err)
	}
	if !o.known {
		fmt.Fprintf(c.Stderr, "The server's secret key is not here, so a pause after too many attempts was not lifted: "+
			"it ends by itself after %d minutes at most, or run this again with DOORBOOK_SECRET_KEY as the server has it.\n",
			int(account.DefaultGuessing().Account.Most.Minutes()))
	}
	return o.say(c, "%s has a new password and is signed out everywhere", dev.Email)
}

// opened is a door over an installation, which a running server may have open too. It is not known
// to work with the server's keys if those come from the server's own environment; nothing but
// throttling counters depends on them here.
type opened struct {
	installation
	door  *door.Door
	known bool
}

func openDoor(c *command, data config.Data, form config.Passwords) (o opened, err error) {
	if err := form.Check(); err != nil {
		return o, usage(err)
	}
	if o.installation, err = openInstallation(c, data); err != nil {
		return o, err
	}
	defer func() {
		if err != nil {
			o.close()
		}
	}()
	keys, known, err := config.KnownKeys(o.secrets, o.dir)
	if err != nil {
		return o, err
	}
	hasher, err := passhash.New(passhash.Config{Form: passhash.Form(form.Of(c.env["DOORBOOK_SESSIONS"]))})
	if err != nil {
		return o, err
	}
	// What ends here must end for a Flask application that shares the cookie, too, whether there is
	// one or not; and each record knows the limits that the server has given it.
	longest := session.Lifetime{Idle: config.MostRemember, Absolute: config.MostRemember}
	db := o.db
	sessions, err := session.New(session.Config{
		Keys: keys, Home: session.Home{Store: db.Sessions, Format: sealed.New()}, Lifetime: longest, Remembered: longest,
	})
	if err != nil {
		return o, err
	}
	o.known, o.door = known, door.New(door.Config{
		Accounts: db.Accounts, Throttle: db.Throttle, Devices: db.Devices, SignIns: db.SignIns, Tokens: db.Tokens, Book: db.Entries, Recorder: direct{db.Entries},
		Sessions: sessions, Passwords: hasher, Rules: account.NewPasswordRules(), Keys: keys, Log: c.log(),
	})
	return o, nil
}

// direct enters each activity in a commit of its own: a command has no others to share one with.
type direct struct{ repo book.Repository }

// Append implements door.Recorder.
func (d direct) Append(ctx context.Context, entries ...book.Entry) error {
	return d.repo.Append(ctx, entries)
}

// inWords lists every broken field, one a line.
func (o opened) inWords(err error) error {
	f := fault.From(err)
	if f.Kind == fault.Internal || f.Kind == fault.Busy {
		return fmt.Errorf("%s: %w", o.name, err)
	}
	lines := []string{o.name + ": " + f.Public}
	for _, field := range f.Fields {
		if field.Text != f.Public {
			lines = append(lines, "  "+field.Name+": "+field.Text)
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}
