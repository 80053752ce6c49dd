// Package sqlstore keeps sessions in a relational database, through database/sql and handles that the caller opened. It
// imports no driver. SQLite is its first dialect.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/doorbook/doorbook/session"
)

// Store is a session.Store with one row for each record, in one table. It is safe for concurrent use, also by several
// processes on one database. It prepares its statements at their first use and keeps them as long as the handles live;
// closing the handles is the caller's business.
type Store struct {
	dialect dialect
	table   string
	write   *sql.DB
	read    *sql.DB

	load, bySubject                                     statement // on read
	create, lock, reread, update, touch, remove, expire statement // on write
}

var _ session.Store = (*Store)(nil)

// Option changes a Store while it is made.
type Option func(*Store)

// Table sets the name of the table. Default: sessions. It is quoted, so any name will do.
func Table(name string) Option { return func(s *Store) { s.table = name } }

// SQLite gives a store in a SQLite database (3.37 or later). The two handles lead to the same database and may be the
// same; best are a write handle with one connection (SetMaxOpenConns(1)), which makes writers wait in line instead of
// polling a lock, and a read handle with several. Set busy_timeout on both, and journal_mode=WAL, so that a reader never
// waits. It does not matter how the driver begins transactions (_txlock): the first statement of each one writes, so none
// ever stands on a snapshot that another process has made old.
func SQLite(write, read *sql.DB, options ...Option) *Store {
	return open(sqlite(), write, read, options)
}

func open(d dialect, write, read *sql.DB, options []Option) *Store {
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
		{&s.load, read, "SELECT " + columns + ", data FROM {table} WHERE id = ? AND expires > ?"},
		{&s.bySubject, read, "SELECT " + columns + ", id FROM {table} WHERE subject = ? AND subject <> '' AND expires > ?"},
		{&s.create, write, "{insert new} {table} (" + columns + ", data, id) VALUES (?" + strings.Repeat(", ?", len(names)+1) + ") {unless exists}"},
		{&s.lock, write, "UPDATE {table} SET version = version + 1 WHERE id = ? AND digest = ? AND expires > ?"},
		{&s.reread, write, "SELECT " + columns + ", data FROM {table} WHERE id = ?"},
		{&s.update, write, "UPDATE {table} SET " + strings.Join(names, " = ?, ") + " = ?, data = ? WHERE id = ?"},
		{&s.touch, write, "UPDATE {table} SET last_seen = {greatest}(last_seen, ?), expires = {greatest}(expires, ?) WHERE id = ? AND digest = ? AND expires > ?"},
		{&s.remove, write, "DELETE FROM {table} WHERE id = ?"},
		// The second condition is for databases where another writer may touch a row between the inner and the outer half.
		{&s.expire, write, "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE expires <= ? ORDER BY expires LIMIT ?) AND expires <= ?"},
	} {
		p.into.db, p.into.text = p.db, d.statement(p.text, s.table)
	}
	return s
}

// CreateSchema makes the table and its indexes on the write handle, unless they exist.
func (s *Store) CreateSchema(ctx context.Context) error {
	for _, text := range s.dialect.statements(s.table) {
		if _, err := s.write.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("sqlstore: create schema: %w", err)
		}
	}
	return nil
}

// Create implements session.Store. There is always room.
func (s *Store) Create(ctx context.Context, r session.Record) error {
	row, err := written(r)
	if err != nil {
		return fmt.Errorf("sqlstore: create: %w", err)
	}
	switch n, err := s.create.exec(ctx, append(row.arguments(), r.ID.String())...); {
	case err != nil:
		return fmt.Errorf("sqlstore: create: %w", err)
	case n == 0:
		return session.ErrExists
	}
	return nil
}

// Load implements session.Store. A record whose values cannot be read comes without them, beside an error that wraps
// session.ErrUnreadable.
func (s *Store) Load(ctx context.Context, id session.ID, now time.Time) (session.Record, error) {
	stmt, err := s.load.get(ctx)
	if err != nil {
		return session.Record{}, fmt.Errorf("sqlstore: load: %w", err)
	}
	if s.dialect.local {
		// A look-up by key in a file is not held up by anybody, while a context that can end costs two goroutines.
		if err := ctx.Err(); err != nil {
			return session.Record{}, fmt.Errorf("sqlstore: load: %w", err)
		}
		ctx = context.WithoutCancel(ctx)
	}
	found := row{Record: session.Record{ID: id}}
	err = stmt.QueryRowContext(ctx, id.String(), now.UnixMilli()).Scan(append(found.targets(), &found.data)...)
	if errors.Is(err, sql.ErrNoRows) {
		return session.Record{}, session.ErrNotFound
	}
	if err != nil {
		return session.Record{}, fmt.Errorf("sqlstore: load: %w", err)
	}
	r := found.record()
	if r.Values, err = session.DecodeValues(found.data); err != nil {
		return r, fmt.Errorf("sqlstore: load: %w", err)
	}
	return r, nil
}

// Touch implements session.Store.
func (s *Store) Touch(ctx context.Context, id session.ID, digest session.Digest, t session.Touch, now time.Time) error {
	n, err := s.touch.exec(ctx, t.LastSeen.UnixMilli(), t.Expires.UnixMilli(), id.String(), digest[:], now.UnixMilli())
	switch {
	case err != nil:
		return fmt.Errorf("sqlstore: touch: %w", err)
	case n == 0:
		return session.ErrNotFound
	}
	return nil
}

// deleteBatch is how many ids one statement deletes, so that a long list keeps no other writer waiting for long.
const deleteBatch = 100

// Delete implements session.Store. After an error some of the records may be gone.
func (s *Store) Delete(ctx context.Context, ids ...session.ID) error {
	for len(ids) > 0 {
		batch := ids[:min(deleteBatch, len(ids))]
		ids = ids[len(batch):]
		if err := s.deleteMany(ctx, batch); err != nil {
			return fmt.Errorf("sqlstore: delete: %w", err)
		}
	}
	return ctx.Err()
}

func (s *Store) deleteMany(ctx context.Context, ids []session.ID) error {
	if len(ids) == 1 { // the usual case, prepared
		_, err := s.remove.exec(ctx, ids[0].String())
		return err
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id.String()
	}
	text := "DELETE FROM {table} WHERE id IN (?" + strings.Repeat(", ?", len(ids)-1) + ")"
	_, err := s.write.ExecContext(ctx, s.dialect.statement(text, s.table), args...)
	return err
}

// BySubject implements session.Store.
func (s *Store) BySubject(ctx context.Context, subject string, now time.Time) (_ []session.Record, err error) {
	if subject == "" {
		return nil, ctx.Err()
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("sqlstore: by subject: %w", err)
		}
	}()
	stmt, err := s.bySubject.get(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(ctx, subject, now.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []session.Record
	for rows.Next() {
		var one row
		var id string
		if err := rows.Scan(append(one.targets(), &id)...); err != nil {
			return nil, err
		}
		if one.ID, err = session.ParseID(id); err != nil {
			return nil, err
		}
		found = append(found, one.record())
	}
	return found, rows.Err()
}

// DeleteExpired implements session.Store, in one statement: keep limit to some hundreds, so that no other writer waits
// for long.
func (s *Store) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	if limit <= 0 {
		return 0, ctx.Err()
	}
	n, err := s.expire.exec(ctx, now.UnixMilli(), limit, now.UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("sqlstore: delete expired: %w", err)
	}
	return int(n), nil
}
