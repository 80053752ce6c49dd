// Package sqlstore keeps sessions in a relational database, through database/sql and handles that
// the caller opened: SQLite, PostgreSQL, MariaDB and MySQL. It imports no driver.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// Store is a store.Store with one row for each record, in one table. It is safe for concurrent
// use, also by several processes on one database. What a database undoes because others were in the
// way (deadlocks, serialization failures) is tried again, up to ten times. A Store keeps its
// prepared statements as long as the handles live; closing the handles is the caller's business.
//
// Look-ups in SQLite that come while others are under way go together, up to 16 in one statement, so
// many visitors at once cost less than one after the other. The driver sees no context of theirs:
// who gives up leaves the look-up to itself.
//
// Each call needs a connection of its handle's pool, and gives up with its context while it waits
// for one: a handler that holds rows or a transaction of the same pool while it first uses its
// session holds what its own session waits for, if no other connection is free. Give sessions a
// pool of their own, or let handlers use their session before they take a connection.
type Store struct {
	dialect dialect
	table   string
	write   *sql.DB
	read    *sql.DB

	load, bySubject, page                              statement // on read
	create, take, update, touch, lives, remove, expire statement // on write

	lookups lookups // in place of load, in a file
}

var _ store.Store = (*Store)(nil)

// Option changes a Store while it is made.
type Option func(*Store)

// Table sets the name of the table, which defaults to sessions. It is quoted as one name, so any
// will do that the database takes; a schema or database goes into the settings of the handle.
func Table(name string) Option { return func(s *Store) { s.table = name } }

// SQLite returns a store in a SQLite database (3.37 or later). The two handles lead to the same
// database and may be the same; best are a write handle with one connection (SetMaxOpenConns(1)),
// which makes writers wait in line instead of polling a lock, and a read handle with several. Set
// busy_timeout on both, and journal_mode=WAL, so that a reader never waits. It does not matter how
// the driver begins transactions (_txlock): the first statement of each one writes, so none ever
// stands on a snapshot that another process has made old.
func SQLite(write, read *sql.DB, options ...Option) *Store {
	return newStore(sqlite(), write, read, options)
}

// PostgreSQL returns a store in a PostgreSQL database (12 or later), over any driver: pgx's stdlib
// and lib/pq are known to do. The handle must lead to the primary server, because a replica may
// show a session that was ended. Any isolation level may be the default; a patch is a transaction
// of its own under READ COMMITTED.
//
// Statements are not prepared here, because a pooler such as pgbouncer may give each transaction
// another connection. pgx prepares and keeps them by itself; behind a pooler that cannot follow
// (pgbouncer before 1.21, or max_prepared_statements at 0, with pool_mode=transaction) add
// default_query_exec_mode=exec to its address. pool_mode=statement, which refuses transactions,
// will not do.
func PostgreSQL(db *sql.DB, options ...Option) *Store {
	return newStore(postgreSQL(), db, db, options)
}

// MySQL returns a store in a MariaDB (10.5 or later) or MySQL (8.0 or later) database, over
// github.com/go-sql-driver/mysql or another driver with ? for arguments and errors that begin with
// their number. None of its parameters matters (clientFoundRows, interpolateParams, parseTime, the
// character set), nor do sql_mode and the isolation level. Set the handle's SetConnMaxLifetime
// below the server's wait_timeout.
//
// The handle must lead to the primary server, because a replica may show a session that was ended;
// on every node of a Galera cluster set wsrep_sync_wait=1. Subject, address and user agent may have
// up to 1024 bytes each, and the values of a record somewhat less than max_allowed_packet; more is
// an error.
func MySQL(db *sql.DB, options ...Option) *Store {
	return newStore(mySQL(), db, db, options)
}

func newStore(d dialect, write, read *sql.DB, options []Option) *Store {
	s := &Store{dialect: d, table: "sessions", write: write, read: read}
	for _, option := range options {
		option(s)
	}
	names := strings.Split(columns, ", ")
	for _, p := range []struct {
		into *statement
		db   *sql.DB
		text string
	}{
		{&s.load, read, "SELECT {columns}, data FROM {table} WHERE id = ?"},
		{&s.bySubject, read, "SELECT {columns}, id FROM {table} WHERE subject = ? AND subject <> '' AND expires > ?"},
		{&s.page, read, "SELECT {columns}, id FROM {table} WHERE id > ? AND expires > ? ORDER BY id LIMIT ?"},
		{&s.create, write, "INSERT INTO {table} ({columns}, data, id) VALUES (?" + strings.Repeat(", ?", len(names)+1) + ") {unless exists}"},
		{&s.take, write, d.take},
		{&s.update, write, "UPDATE {table} SET " + strings.Join(names, " = ?, ") + " = ?, data = ? WHERE id = ? AND version = ?"},
		{&s.touch, write, "UPDATE {table} SET last_seen = {greatest}(last_seen, ?), expires = {greatest}(expires, ?) {where live}"},
		{&s.lives, write, "SELECT 1 FROM {table} {where live}"},
		{&s.remove, write, "DELETE FROM {table} WHERE id = ?"},
		{&s.expire, write, d.sweep},
	} {
		p.into.db, p.into.text, p.into.unkept = p.db, d.statement(p.text, s.table), d.unkept
	}
	s.lookups.prepare(read, &s.dialect, s.table)
	return s
}

// Create implements store.Store. There is always room.
func (s *Store) Create(ctx context.Context, r store.Record) error {
	row, err := written(r)
	if err != nil {
		return fmt.Errorf("sqlstore: create: %w", err)
	}
	args, err := row.arguments(&s.dialect)
	if err != nil {
		return fmt.Errorf("sqlstore: create: %w", err)
	}
	switch n, err := s.exec(ctx, &s.create, append(args, r.ID.String())...); {
	case s.dialect.refused(err):
		return store.ErrExists
	case err != nil:
		return fmt.Errorf("sqlstore: create: %w", err)
	case n == 0:
		return store.ErrExists
	}
	return nil
}

// Load implements store.Store. A record whose values cannot be read comes without them, beside an
// error that wraps store.ErrUnreadable.
func (s *Store) Load(ctx context.Context, id store.ID, now time.Time) (store.Record, error) {
	found, err := s.find(ctx, id)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Record{}, store.ErrNotFound
	}
	if err != nil {
		return store.Record{}, fmt.Errorf("sqlstore: load: %w", err)
	}
	r := found.record()
	if r.ID = id; !r.Live(now) {
		return store.Record{}, store.ErrNotFound
	}
	if r.Values, err = store.DecodeValues(found.data); err != nil {
		return r, fmt.Errorf("sqlstore: load: %w", err)
	}
	return r, nil
}

// find returns a row, live or not.
func (s *Store) find(ctx context.Context, id store.ID) (*row, error) {
	if s.dialect.local {
		return s.lookups.find(ctx, id)
	}
	return reading(ctx, s, func(tx *sql.Tx) (*row, error) {
		found := &row{}
		return found, s.load.one(ctx, tx, append(found.targets(), &found.data), id.String())
	})
}

// Touch implements store.Store.
func (s *Store) Touch(ctx context.Context, id store.ID, digest store.Digest, t store.Touch, now time.Time) error {
	live := []any{id.String(), digest[:], now.UnixMilli()}
	n, err := s.exec(ctx, &s.touch, append([]any{t.LastSeen.UnixMilli(), t.Expires.UnixMilli()}, live...)...)
	if err == nil && n == 0 && s.dialect.changed {
		n, err = alone(ctx, s, func(tx *sql.Tx) (n int64, err error) {
			err = s.lives.one(ctx, tx, []any{&n}, live...)
			return n, err
		})
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.ErrNotFound
	case err != nil:
		return fmt.Errorf("sqlstore: touch: %w", err)
	case n == 0:
		return store.ErrNotFound
	}
	return nil
}

// deleteBatch is how many ids one statement deletes, so that a long list keeps no other writer
// waiting for long.
const deleteBatch = 100

// Delete implements store.Store. After an error some of the records may be gone.
func (s *Store) Delete(ctx context.Context, ids ...store.ID) error {
	for len(ids) > 0 {
		batch := ids[:min(deleteBatch, len(ids))]
		ids = ids[len(batch):]
		if err := s.deleteMany(ctx, batch); err != nil {
			return fmt.Errorf("sqlstore: delete: %w", err)
		}
	}
	return ctx.Err()
}

func (s *Store) deleteMany(ctx context.Context, ids []store.ID) error {
	if len(ids) == 1 { // the usual case, prepared
		_, err := s.exec(ctx, &s.remove, ids[0].String())
		return err
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id.String()
	}
	text := "DELETE FROM {table} WHERE id IN (?" + strings.Repeat(", ?", len(ids)-1) + ")"
	many := statement{db: s.write, text: s.dialect.statement(text, s.table), unkept: true}
	_, err := s.exec(ctx, &many, args...)
	return err
}

// BySubject implements store.Store.
func (s *Store) BySubject(ctx context.Context, subject string, now time.Time) ([]store.Record, error) {
	if subject == "" {
		return nil, ctx.Err()
	}
	found, err := s.records(ctx, &s.bySubject, s.dialect.text(subject), now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("sqlstore: by subject: %w", err)
	}
	return found, nil
}

// eachPage is how many records Each reads at a time.
const eachPage = 500

// Each implements store.Store. It goes through the records in the order of their ids, a page at a
// time.
func (s *Store) Each(ctx context.Context, now time.Time, yield func(store.Record) error) error {
	for after := ""; ; {
		page, err := s.records(ctx, &s.page, after, now.UnixMilli(), eachPage)
		if err != nil {
			return fmt.Errorf("sqlstore: each: %w", err)
		}
		for _, r := range page {
			if err := yield(r); err != nil {
				return err
			}
		}
		if len(page) < eachPage {
			return nil
		}
		after = page[len(page)-1].ID.String()
	}
}

// records runs a query for columns and id.
func (s *Store) records(ctx context.Context, st *statement, args ...any) ([]store.Record, error) {
	return alone(ctx, s, func(tx *sql.Tx) ([]store.Record, error) { return st.records(ctx, tx, args...) })
}

// DeleteExpired implements store.Store, in one statement: keep limit to some hundreds, so that no
// other writer waits for long. On PostgreSQL records that another sweeper has in hand are passed
// over, so there may be fewer than limit while dead ones remain.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	if limit <= 0 {
		return 0, ctx.Err()
	}
	n, err := s.exec(ctx, &s.expire, now.UnixMilli(), limit)
	if err != nil {
		return 0, fmt.Errorf("sqlstore: delete expired: %w", err)
	}
	return int(n), nil
}
