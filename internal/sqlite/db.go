// Package sqlite keeps developers, throttling and the book in two SQLite files of one data
// directory. doorbook.db holds what must not be lost; book.db holds the entries, with a writer of
// its own, so that a flood of entries never stalls a sign-in. Several processes may have the
// directory open at once.
package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
)

// Options are the settings of Open. The zero value is right for the program.
type Options struct {
	BusyTimeout time.Duration // longest wait for another process's lock; default 5 s
	Readers     int           // reading connections per file; default 4
	Log         *slog.Logger  // told what is weak about the directory; default: nobody

	connect  func(driver.Connector) driver.Connector // for tests: see Handle
	logPages int                                     // for tests: in place of the files' own
}

// DB is an open data directory. Its methods and repositories are safe for concurrent use.
type DB struct {
	Main *Handle // doorbook.db: accounts, throttle, devices, sign-ins, tokens, setup, and what callers keep beside them (sessions)
	Book *Handle // book.db: the entries

	accounts *accounts
	throttle *throttle
	devices  *devices
	signIns  *signIns
	tokens   *tokens
	entries  *entries

	closing  sync.Once
	closeErr error
}

// Open opens the data directory, which it makes if need be (mode 0700, files 0600; wider modes are
// taken back where that can be done, refused where everybody could write, else told), and brings both
// files to the current schema. ErrNewer when one of them is ahead of this program.
func Open(ctx context.Context, dir string, opts Options) (_ *DB, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("sqlite: open %s: %w", dir, wayOut(err))
		}
	}()
	if opts.BusyTimeout <= 0 {
		opts.BusyTimeout = 5 * time.Second
	}
	if opts.Readers <= 0 {
		opts.Readers = 4
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	place := &folder{dir: dir}
	if err := place.private(); err != nil {
		return nil, err
	}

	db := &DB{}
	defer func() {
		if err != nil {
			db.abandon()
		}
	}()
	if err := db.open(ctx, place, opts); err != nil {
		return nil, err
	}
	place.tell(opts.Log)
	if err := db.Main.giveWords(ctx); err != nil {
		return nil, err
	}
	if db.accounts, err = newAccounts(ctx, db.Main); err != nil {
		return nil, err
	}
	if db.entries, err = newEntries(ctx, db.Book); err != nil {
		return nil, err
	}
	db.throttle = &throttle{h: db.Main}
	db.devices = &devices{h: db.Main}
	db.signIns = &signIns{h: db.Main}
	db.tokens = newTokens(db.Main)
	return db, nil
}

// file is one of the two, and where its handle goes.
type file struct {
	to **Handle
	profile
}

// files returns both.
func (db *DB) files() []file {
	return []file{
		{&db.Main, profile{
			name: "doorbook.db", migrations: "main", sync: "FULL", secure: "ON", cacheKiB: 1024, logPages: 2000,
			version: `PRAGMA data_version`, // changes with every commit of another connection, in this process or not
		}},
		// The entry of an answered request survives kill -9 with NORMAL; loss of power may take the
		// last moments.
		{&db.Book, profile{
			name: "book.db", migrations: "book", sync: "NORMAL", secure: "FAST", cacheKiB: 2048, logPages: 16000,
			version: selectVersion,
		}},
	}
}

// open opens both files and brings them to the current schema.
func (db *DB) open(ctx context.Context, place *folder, opts Options) (err error) {
	files := db.files()
	steps := make([][]migration, len(files))
	for i, f := range files { // look at both before either is changed
		path := filepath.Join(place.dir, f.name)
		f.connect = opts.connect
		if opts.logPages > 0 {
			f.logPages = opts.logPages
		}
		if err := place.file(path); err != nil {
			return err
		}
		if steps[i], err = migrations(f.migrations); err != nil {
			return err
		}
		if *f.to, err = openWriter(path, f.profile, opts.BusyTimeout); err != nil {
			return err
		}
		if err := (*f.to).refuseNewer(ctx, steps[i]); err != nil {
			return err
		}
	}
	for i, f := range files {
		h := *f.to
		if err := h.migrate(ctx, steps[i]); err != nil {
			return err
		}
		if err := h.openReaders(ctx, f.profile, opts.Readers); err != nil {
			return err
		}
	}
	return nil
}

// Accounts gives the developers.
func (db *DB) Accounts() account.Repository { return db.accounts }

// Throttle gives the counters of failed attempts.
func (db *DB) Throttle() account.Throttle { return db.throttle }

// Devices gives the browsers that have signed in.
func (db *DB) Devices() account.Devices { return db.devices }

// SignIns gives where and how people have signed in.
func (db *DB) SignIns() account.SignIns { return db.signIns }

// Tokens gives what lets programs in.
func (db *DB) Tokens() account.Tokens { return db.tokens }

// Hashes gives what password hashes look like.
func (db *DB) Hashes() account.Hashes { return db.accounts }

// Entries gives the book.
func (db *DB) Entries() book.Repository { return db.entries }

// Check reports whether both files can be written, for readiness. It really writes to the book, so
// call it at most about once a second. It gives up after 2 seconds, or with ctx.
func (db *DB) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	// The first probe changes no row and costs no sync; the second is a small write, which a full
	// disk fails.
	if err := db.Main.check(ctx, `DELETE FROM setup WHERE one = 0`); err != nil {
		return fmt.Errorf("sqlite: check doorbook.db: %w", err)
	}
	if err := db.Book.check(ctx, `UPDATE state SET checked_at = ? WHERE one = 1`, time.Now().UnixMilli()); err != nil {
		return fmt.Errorf("sqlite: check book.db: %w", err)
	}
	return nil
}

// Close writes everything into the database files and closes them. Calls that come later fail; a
// second Close gives the first one's answer.
func (db *DB) Close() error {
	db.closing.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(db.Main.close(ctx, true), db.Book.close(ctx, true)); err != nil {
			db.closeErr = fmt.Errorf("sqlite: close: %w", err)
		}
	})
	return db.closeErr
}

// abandon closes what a failed Open has opened, without touching the files.
func (db *DB) abandon() {
	for _, h := range []*Handle{db.Main, db.Book} {
		if h != nil {
			_ = h.close(context.Background(), false) // the reason for giving up is the error that counts
		}
	}
}
