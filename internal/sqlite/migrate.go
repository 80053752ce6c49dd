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

// refuseNewer gives ErrNewer when the database is past the last step. It writes nothing.
func (h *Handle) refuseNewer(ctx context.Context, steps []migration) error {
	var have int
	if err := h.Write.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&have); err != nil {
		return err
	}
	if have > len(steps) {
		return fmt.Errorf("%w: %s has schema version %d, this program knows %d", ErrNewer, h.path, have, len(steps))
	}
	return nil
}

// migrate switches the file to WAL and takes the steps that it lacks, each in a transaction of its own. Several processes
// may do so at once: whoever comes second finds the step taken.
func (h *Handle) migrate(ctx context.Context, steps []migration) error {
	err := whileBusy(ctx, h.busy, func() error {
		_, err := h.Write.ExecContext(ctx, `PRAGMA journal_mode = WAL`)
		return err
	})
	if err != nil {
		return fmt.Errorf("switch to WAL: %w", err)
	}
	for _, step := range steps {
		err := h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			var have int
			if err := tx.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&have); err != nil {
				return err
			}
			if have >= step.version {
				return nil
			}
			if _, err := tx.ExecContext(ctx, step.sql); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, `PRAGMA user_version = `+strconv.Itoa(step.version))
			return err
		})
		if err != nil {
			return fmt.Errorf("migration %s: %w", step.name, err)
		}
	}
	return nil
}
