package mongo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/session/mongostore"
	"github.com/doorbook/doorbook/session/store"
)

// Options are the settings of Open. The zero value is right for the program.
type Options struct {
	Log     *slog.Logger          // told of what was found odd in documents of other programs; default: nobody
	Monitor *event.CommandMonitor // told of every command, for measuring; it sees what is stored. Default: nobody

	// Only opens a database that a server was started on, and gives ErrNone for another, in which
	// nothing is made.
	Only bool

	// Beside says that the original application goes on using the database. Then Trim leaves alone
	// what others wrote into the book, and knows no bound of bytes, for those of the collection are
	// not Doorbook's alone.
	Beside bool
}

// What the URL does not set.
const (
	connectTimeout = 3 * time.Second // for one connection
	selectTimeout  = 3 * time.Second // for a server that can be used: how long a database that is away holds up a call
	commandTimeout = 5 * time.Second // for one command with its second try, when the context ends no sooner
	indexTimeout   = 15 * time.Minute
	checkTimeout   = 2 * time.Second
	closeTimeout   = 5 * time.Second
	poolSize       = 64 // connections to one server at most
	idleTime       = 5 * time.Minute
)

// ErrNone says that no server was ever started on a database.
var ErrNone = errors.New("mongo: there is no installation")

// DB is an open database. Its methods and what they give are safe for concurrent use.
type DB struct {
	client  *driver.Client
	base    *driver.Database
	secrets secrets
	log     *slog.Logger

	state    *driver.Collection
	accounts *accounts
	throttle *throttle
	devices  *devices
	signIns  *signIns
	tokens   *tokens
	entries  *entries
	sessions store.Store

	closing  sync.Once
	closeErr error
}

// Open opens the database that the path of the URL names (default: flask) and makes its
// collections' indexes, which on a large book takes a while at the first start, as does giving a
// key to each developer of another program (15 minutes at most for either). The URL is MongoDB's
// (mongodb:// or mongodb+srv://, with what settings it likes); whatever it says, reading is local
// on the primary, and writing waits for the majority. Errors say what is wrong in words for an
// operator, and never hold the URL's password.
func Open(ctx context.Context, url string, opts Options) (*DB, error) {
	a, err := parse(url)
	if err != nil {
		return nil, fmt.Errorf("mongo: open: %w", err)
	}
	db, err := open(ctx, a, opts)
	if err != nil {
		return nil, a.secrets.hide(fmt.Errorf("mongo: open: %w", explain(err, a.options.Hosts, a.name)))
	}
	return db, nil
}

func open(ctx context.Context, a address, opts Options) (_ *DB, err error) {
	client, err := driver.Connect(settings(a.options, opts))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = disconnect(ctx, client) // the reason for giving up is the error that counts
		}
	}()
	if err := client.Ping(ctx, nil); err != nil {
		return nil, err
	}
	db := newDB(client, a, opts)
	if opts.Only {
		switch err := db.state.FindOne(ctx, bson.D{}).Err(); {
		case errors.Is(err, driver.ErrNoDocuments):
			return nil, ErrNone
		case err != nil:
			return nil, err
		}
	}
	st, err := mongostore.New(db.base.Collection("sessions"))
	if err != nil {
		return nil, err
	}
	db.sessions = st
	if err := db.makeIndexes(ctx); err != nil {
		return nil, err
	}
	if err := st.CreateIndexes(ctx); err != nil {
		return nil, err
	}
	if err := db.accounts.settleAll(ctx); err != nil {
		return nil, err
	}
	if err := db.accounts.giveAllWords(ctx); err != nil {
		return nil, err
	}
	if err := db.accounts.mendAll(ctx); err != nil {
		return nil, err
	}
	if db.entries.fields, err = db.entries.findFields(ctx); err != nil {
		return nil, err
	}
	return db, nil
}

// settings completes what the URL has set.
func settings(o *options.ClientOptions, opts Options) *options.ClientOptions {
	orDefault(&o.ConnectTimeout, connectTimeout)
	orDefault(&o.ServerSelectionTimeout, selectTimeout)
	orDefault(&o.Timeout, commandTimeout)
	orDefault(&o.MaxPoolSize, poolSize)
	orDefault(&o.MaxConnIdleTime, idleTime)
	orDefault(&o.AppName, "doorbook")
	o.SetRetryWrites(true).SetRetryReads(true)
	// A secondary, or a write that one server alone has seen, would show an ended session alive.
	o.SetReadPreference(readpref.Primary()).SetReadConcern(readconcern.Local()).SetWriteConcern(writeconcern.Majority())
	o.SetMonitor(opts.Monitor)
	return o
}

func orDefault[T any](to **T, value T) {
	if *to == nil {
		*to = &value
	}
}

func newDB(client *driver.Client, a address, opts Options) *DB {
	db := &DB{client: client, base: client.Database(a.name), secrets: a.secrets, log: opts.Log}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	// An entry is stored when one server has it in its journal: see the package's comment.
	journaled := options.Collection().SetWriteConcern(&writeconcern.WriteConcern{W: 1, Journal: new(true)})
	db.state = db.base.Collection("state")
	db.accounts = &accounts{db: db, developers: db.base.Collection("developers")}
	db.throttle = &throttle{db: db, counters: db.base.Collection("throttle")}
	db.devices = &devices{db: db, rows: db.base.Collection("devices")}
	db.signIns = &signIns{db: db, rows: db.base.Collection("sign_ins")}
	db.tokens = &tokens{db: db, rows: db.base.Collection("tokens")}
	db.entries = &entries{
		db: db, logs: db.base.Collection("logs", journaled), minutes: db.base.Collection("minutes", journaled), beside: opts.Beside,
	}
	return db
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

// Sessions gives the sessions, in the collection of that name.
func (db *DB) Sessions() store.Store { return db.sessions }

// Check reports whether the database can be written, for readiness. It really writes, and waits for
// the majority, so call it at most about once a second. It gives up after 2 seconds, or with ctx.
func (db *DB) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	_, err := db.state.UpdateOne(ctx, bson.D{{Key: "_id", Value: "check"}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "at", Value: time.Now()}}}}, options.UpdateOne().SetUpsert(true))
	return db.fail(ctx, "check", err)
}

// Close ends all connections, those in use after at most 5 seconds. Calls that come later fail; a
// second Close gives the first one's answer.
func (db *DB) Close() error {
	db.closing.Do(func() {
		db.closeErr = db.fail(context.Background(), "close", disconnect(context.Background(), db.client))
	})
	return db.closeErr
}

// disconnect ends all connections, whether ctx is done or not.
func disconnect(ctx context.Context, client *driver.Client) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
	defer cancel()
	return client.Disconnect(ctx)
}
