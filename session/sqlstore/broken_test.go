package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
)

// brokenOnce is a driver whose first query meets the limit of time that a call before has left on the
// connection.
type brokenOnce struct{ queries int }

func (b *brokenOnce) Connect(context.Context) (driver.Conn, error) { return brokenConn{b}, nil }
func (b *brokenOnce) Driver() driver.Driver                        { return nil }

type brokenConn struct{ *brokenOnce }

func (c brokenConn) Prepare(string) (driver.Stmt, error) { return brokenStmt(c), nil }
func (brokenConn) Close() error                          { return nil }
func (brokenConn) Begin() (driver.Tx, error)             { return nil, errors.New("none") }

type brokenStmt struct{ *brokenOnce }

func (brokenStmt) Close() error                               { return nil }
func (brokenStmt) NumInput() int                              { return -1 }
func (brokenStmt) Exec([]driver.Value) (driver.Result, error) { return nil, os.ErrDeadlineExceeded }

func (s brokenStmt) Query([]driver.Value) (driver.Rows, error) {
	if s.queries++; s.queries == 1 {
		return nil, os.ErrDeadlineExceeded
	}
	return noRows{}, nil
}

type noRows struct{}

func (noRows) Columns() []string         { return []string{"none"} }
func (noRows) Close() error              { return nil }
func (noRows) Next([]driver.Value) error { return io.EOF }

// A look-up on a connection that a call before has broken is tried on another; a change is not, for
// nobody knows what became of it.
func TestBrokenConnection(t *testing.T) {
	t.Parallel()
	b := new(brokenOnce)
	db := sql.OpenDB(b)
	defer db.Close()
	s := sqlstore.SQLite(db, db)
	if _, err := s.Load(t.Context(), store.ID{1}, time.Now()); !errors.Is(err, store.ErrNotFound) || b.queries != 2 {
		t.Errorf("after %d queries: %v", b.queries, err)
	}
	if err := s.Touch(t.Context(), store.ID{1}, store.Digest{}, store.Touch{}, time.Now()); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a change: %v", err)
	}
}
