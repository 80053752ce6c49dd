// Package database opens what the program keeps its records in: the SQLite files of a data
// directory, or MongoDB. Whoever has opened it need not know which it is.
package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/mongo"
	"github.com/doorbook/doorbook/internal/sqlite"
	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
)

// DB is an open database. Its parts are safe for concurrent use.
type DB struct {
	Accounts account.Repository
	Throttle account.Throttle
	Devices  account.Devices
	SignIns  account.SignIns
	Tokens   account.Tokens
	Hashes   account.Hashes
	Entries  book.Repository
	Sessions store.Store

	// Check reports why it cannot be written, for readiness. It writes.
	Check func(ctx context.Context) error
	// LeaveMark keeps a mark of the secret key in place of the one that was left last, which it
	// gives; nil where nobody else can have left one.
	LeaveMark func(ctx context.Context, mark []byte) (before []byte, err error)
	// Close ends all work. Calls that come later fail.
	Close func() error
}

// SQLite is the setting for the files of the data directory.
const SQLite = "sqlite"

// Remote reports whether a setting names a server, which other programs may use as well.
func Remote(setting string) bool {
	return strings.HasPrefix(setting, "mongodb://") || strings.HasPrefix(setting, "mongodb+srv://")
}

// CheckSetting refuses what names no database. The setting may hold a password, so no error repeats
// it.
func CheckSetting(setting string) error {
	if setting == "" || setting == SQLite || Remote(setting) {
		return nil
	}
	return fmt.Errorf("neither %q nor an address mongodb://HOST/DATABASE", SQLite)
}

// Place is what people may know of where the records are: no name or password.
func Place(setting, dir string) string {
	if !Remote(setting) {
		return dir
	}
	scheme, rest, _ := strings.Cut(setting, "://")
	authority, path, _ := strings.Cut(rest, "/")
	name, _, _ := strings.Cut(path, "?")
	if name, err := url.PathUnescape(name); err == nil {
		return scheme + "://" + authority[strings.LastIndexByte(authority, '@')+1:] + "/" + name
	}
	return scheme + "://"
}

// ErrNone says that a database holds no installation yet.
var ErrNone = errors.New("there is no installation")

// Options are what Open passes on. The zero value will do.
type Options struct {
	Log    *slog.Logger // told of what was found odd in documents of other programs, and weak in a data directory; default: nobody
	Only   bool         // open what is there, and ErrNone if no server was ever started on it
	Beside bool         // the original application goes on using the MongoDB database: what it wrote is not trimmed
}

// Open opens what a setting names: "" and SQLite the files of dir, which are made if need be, or a
// MongoDB server. Tables and indexes are brought up to date.
func Open(ctx context.Context, setting, dir string, opts Options) (*DB, error) {
	if Remote(setting) {
		return openMongo(ctx, setting, opts)
	}
	if err := CheckSetting(setting); err != nil {
		return nil, err
	}
	if opts.Only {
		if err := exists(dir); err != nil {
			return nil, err
		}
	}
	return openSQLite(ctx, dir, opts)
}

// exists fails if a data directory has no database.
func exists(dir string) error {
	_, err := os.Stat(filepath.Join(dir, "doorbook.db"))
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNone
	}
	return err
}

func openSQLite(ctx context.Context, dir string, opts Options) (*DB, error) {
	db, err := sqlite.Open(ctx, dir, sqlite.Options{Log: opts.Log})
	if err != nil {
		return nil, err
	}
	st := sqlstore.SQLite(db.Main.Write, db.Main.Read)
	if err := st.CreateSchema(ctx); err != nil {
		_ = db.Close()
		return nil, err
	}
	return &DB{
		Accounts: db.Accounts(), Throttle: db.Throttle(), Devices: db.Devices(), SignIns: db.SignIns(), Tokens: db.Tokens(),
		Hashes: db.Hashes(), Entries: db.Entries(), Sessions: db.Sessions(st),
		Check: db.Check, Close: db.Close,
	}, nil
}

func openMongo(ctx context.Context, address string, opts Options) (*DB, error) {
	db, err := mongo.Open(ctx, address, mongo.Options{Log: opts.Log, Only: opts.Only, Beside: opts.Beside})
	if errors.Is(err, mongo.ErrNone) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("DOORBOOK_DATABASE: %w", err)
	}
	return &DB{
		Accounts: db.Accounts(), Throttle: db.Throttle(), Devices: db.Devices(), SignIns: db.SignIns(), Tokens: db.Tokens(),
		Hashes: db.Hashes(), Entries: db.Entries(), Sessions: db.Sessions(),
		Check: db.Check, LeaveMark: db.LeaveMark, Close: db.Close,
	}, nil
}
