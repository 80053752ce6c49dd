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
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/sqlite"
	"github.com/doorbook/doorbook/passhash"
)

type userVerb struct {
	Add userAddVerb `cmd:"" help:"Make an account."`
}

type userAddVerb struct {
	config.Data
	Email         string `arg:"" help:"E-mail address."`
	Name          string `required:"" help:"Name, as others see it."`
	Skills        string `help:"Skills, separated by commas."`
	Admin         bool   `help:"Make an administrator."`
	PasswordStdin bool   `help:"Read the password from the first line of standard input, without asking."`
}

// Run makes the account. It is never throttled: whoever can run it has the databases anyway.
func (u *userAddVerb) Run(c *command) error {
	dir, secrets, err := place(c, u.Data)
	if err != nil {
		return err
	}
	db, err := sqlite.Open(c.ctx, dir, sqlite.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	keys, err := config.Keys(secrets, dir)
	if err != nil {
		return err
	}
	hasher, err := passhash.New(passhash.Config{})
	if err != nil {
		return err
	}
	if !u.PasswordStdin {
		fmt.Fprint(c.Stderr, "Password (it will be shown as you type; 15 characters or more): ")
	}
	password, err := firstLine(c.Stdin)
	if err != nil {
		return err
	}
	d := door.New(door.Config{
		Accounts: db.Accounts(), Throttle: db.Throttle(), Book: db.Entries(), Recorder: direct{db.Entries()},
		Passwords: hasher, Rules: account.NewPasswordRules(), Keys: keys, Log: c.log(),
	})
	role := account.Member
	if u.Admin {
		role = account.Admin
	}
	visit := &door.Visit{Addr: "command line"}
	dev, err := d.AddDeveloper(c.ctx, visit, account.Registration{
		Name: u.Name, Skills: []string{u.Skills}, Email: u.Email, Password: password,
	}, role)
	if err != nil {
		return inWords(err)
	}
	_, err = fmt.Fprintf(c.Stdout, "%s %s is made: %s\n", dev.Role, dev.Email, dev.ID)
	return err
}

// firstLine reads a password: up to the line's end, which is not part of it.
func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 4096)).ReadString('\n')
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

// direct enters each activity in a commit of its own: a command has no others to share one with.
type direct struct{ repo book.Repository }

// Append implements door.Recorder.
func (d direct) Append(ctx context.Context, e book.Entry) error {
	return d.repo.Append(ctx, []book.Entry{e})
}
