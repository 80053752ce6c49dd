package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// statement is a query that is parsed once per connection and the place to keep it.
type statement struct {
	to   **sql.Stmt
	text string
}

// prepare prepares statements that live as long as db, which closes them.
func prepare(ctx context.Context, db *sql.DB, list []statement) error {
	for _, s := range list {
		stmt, err := db.PrepareContext(ctx, s.text)
		if err != nil {
			return fmt.Errorf("prepare %q: %w", s.text, err)
		}
		*s.to = stmt
	}
	return nil
}
