package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// stuck is a driver that gets stuck in one of its methods, whatever the context says: a server that
// has stopped, or one whose commits wait for a backup.
type stuck struct {
	in   string
	free chan struct{}
}

func (s *stuck) at(method string) {
	if method == s.in {
		<-s.free
	}
}

func (s *stuck) Connect(context.Context) (driver.Conn, error) { s.at("Connect"); return s, nil }
func (s *stuck) Driver() driver.Driver                        { return nil }

func (s *stuck) Prepare(string) (driver.Stmt, error) { s.at("Prepare"); return stuckStmt{s}, nil }
func (s *stuck) Close() error                        { return nil }
func (s *stuck) Begin() (driver.Tx, error)           { s.at("Begin"); return s, nil }
func (s *stuck) Commit() error                       { s.at("Commit"); return nil }
func (s *stuck) Rollback() error                     { s.at("Rollback"); return nil }

type stuckStmt struct{ *stuck }

func (s stuckStmt) NumInput() int { return -1 }

func (s stuckStmt) Exec([]driver.Value) (driver.Result, error) {
	s.at("Exec")
	return driver.RowsAffected(1), nil
}

func (s stuckStmt) Query([]driver.Value) (driver.Rows, error) {
	s.at("Query")
	return stuckRows(s), nil
}

type stuckRows struct{ *stuck }

func (stuckRows) Columns() []string           { return []string{"none"} }
func (r stuckRows) Next([]driver.Value) error { r.at("Next"); return io.EOF }

// TestStuck: no call outlives its context, wherever the driver has got stuck.
func TestStuck(t *testing.T) {
	t.Parallel()
	id, now := store.ID{1}, time.UnixMilli(1_000_000_000_000)
	calls := map[string]func(ctx context.Context, s *Store) error{
		"Create": func(ctx context.Context, s *Store) error { return s.Create(ctx, store.Record{ID: id}) },
		"Load":   func(ctx context.Context, s *Store) error { _, err := s.Load(ctx, id, now); return err },
		"Patch": func(ctx context.Context, s *Store) error {
			_, err := s.Patch(ctx, store.Patch{ID: id, Now: now})
			return err
		},
		"Touch":         func(ctx context.Context, s *Store) error { return s.Touch(ctx, id, store.Digest{}, store.Touch{}, now) },
		"Delete":        func(ctx context.Context, s *Store) error { return s.Delete(ctx, id) },
		"BySubject":     func(ctx context.Context, s *Store) error { _, err := s.BySubject(ctx, "ada", now); return err },
		"DeleteExpired": func(ctx context.Context, s *Store) error { _, err := s.DeleteExpired(ctx, now, 1); return err },
	}
	for _, c := range []struct {
		in  string
		are []string // the calls that come there
	}{
		{"Connect", []string{"Create", "Load", "Patch", "Touch", "Delete", "BySubject", "DeleteExpired"}},
		{"Prepare", []string{"Create", "Load", "Patch", "Touch", "Delete", "BySubject", "DeleteExpired"}},
		{"Begin", []string{"Patch"}},
		{"Rollback", []string{"Patch"}},
		{"Exec", []string{"Create", "Touch", "Delete", "DeleteExpired"}},
		{"Query", []string{"Load", "Patch", "BySubject"}},
		{"Next", []string{"Load", "Patch", "BySubject"}},
	} {
		for _, method := range c.are {
			for _, d := range []dialect{sqlite(), mySQL()} {
				t.Run(c.in+" in "+method, func(t *testing.T) {
					t.Parallel()
					testStuck(t, c.in, d, calls[method])
				})
			}
		}
	}
}

func testStuck(t *testing.T, in string, d dialect, call func(ctx context.Context, s *Store) error) {
	server := &stuck{in: in, free: make(chan struct{})}
	db := sql.OpenDB(server)
	defer db.Close()
	defer close(server.free)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	over := make(chan error, 1)
	go func() { over <- call(ctx, newStore(d, db, db, nil)) }()
	select {
	case err := <-over:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the end of the context", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("goes on after its context")
	}
}

// TestStuckCommit: the same, of a commit, which has no context at all.
func TestStuckCommit(t *testing.T) {
	t.Parallel()
	server := &stuck{in: "Commit", free: make(chan struct{})}
	db := sql.OpenDB(server)
	defer db.Close()
	defer close(server.free)
	s := newStore(mySQL(), db, db, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	over := make(chan error, 1)
	go func() {
		_, err := retry(ctx, s, func(int) (int, error) { return 1, s.transact(ctx, func(*sql.Tx) error { return nil }) })
		over <- err
	}()
	select {
	case err := <-over:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the end of the context", err)
		}
	case <-time.After(5 * time.Second):
		t.Error("goes on after its context")
	}
}

// TestWithinPanics: a panic of the driver is met where the store was called.
func TestWithinPanics(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	defer func() {
		if p := recover(); p != "driver" {
			t.Errorf("recovered %v", p)
		}
	}()
	_, err := within(ctx, func() (int, error) { panic("driver") })
	t.Errorf("went on with %v", err)
}
