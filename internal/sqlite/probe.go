package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
)

// probe asks one question of a file, over and over, through a connection of its own, which never
// writes. A look-up past database/sql costs half; and SQLite's data_version is a number of one
// connection, which the next one of a pool would not go on with. It is safe for concurrent use.
type probe struct {
	mu   sync.Mutex
	conn driver.Conn // nil once closed
	stmt driver.StmtQueryContext
	row  [2]driver.Value
}

// newProbe returns a probe of a query that has no parameters and gives one row of one or two
// numbers.
func newProbe(ctx context.Context, c driver.Connector, query string) (*probe, error) {
	conn, err := c.Connect(ctx)
	if err != nil {
		return nil, err
	}
	stmt, err := conn.Prepare(query)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &probe{conn: conn, stmt: stmt.(driver.StmtQueryContext)}, nil
}

// read returns the row as of a moment after the call.
func (p *probe) read(ctx context.Context) (numbers version, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return numbers, sql.ErrConnDone
	}
	rows, err := p.stmt.QueryContext(ctx, nil)
	if err != nil {
		return numbers, err
	}
	row := p.row[:len(rows.Columns())]
	err = rows.Next(row)
	// An open result would keep the connection at one moment of the file for ever.
	if err := errors.Join(err, rows.Close()); err != nil {
		return numbers, err
	}
	for i, v := range row {
		n, ok := v.(int64)
		if !ok {
			return numbers, fmt.Errorf("column %d is a %T", i+1, v)
		}
		numbers[i] = n
	}
	return numbers, nil
}

// close waits for a read that is under way. Reads that come later fail.
func (p *probe) close() error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return nil
	}
	err := errors.Join(p.stmt.(driver.Stmt).Close(), p.conn.Close())
	p.conn = nil
	return err
}
