package sqlstore

import (
	"context"
	"database/sql"
	"sync/atomic"
)

// statement is one that is prepared at its first use. A failure to prepare it is not remembered.
type statement struct {
	db       *sql.DB
	text     string
	prepared atomic.Pointer[sql.Stmt]
}

// get gives the prepared statement. Nobody waits for anybody else here: of several that prepare it at once, the first to
// finish wins.
func (s *statement) get(ctx context.Context) (*sql.Stmt, error) {
	if stmt := s.prepared.Load(); stmt != nil {
		return stmt, nil
	}
	stmt, err := s.db.PrepareContext(ctx, s.text)
	if err != nil {
		return nil, err
	}
	if !s.prepared.CompareAndSwap(nil, stmt) {
		_ = stmt.Close() // it was never used
	}
	return s.prepared.Load(), nil
}

// exec runs the statement and gives the number of rows that it changed.
func (s *statement) exec(ctx context.Context, args ...any) (int64, error) {
	stmt, err := s.get(ctx)
	if err != nil {
		return 0, err
	}
	return affected(stmt.ExecContext(ctx, args...))
}

func affected(result sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}
