package sqlstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/doorbook/doorbook/session/store"
)

// wayOut ends what is said of a table that is not ours.
const wayOut = "if it is another program's, give the sessions a table of their own with sqlstore.Table"

// fitColumns reports a table that lacks columns which the first version made: one of another
// program, that "IF NOT EXISTS" has left alone. Nothing was added to it yet.
func (s *Store) fitColumns(ctx context.Context) error {
	has, err := s.names(ctx)
	if err != nil {
		return err
	}
	var lacks []string
	for _, name := range append([]string{"id", "data"}, strings.Split(columns, ", ")...) {
		added := slices.ContainsFunc(s.dialect.upgrade, func(u upgrade) bool { return u.column == name })
		if !added && !slices.Contains(has, name) {
			lacks = append(lacks, name)
		}
	}
	if len(lacks) > 0 {
		return fmt.Errorf("the table %q exists and has no column %s; %s", s.table, strings.Join(lacks, ", "), wayOut)
	}
	return nil
}

// names returns the names of the table's columns.
func (s *Store) names(ctx context.Context) (names []string, err error) {
	rows, err := s.write.QueryContext(ctx, s.dialect.statement(s.dialect.has, s.table), s.table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// fitIndexes reports that the table has no index by subject, or by expiry. Where names of indexes
// are those of the whole database, "IF NOT EXISTS" takes one of another table for ours.
func (s *Store) fitIndexes(ctx context.Context) error {
	for _, column := range []string{"subject", "expires"} {
		var n int
		if err := s.write.QueryRowContext(ctx, s.dialect.statement(s.dialect.indexed, s.table), s.table, column).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("the table %q has no index on %s that finds sessions; drop what has taken its name "+
				"(see Schema) and create the schema again; %s", s.table, column, wayOut)
		}
	}
	return nil
}

// errProbed ends the transaction of a probe that went well.
var errProbed = errors.New("probed")

// probe reports a table that has the columns but does not keep a session: of other types, with
// columns more that have to be given, without the key. It writes one, changes and removes it, in a
// transaction that is rolled back.
func (s *Store) probe(ctx context.Context) error {
	odd := "\xff\x00" // bytes that no text has
	r := store.Record{
		Version: 1, KeyID: "0123abcd", Subject: odd, Addr: odd, UserAgent: odd, Values: store.Values{"a": {0, 0xff}},
		Created: moment(1), LastSeen: moment(1), Expires: moment(2), Deadline: moment(2), // dead, should it remain
	}
	_, _ = rand.Read(r.ID[:]) // never fails
	_, _ = rand.Read(r.Digest[:])
	err := s.transact(ctx, func(tx *sql.Tx) error {
		if err := s.probeIn(ctx, tx, r); err != nil {
			return err
		}
		return errProbed
	})
	if errors.Is(err, errProbed) {
		return nil
	}
	if ctx.Err() != nil || s.dialect.undid(err) {
		return err
	}
	return fmt.Errorf("the table %q does not keep a session: %w; %s", s.table, err, wayOut)
}

// What a probe finds.
var (
	errTwice = errors.New("it takes an id twice")
	errOther = errors.New("it gives back something else")
)

func (s *Store) probeIn(ctx context.Context, tx *sql.Tx, r store.Record) error {
	// Not prepared: a handle may have one connection, which is the transaction's.
	create, take := statement{text: s.create.text, unkept: true}, statement{text: s.take.text, unkept: true}
	update, remove := statement{text: s.update.text, unkept: true}, statement{text: s.remove.text, unkept: true}
	written, err := written(r)
	if err != nil {
		return err
	}
	args, err := written.arguments(&s.dialect)
	if err != nil {
		return err
	}
	id := r.ID.String()
	if _, err := create.exec(ctx, tx, append(args, id)...); err != nil {
		return err
	}
	var found row
	if err := take.one(ctx, tx, append(found.targets(), &found.data), id, r.Digest[:], 1); err != nil {
		return err
	}
	if got := found.record(); got.Subject != r.Subject || !got.Expires.Equal(r.Expires) || !bytes.Equal(found.data, written.data) {
		return errOther
	}
	if _, err := update.exec(ctx, tx, append(args, id, 1)...); err != nil {
		return err
	}
	switch n, err := create.exec(ctx, tx, append(args, id)...); {
	case n > 0:
		return errTwice
	case err != nil && !s.dialect.refused(err):
		return err
	}
	r.ID[0]++
	other := r.ID.String() // another session of the same person
	if _, err := create.exec(ctx, tx, append(args, other)...); err != nil {
		return err
	}
	for _, id := range []string{id, other} { // an engine without transactions rolls nothing back
		if _, err := remove.exec(ctx, tx, id); err != nil {
			return err
		}
	}
	return nil
}
