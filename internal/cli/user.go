package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/database"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
)

type userVerb struct {
	Add      userAddVerb      `cmd:"" help:"Make an account."`
	Password userPasswordVerb `cmd:"" help:"Set a forgotten password, and sign its owner out everywhere."`
}

// password is how a verb gets one.
type password struct {
	PasswordStdin bool `help:"Read the password from the first line of standard input, without asking."`
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
	d, _, done, err := openDoor(c, u.Data, u.Passwords)
	if err != nil {
		return err
	}
	defer done()
	typed, err := u.read(c)
	if err != nil {
		return err
	}
	role := account.Member
	if u.Admin {
		role = account.Admin
	}
	dev, err := d.AddDeveloper(c.ctx, door.Program(), account.Registration{
		Name: u.Name, Skills: []string{u.Skills}, Email: u.Email, Password: typed,
	}, role)
	if err != nil {
		return inWords(err)
	}
	_, err = fmt.Fprintf(c.Stdout, "%s %s is made: %s\n", dev.Role, dev.Email, dev.ID)
	return err
}

type userPasswordVerb struct {
	config.Data
	config.Passwords
	password
	Email string `arg:"" help:"E-mail address."`
}

// Run sets the password.
func (u *userPasswordVerb) Run(c *command) error {
	d, known, done, err := openDoor(c, u.Data, u.Passwords)
	if err != nil {
		return err
	}
	defer done()
	typed, err := u.read(c)
	if err != nil {
		return err
	}
	dev, err := d.ResetPassword(c.ctx, door.Program(), u.Email, typed)
	if err != nil {
		return inWords(err)
	}
	if !known {
		fmt.Fprintf(c.Stderr, "The server's secret key is not here, so a pause after too many attempts was not lifted: "+
			"it ends by itself after %d minutes at most, or run this again with DOORBOOK_SECRET_KEY as the server has it.\n",
			int(account.DefaultGuessing().Account.Most.Minutes()))
	}
	_, err = fmt.Fprintf(c.Stdout, "%s has a new password and is signed out everywhere\n", dev.Email)
	return err
}

// openDoor makes a door over the data directory, which a running server may have open too. It is
// not known to work with the server's keys if those come from the server's own environment; nothing
// but throttling counters depends on them here.
func openDoor(c *command, data config.Data, form config.Passwords) (d *door.Door, known bool, done func(), err error) {
	dir, secrets, err := place(c, data)
	if err != nil {
		return nil, false, nil, err
	}
	if err := form.Check(); err != nil {
		return nil, false, nil, usage(err)
	}
	first := !database.Remote(secrets.Database) && !database.Exists(dir)
	db, err := database.Open(c.ctx, secrets.Database, dir, database.Options{Log: c.log()})
	if err != nil {
		return nil, false, nil, err
	}
	defer func() {
		if err != nil {
			_ = db.Close()
		}
	}()
	keys, known, err := config.KnownKeys(secrets, dir, first)
	if err != nil {
		return nil, false, nil, err
	}
	hasher, err := passhash.New(passhash.Config{Form: passhash.Form(form.Of(c.Getenv("DOORBOOK_SESSIONS")))})
	if err != nil {
		return nil, false, nil, err
	}
	// What ends here must end for a Flask application that shares the cookie, too, whether there is
	// one or not.
	longest := session.Lifetime{Idle: flask.DefaultMaxAge, Absolute: flask.DefaultMaxAge}
	sessions, err := session.New(session.Config{Keys: keys, Store: db.Sessions, Carrier: session.Sealed, Remembered: longest})
	if err != nil {
		return nil, false, nil, err
	}
	return door.New(door.Config{
		Accounts: db.Accounts, Throttle: db.Throttle, Devices: db.Devices, Book: db.Entries, Recorder: direct{db.Entries},
		Sessions: sessions, Passwords: hasher, Rules: account.NewPasswordRules(), Keys: keys, Log: c.log(),
	}), known, func() { _ = db.Close() }, nil
}

// direct enters each activity in a commit of its own: a command has no others to share one with.
type direct struct{ repo book.Repository }

// Append implements door.Recorder.
func (d direct) Append(ctx context.Context, entries ...book.Entry) error {
	return d.repo.Append(ctx, entries)
}

// read asks for the password, or takes it from standard input: up to the line's end, which is not
// part of it.
func (p password) read(c *command) (string, error) {
	if !p.PasswordStdin {
		fmt.Fprintf(c.Stderr, "Password (%d characters or more; it is shown as you type): ", account.MinPassword)
	}
	line, err := bufio.NewReader(io.LimitReader(c.Stdin, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// inWords lists every broken field, one a line.
func inWords(err error) error {
	f := fault.From(err)
	if f.Kind == fault.Internal || f.Kind == fault.Busy {
		return err
	}
	lines := []string{f.Public}
	for _, field := range f.Fields {
		if field.Text != f.Public {
			lines = append(lines, "  "+field.Name+": "+field.Text)
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}
