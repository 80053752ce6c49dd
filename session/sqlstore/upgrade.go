package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// upgrade is a column that tables made by an earlier version lack.
type upgrade struct {
	column string
	add    string
	then   string // what to do with the rows that are there; "" for nothing
}

// stateOfKey gives rows their state that was a part of key_id before, where a key has 8 digits.
const stateOfKey = "UPDATE {table} SET state = CASE WHEN key_id = 'mark' THEN 'mark' WHEN key_id LIKE '~%' THEN 'leaving'" +
	" WHEN key_id LIKE '+%' THEN 'arriving' ELSE 'pending' END," +
	" key_id = CASE WHEN key_id = 'mark' THEN '' ELSE substr(key_id, 2) END WHERE key_id = 'mark' OR length(key_id) = 9"

func sqliteUpgrades() []upgrade {
	return []upgrade{
		{"parent", "ALTER TABLE {table} ADD COLUMN parent TEXT NOT NULL DEFAULT ''", ""},
		{"state", "ALTER TABLE {table} ADD COLUMN state TEXT NOT NULL DEFAULT ''", stateOfKey},
	}
}

func postgreSQLUpgrades() []upgrade {
	return []upgrade{{"state", "ALTER TABLE {table} ADD COLUMN state TEXT NOT NULL DEFAULT ''", stateOfKey}}
}

func mySQLUpgrades() []upgrade {
	return []upgrade{{
		"state",
		"ALTER TABLE {table} ADD COLUMN state VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT ''", stateOfKey,
	}}
}

// schemaTries is how often CreateSchema tries. Where several processes make a table at once,
// databases let one of them do it and fail the others, "IF NOT EXISTS" or not; each such failure
// means that a step was taken.
const schemaTries = 5

// Schema returns the statements that CreateSchema runs on a database without the table, for a
// program with migrations of its own, or for somebody else who may make tables.
func (s *Store) Schema() string { return s.dialect.schemaFor(s.table) }

// CreateSchema makes the table and its indexes on the write handle, unless they exist, and adds to
// a table that an earlier version made what it lacks. Several processes may do so at once, also
// while others use the table.
//
// A table of that name that is another program's is left as it is, and the error says what it
// lacks. So is one that does not keep a session which is written into it for a trial, in a
// transaction that is rolled back.
func (s *Store) CreateSchema(ctx context.Context) error {
	if most := s.dialect.longest; most > 0 && len(s.table) > most {
		return fmt.Errorf("sqlstore: create schema: the table's name has %d bytes, %d are the most", len(s.table), most)
	}
	var err error
	for range schemaTries {
		if _, err = within(ctx, func() (any, error) { return nil, s.createSchema(ctx) }); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("sqlstore: create schema: %w", err)
	}
	return nil
}

func (s *Store) createSchema(ctx context.Context) error {
	for i, text := range strings.SplitAfter(strings.TrimSpace(s.Schema()), ";\n") {
		if _, err := s.write.ExecContext(ctx, text); err != nil {
			return err
		}
		if i == 0 { // the table; what follows would change one that is not ours
			if err := s.fitColumns(ctx); err != nil {
				return err
			}
		}
	}
	has, err := s.names(ctx)
	if err != nil {
		return err
	}
	for _, u := range s.dialect.upgrade {
		if slices.Contains(has, u.column) {
			continue
		}
		if err := s.upgrade(ctx, u); err != nil {
			return err
		}
	}
	if err := s.fitIndexes(ctx); err != nil {
		return err
	}
	return s.probe(ctx)
}

// upgrade adds a column in one transaction, where a database has that for tables.
func (s *Store) upgrade(ctx context.Context, u upgrade) error {
	return s.transact(ctx, func(tx *sql.Tx) error {
		for _, text := range []string{u.add, u.then} {
			if text == "" {
				continue
			}
			if _, err := tx.ExecContext(ctx, s.dialect.statement(text, s.table)); err != nil {
				return err
			}
		}
		return nil
	})
}
