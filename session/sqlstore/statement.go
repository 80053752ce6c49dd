package sqlstore

import (
	"context"
	"database/sql"
	"sync/atomic"

	"github.com/doorbook/doorbook/session/store"
)

// statement is one that is prepared at its first use, unless that is left to the driver. A failure
// to prepare it is not remembered.
type statement struct {
	db       *sql.DB
	text     string
	unkept   bool
	prepared atomic.Pointer[sql.Stmt]
}

// runner runs one statement: a *sql.Stmt, or a direct.
type runner interface {
	ExecContext(ctx context.Context, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, args ...any) *sql.Row
}

// ready prepares the statement. Nobody waits for anybody else here: of several that prepare it at
// once, the first to finish wins. A transaction may hold the only connection, so what it uses is
// made ready before it begins.
func (s *statement) ready(ctx context.Context) error {
	if s.unkept || s.prepared.Load() != nil {
		return nil
	}
	stmt, err := s.db.PrepareContext(ctx, s.text)
	if err != nil {
		return err
	}
	if !s.prepared.CompareAndSwap(nil, stmt) {
		_ = stmt.Close() // it was never used
	}
	return nil
}

// on returns the statement as it runs in a transaction that was begun, or by itself.
func (s *statement) on(ctx context.Context, tx *sql.Tx) (runner, error) {
	switch {
	case s.unkept && tx != nil:
		return direct{tx, s.text}, nil
	case s.unkept:
		return direct{s.db, s.text}, nil
	}
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	stmt := s.prepared.Load()
	if tx != nil {
		return tx.StmtContext(ctx, stmt), nil
	}
	return stmt, nil
}

// exec runs the statement and returns the number of rows that it changed.
func (s *statement) exec(ctx context.Context, tx *sql.Tx, args ...any) (int64, error) {
	run, err := s.on(ctx, tx)
	if err != nil {
		return 0, err
	}
	result, err := run.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// one reads one row; sql.ErrNoRows if there is none.
func (s *statement) one(ctx context.Context, tx *sql.Tx, targets []any, args ...any) error {
	run, err := s.on(ctx, tx)
	if err != nil {
		return err
	}
	return run.QueryRowContext(ctx, args...).Scan(targets...)
}

// records reads rows of columns and id.
func (s *statement) records(ctx context.Context, tx *sql.Tx, args ...any) ([]store.Record, error) {
	run, err := s.on(ctx, tx)
	if err != nil {
		return nil, err
	}
	rows, err := run.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []store.Record
	for rows.Next() {
		var one row
		var id string
		if err := rows.Scan(append(one.targets(), &id)...); err != nil {
			return nil, err
		}
		if one.ID, err = store.ParseID(id); err != nil {
			return nil, err
		}
		found = append(found, one.record())
	}
	return found, rows.Err()
}

// direct is a statement that goes to the driver as text.
type direct struct {
	to interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	}
	text string
}

func (d direct) ExecContext(ctx context.Context, args ...any) (sql.Result, error) {
	return d.to.ExecContext(ctx, d.text, args...)
}

func (d direct) QueryContext(ctx context.Context, args ...any) (*sql.Rows, error) {
	return d.to.QueryContext(ctx, d.text, args...)
}

func (d direct) QueryRowContext(ctx context.Context, args ...any) *sql.Row {
	return d.to.QueryRowContext(ctx, d.text, args...)
}
