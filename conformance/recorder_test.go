package conformance

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"slices"
	"sync"
)

// recorder is a driver that passes everything on to another and remembers each statement with its
// first arguments.
type recorder struct {
	driver  driver.Driver
	address string

	mu   sync.Mutex
	seen map[string][]any
}

// recording gives a handle like db, but for one that records.
func recording(db *sql.DB, address string) (*sql.DB, *recorder) {
	r := &recorder{driver: db.Driver(), address: address, seen: make(map[string][]any)}
	return sql.OpenDB(r), r
}

func (r *recorder) note(text string, args []driver.NamedValue) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen[text] != nil {
		return
	}
	values := make([]any, len(args))
	for i, arg := range args {
		values[i] = arg.Value
		if b, ok := arg.Value.([]byte); ok {
			values[i] = slices.Clone(b)
		}
	}
	r.seen[text] = values
}

// Driver implements driver.Connector.
func (r *recorder) Driver() driver.Driver { return r.driver }

// Connect implements driver.Connector.
func (r *recorder) Connect(context.Context) (driver.Conn, error) {
	conn, err := r.driver.Open(r.address)
	return recorderConn{conn, r}, err
}

// recorderConn knows no way to run a statement but to prepare it, so all of them pass recorderStmt.
type recorderConn struct {
	driver.Conn
	recorder *recorder
}

func (c recorderConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, o)
}

func (c recorderConn) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	stmt, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, text)
	return recorderStmt{stmt, c.recorder, text}, err
}

type recorderStmt struct {
	driver.Stmt
	recorder *recorder
	text     string
}

func (s recorderStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	s.recorder.note(s.text, args)
	return s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

func (s recorderStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	s.recorder.note(s.text, args)
	return s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
}
