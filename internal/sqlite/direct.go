package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"

	lib "modernc.org/sqlite/lib"
)

// direct runs write transactions of a few known statements on the file's writing connection, past
// database/sql, which parses BEGIN and COMMIT anew each time and copies what passes through it: a
// third of what an entry costs.
type direct struct {
	h     *Handle
	texts []string // of the statements

	// On the connection that was used last. Only who holds the connection may look at them.
	conn  driver.Conn
	stmts []driver.StmtExecContext // begin, commit, rollback, then texts
}

func newDirect(h *Handle, texts ...string) *direct {
	d := &direct{h: h, texts: append([]string{`BEGIN IMMEDIATE`, `COMMIT`, `ROLLBACK`}, texts...)}
	h.directs = append(h.directs, d)
	return d
}

// tx runs f in one immediate write transaction: all of it is stored, or nothing. It waits for the
// connection, and for another process's lock, as long as Handle.tx does. f is given the prepared
// statements.
func (d *direct) tx(ctx context.Context, f func(do []driver.StmtExecContext) error) error {
	ctx, cancel := context.WithTimeout(ctx, 2*d.h.busy)
	defer cancel()
	return d.raw(ctx, func(conn driver.Conn) error {
		if err := d.prepare(conn); err != nil {
			return err
		}
		begin, commit, rollback := d.stmts[0], d.stmts[1], d.stmts[2]
		if _, err := begin.ExecContext(ctx, nil); err != nil {
			return err
		}
		err := f(d.stmts[3:])
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			_, err = commit.ExecContext(context.Background(), nil)
		}
		if err == nil {
			return nil
		}
		// After some failures SQLite has rolled back itself, and says so.
		if _, e := rollback.ExecContext(context.Background(), nil); e != nil && code(e) != lib.SQLITE_ERROR {
			return errors.Join(err, e, driver.ErrBadConn) // the connection goes
		}
		return err
	})
}

func (d *direct) raw(ctx context.Context, f func(driver.Conn) error) error {
	c, err := d.h.Write.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return c.Raw(func(conn any) error { return f(conn.(driver.Conn)) })
}

// prepare prepares the statements on a connection that has not seen them.
func (d *direct) prepare(conn driver.Conn) error {
	if d.conn == conn {
		return nil
	}
	d.conn, d.stmts = nil, nil // those of a connection that is gone went with it
	for _, text := range d.texts {
		s, err := conn.Prepare(text)
		if err != nil {
			return err
		}
		d.stmts = append(d.stmts, s.(driver.StmtExecContext))
	}
	d.conn = conn
	return nil
}

// close gives the statements back, without which the connection cannot end.
func (d *direct) close(ctx context.Context) error {
	if d.conn == nil {
		return nil
	}
	return d.raw(ctx, func(conn driver.Conn) error {
		var errs []error
		if conn == d.conn {
			for _, s := range d.stmts {
				errs = append(errs, s.(driver.Stmt).Close())
			}
		}
		d.conn, d.stmts = nil, nil
		return errors.Join(errs...)
	})
}
