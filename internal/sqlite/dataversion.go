package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
)

// dataVersion watches a file through a connection of its own, which never writes: SQLite's data_version of a connection
// changes with every commit of any other one, of this process or another. The values of two connections say nothing about
// each other, so this is no *sql.DB, which would open another connection when one breaks. It is safe for concurrent use.
type dataVersion struct {
	mu   sync.Mutex
	conn driver.Conn // nil once closed
	stmt driver.StmtQueryContext
	row  [1]driver.Value
}

// watch opens the connection.
func (h *Handle) watch() (_ *dataVersion, err error) {
	const cacheKiB = 16 // it reads the first page at most
	d := &dataVersion{}
	if d.conn, err = h.Read.Driver().Open(source(h.path, h.busy, cacheKiB, "query_only(1)")); err != nil {
		return nil, err
	}
	stmt, err := d.conn.Prepare(`PRAGMA data_version`)
	if err != nil {
		return nil, errors.Join(err, d.conn.Close())
	}
	var ok bool
	if d.stmt, ok = stmt.(driver.StmtQueryContext); !ok {
		return nil, errors.Join(fmt.Errorf("the driver's %T takes no context", stmt), stmt.Close(), d.conn.Close())
	}
	return d, nil
}

// read gives the version as of a moment after the call. It has 32 bits and wraps. Past database/sql it costs a sixth of a
// look-up in the file.
func (d *dataVersion) read(ctx context.Context) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn == nil {
		return 0, sql.ErrConnDone
	}
	rows, err := d.stmt.QueryContext(ctx, nil)
	if err != nil {
		return 0, err
	}
	err = rows.Next(d.row[:])
	// An open result would keep the connection at one moment of the file for ever.
	if err := errors.Join(err, rows.Close()); err != nil {
		return 0, err
	}
	v, ok := d.row[0].(int64)
	if !ok {
		return 0, fmt.Errorf("data_version is %T", d.row[0])
	}
	return v, nil
}

// close waits for a read that is under way. Reads that come later fail.
func (d *dataVersion) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn == nil {
		return nil
	}
	err := errors.Join(d.stmt.(driver.Stmt).Close(), d.conn.Close())
	d.conn = nil
	return err
}
