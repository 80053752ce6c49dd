package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/fromflask"
	"github.com/doorbook/doorbook/passhash"
)

type importVerb struct {
	Flask importFlaskVerb `cmd:"" help:"Copy developers and logs of the original Flask application."`
}

type importFlaskVerb struct {
	config.Data
	From   string
	DryRun bool
	Admin  []string `sep:"none"`
	Report string
}

// Help is what --help says beside the flags.
func (importFlaskVerb) Help() string {
	return `Developers keep their ids and passwords: a password's hash is replaced at its owner's next sign-in. Bodies of requests
are not copied, because they may hold passwords; of addresses neither values of the query nor what may be a token.

The source is only read. What is there already is left alone, so this can be run again at any time: after it broke off, or
to fetch what has come since. With SQLite import before people use the new site: its lists show entries in the order in
which they were written down here.`
}

// Run copies.
func (i *importFlaskVerb) Run(c *command) (err error) {
	from, err := i.source(c)
	if err != nil {
		return err
	}
	admins, err := canonicalEmails(i.Admin)
	if err != nil {
		return err
	}
	_, secrets, err := place(c, i.Data)
	if err != nil {
		return err
	}
	if fromflask.SameDatabase(from, secrets.Database) {
		return usage(errors.New("--from: this is the database that DOORBOOK_DATABASE names: there is nothing to copy, for it is used as it is"))
	}
	source, err := fromflask.Open(from)
	if err != nil {
		return usage(fmt.Errorf("--from: %w", err))
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), time.Second)
		defer cancel()
		_ = source.Close(ctx)
	}()
	config := fromflask.Config{Source: source, Admins: admins}
	if i.DryRun { // opening a database makes tables, files or indexes, so that of the settings is left alone
		return i.copy(c, fromflask.Rehearse(config), source.Name())
	}
	to, err := openInstallation(c, i.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.db.Close()) }()
	fmt.Fprintf(c.Stdout, "in %s, from %s\n", to.name, source.Name())
	config.Accounts, config.Book = to.db.Accounts, to.db.Entries
	return i.copy(c, config, source.Name())
}

// copy copies and reports, also when it breaks off.
func (i *importFlaskVerb) copy(c *command, config fromflask.Config, name string) (err error) {
	if config.CheckHash, err = hashCheck(); err != nil {
		return err
	}
	lines, closeLines, err := createLines(i.Report)
	if err != nil {
		return fmt.Errorf("--report: %w", err)
	}
	report := fromflask.NewReport(lines)
	config.Keeps, config.Progress, config.Item = book.DefaultMaxAge, showProgress(c.Stderr, time.Now), report.Add
	totals, broke := fromflask.Copy(c.ctx, config)
	if err := errors.Join(report.Finish(totals), closeLines()); err != nil {
		return errors.Join(broke, fmt.Errorf("--report: %w", err))
	}
	switch begun := totals.Developers.Read+totals.Entries.Read > 0; {
	case errors.Is(broke, fromflask.ErrNothing):
		return fmt.Errorf("%s: %w: is this the right database?", name, broke)
	case broke != nil && !begun:
		return broke
	}
	if i.DryRun {
		fmt.Fprintln(c.Stdout, "What the database of the settings holds already was not looked at: this is what would be done if it were empty.")
	}
	if err := report.Print(c.Stdout, totals, i.DryRun); err != nil {
		return errors.Join(broke, err)
	}
	if broke != nil {
		return fmt.Errorf("broke off: %w\nRun it again when the cause is gone: it goes on where it stopped", broke)
	}
	if len(totals.NotFound) > 0 {
		return fmt.Errorf("--admin: nobody was made an administrator as %s: no account of the original has that address",
			strings.Join(totals.NotFound, ", "))
	}
	return nil
}

// source is the URL.
func (i *importFlaskVerb) source(c *command) (string, error) {
	if i.From == "" {
		return "", usage(errors.New("--from: name the database, as in mongodb://localhost/flask"))
	}
	if slices.ContainsFunc(c.Args, func(arg string) bool { return strings.HasSuffix(arg, i.From) }) && holdsPassword(i.From) {
		c.log().Warn("everybody on this machine can see the password in --from: rather give the address as DOORBOOK_IMPORT_FROM, or in a file that DOORBOOK_IMPORT_FROM_FILE names")
	}
	return i.From, nil
}

// holdsPassword reports whether an address of a database has a password in it.
func holdsPassword(address string) bool {
	_, rest, _ := strings.Cut(address, "://")
	authority, _, _ := strings.Cut(rest, "/")
	at := strings.LastIndexByte(authority, '@')
	return at >= 0 && strings.Contains(authority[:at], ":")
}

func canonicalEmails(list []string) (keys []string, err error) {
	for _, email := range list {
		key, err := account.CanonicalEmail(email)
		if err != nil {
			return nil, usage(fmt.Errorf("--admin: %w", err))
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// hashCheck gives what tells whether a hash can be checked at all: that needs no computation, so it
// is asked for one that has no time left to begin.
func hashCheck() (func(hash string) error, error) {
	hasher, err := passhash.New(passhash.Config{})
	if err != nil {
		return nil, err
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	return func(hash string) error {
		if _, _, err := hasher.Verify(over, hash, ""); errors.Is(err, passhash.ErrMalformed) {
			return err
		}
		return nil
	}, nil
}

// createLines makes the file of the report, if one is named, for its owner alone: it tells who has
// an account. It must be a new one, for another may be open to others, or lead elsewhere.
func createLines(name string) (w io.Writer, done func() error, err error) {
	if name == "" {
		return nil, func() error { return nil }, nil
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, nil, err
	}
	b := bufio.NewWriter(file)
	return b, func() error { return errors.Join(b.Flush(), file.Close()) }, nil
}

// showProgress tells how far a copy is, at most once a second.
func showProgress(w io.Writer, now func() time.Time) func(fromflask.Progress) {
	began := now()
	last := began
	return func(p fromflask.Progress) {
		if at := now(); at.Sub(last) >= time.Second {
			last = at
			fmt.Fprintf(w, "%s: %d of about %d, after %v\n", p.Collection, p.Read, p.About, at.Sub(began).Truncate(time.Second))
		}
	}
}
