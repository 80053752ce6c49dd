package sqlstore

import (
	"context"
	"fmt"
	"strings"
)

// upgrade is a column that tables made by an earlier version lack.
type upgrade struct {
	has string // counts columns of that name; its argument is the table
	add string
}

func sqliteUpgrades() []upgrade {
	return []upgrade{{
		has: "SELECT count(*) FROM pragma_table_info(?) WHERE name = 'parent'",
		add: "ALTER TABLE {table} ADD COLUMN parent TEXT NOT NULL DEFAULT ''",
	}}
}

// schemaTries is how often CreateSchema tries. Where several processes make a table at once,
// databases let one of them do it and fail the others, "IF NOT EXISTS" or not; each such failure
// means that a step was taken.
const schemaTries = 5

// Schema gives the statements that CreateSchema runs on a database without the table, for a program
// with migrations of its own, or for somebody else who may make tables.
func (s *Store) Schema() string { return s.dialect.schemaFor(s.table) }

// CreateSchema makes the table and its indexes on the write handle, unless they exist, and adds to
// a table that an earlier version made what it lacks. Several processes may do so at once, also
// while others use the table.
func (s *Store) CreateSchema(ctx context.Context) error {
	if most := s.dialect.longest; most > 0 && len(s.table) > most {
		return fmt.Errorf("sqlstore: create schema: the table's name has %d bytes, %d are the most", len(s.table), most)
	}
	var err error
	for range schemaTries {
		if err = s.createSchema(ctx); err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("sqlstore: create schema: %w", err)
	}
	return nil
}

func (s *Store) createSchema(ctx context.Context) error {
	for _, text := range strings.SplitAfter(strings.TrimSpace(s.Schema()), ";\n") {
		if _, err := s.write.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	for _, u := range s.dialect.upgrade {
		var n int
		if err := s.write.QueryRowContext(ctx, u.has, s.table).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			continue
		}
		if _, err := s.write.ExecContext(ctx, s.dialect.statement(u.add, s.table)); err != nil {
			return err
		}
	}
	return nil
}
