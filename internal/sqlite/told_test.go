package sqlite_test

import (
	"context"
	"database/sql/driver"
	"testing"

	driverlib "modernc.org/sqlite"

	"github.com/doorbook/doorbook/internal/sqlite"
)

// logPages is the length at which openTold has the WAL moved: a small one, as files are written for
// it.
const logPages = 200

// openTold opens a data directory, and has prepared told the text of every statement before it is
// prepared.
func openTold(t *testing.T, dir string, prepared func(text string)) *sqlite.DB {
	t.Helper()
	db, err := sqlite.OpenThrough(t.Context(), dir, logPages, func(c driver.Connector) driver.Connector { return told{c, prepared} })
	mustRun(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

type told struct {
	driver.Connector
	prepared func(text string)
}

func (c told) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &toldConn{conn, conn.(driver.ConnBeginTx), conn.(driverlib.HookRegisterer), c.prepared}, nil
}

// toldConn knows no way to run a statement but to prepare it.
type toldConn struct {
	driver.Conn
	driver.ConnBeginTx
	driverlib.HookRegisterer
	prepared func(text string)
}

func (c *toldConn) Prepare(text string) (driver.Stmt, error) {
	c.prepared(text)
	return c.Conn.Prepare(text)
}
