package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed migrations
var migrationFiles embed.FS

// migration is one step of a schema. Version n takes a database from version n-1 to n.
type migration struct {
	version int
	name    string
	sql     string
}

// migrations reads the steps of one folder in order. Names are 0001_words.sql, without a gap.
func migrations(folder string) ([]migration, error) {
	names, err := fs.Glob(migrationFiles, "migrations/"+folder+"/*.sql")
	if err != nil {
		return nil, err
	}
	steps := make([]migration, len(names))
	for i, name := range names { // Glob sorts
		digits, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"+folder+"/"), "_")
		if n, err := strconv.Atoi(digits); err != nil || n != i+1 {
			return nil, fmt.Errorf("migration %s: expected number %d", name, i+1)
		}
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		steps[i] = migration{version: i + 1, name: name, sql: string(text)}
	}
	return steps, nil
}

// schemaVersion is the number of the last step that was taken, 0 for a fresh file.
func schemaVersion(ctx context.Context, q queryer) (n int, err error) {
	err = q.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&n)
	return n, err
}

// refuseNewer gives ErrNewer when the database is past the last step. It writes nothing.
func (h *Handle) refuseNewer(ctx context.Context, steps []migration) error {
	have, err := schemaVersion(ctx, h.Write)
	if err != nil {
		return err
	}
	if have > len(steps) {
		return fmt.Errorf("%w: %s has schema version %d, this program knows %d", ErrNewer, h.path, have, len(steps))
	}
	return nil
}

// migrate takes the steps that the file lacks, each in a transaction of its own. Several processes
// may do so at once: whoever comes second finds the step taken.
func (h *Handle) migrate(ctx context.Context, steps []migration) error {
	have, err := schemaVersion(ctx, h.Write)
	if err != nil {
		return err
	}
	// Only a file without tables can be switched to auto_vacuum, and asking again would be a write
	// each time.
	fresh := `PRAGMA auto_vacuum = INCREMENTAL; `
	if have > 0 {
		fresh = ``
	}
	err = whileBusy(ctx, h.busy, func() error {
		_, err := h.Write.ExecContext(ctx, fresh+`PRAGMA journal_mode = WAL`)
		return err
	})
	if err != nil {
		return fmt.Errorf("switch to WAL: %w", err)
	}
	for _, step := range steps {
		err := h.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
			have, err := schemaVersion(ctx, tx)
			if err != nil || have >= step.version {
				return err
			}
			if _, err := tx.ExecContext(ctx, step.sql); err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `PRAGMA user_version = `+strconv.Itoa(step.version))
			return err
		})
		if err != nil {
			return fmt.Errorf("migration %s: %w", step.name, err)
		}
	}
	return h.forgetStatistics(ctx)
}

// forgetStatistics removes what ANALYZE has found, whoever ran it. Statistics are of one moment:
// those that were made while the book had a row make every look-up of it a scan for ever. Without
// them the planner goes by rules of thumb, which are right for the few shapes of query here, at
// every size.
func (h *Handle) forgetStatistics(ctx context.Context) error {
	var some bool
	err := h.Write.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name LIKE 'sqlite_stat_')`).Scan(&some)
	if err != nil || !some {
		return err
	}
	return h.transact(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DROP TABLE IF EXISTS sqlite_stat1; DROP TABLE IF EXISTS sqlite_stat4`)
		return err
	})
}
