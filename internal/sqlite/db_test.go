package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/sqlite"
)

func mustRun(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// mustAdd writes n developers and n entries.
func mustAdd(t *testing.T, db *sqlite.DB, n int) {
	t.Helper()
	for range n {
		mustRun(t, db.Accounts().Create(t.Context(), account.Actor{}, someone()), db.Entries().Append(t.Context(), []book.Entry{entry("x")}))
	}
}

func someone() account.Developer {
	now := time.Now()
	d := account.Developer{ID: id.New(now), Role: account.Member, CreatedAt: now, UpdatedAt: now}
	d.EmailKey = d.ID
	return d
}

// calls are one call of every kind that needs the database.
func calls(ctx context.Context, db *sqlite.DB) map[string]func() error {
	p := account.Policy{Free: 5, First: time.Second, Most: time.Minute, Forget: time.Hour}
	return map[string]func() error{
		"create": func() error { return db.Accounts().Create(ctx, account.Actor{}, someone()) },
		"setup":  func() error { return db.Accounts().OpenSetup(ctx, []byte("x"), time.Now()) },
		"take": func() error {
			_, err := db.Throttle().Take(ctx, []account.Attempt{{Key: "k", Policy: p}}, time.Now())
			return err
		},
		"append": func() error { return db.Entries().Append(ctx, []book.Entry{entry("x")}) },
		"check":  func() error { return db.Check(ctx) },
		"read:by id": func() error {
			_, err := db.Accounts().ByID(ctx, id.New(time.Now()))
			return ignore(err, account.ErrNotFound)
		},
		"read:find":  func() error { _, _, err := db.Entries().Find(ctx, book.Query{Limit: 20}); return err },
		"read:older": func() error { _, _, err := db.Entries().Find(ctx, book.Query{Limit: 200}); return err },
		"read:plot":  func() error { _, err := db.Entries().Minutes(ctx, time.Now()); return err },
	}
}

func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

func TestClosed(t *testing.T) {
	t.Parallel()
	db := open(t, t.TempDir())
	mustAdd(t, db, 3)
	mustRun(t, db.Close(), db.Close())
	for name, call := range calls(t.Context(), db) {
		err := call()
		if err == nil || !strings.HasPrefix(err.Error(), "sqlite: ") {
			t.Errorf("%s: error is %v, want a wrapped one", name, err)
		}
	}
}

// Close leaves two plain files: everything is in them, the WAL is gone.
func TestCloseTidiesUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, dir)
	mustAdd(t, db, 20)
	mustRun(t, db.Close())
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	mustRun(t, err)
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	if got := strings.Join(names, " "); got != "book.db doorbook.db" {
		t.Errorf("left: %s", got)
	}
}

// Another process that keeps the write lock holds up writers for the busy timeout at most, and
// readers not at all.
func TestLockedByAnother(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := open(t, dir)
	const busy = 50 * time.Millisecond
	db, err := sqlite.Open(t.Context(), dir, sqlite.Options{BusyTimeout: busy})
	mustRun(t, err)
	defer db.Close()
	for _, h := range []*sqlite.Handle{other.Main, other.Book} {
		tx, err := h.Write.Begin()
		mustRun(t, err)
		defer tx.Rollback()
	}
	for _, h := range []*sqlite.Handle{db.Main, db.Book} { // so that none waits longer
		var ms int64
		mustRun(t, h.Write.QueryRow("PRAGMA busy_timeout").Scan(&ms))
		if ms != busy.Milliseconds() {
			t.Errorf("busy timeout of %d ms, want %v", ms, busy)
		}
	}
	for name, call := range calls(t.Context(), db) {
		began := time.Now()
		err := call()
		if strings.HasPrefix(name, "read:") {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var e *driver.Error
		// On a busy machine our own limit, twice as long, may be over before SQLite has slept
		// enough.
		locked := errors.As(err, &e) && e.Code() == lib.SQLITE_BUSY || errors.Is(err, context.DeadlineExceeded)
		if !locked {
			t.Errorf("%s: error is %v, want SQLITE_BUSY", name, err)
		}
		if spent := time.Since(began); spent < busy/2 {
			t.Errorf("%s: waited %v, want about %v", name, spent, busy)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), busy/10)
	defer cancel()
	if err := db.Entries().Append(ctx, []book.Entry{entry("x")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v, want the context's", err)
	}
}

// A full disk is an error of the call that met it. What was there stays readable, and writing goes
// on when there is room.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	db := open(t, t.TempDir())
	mustAdd(t, db, 1)
	limit := func(pages string) {
		for _, h := range []*sqlite.Handle{db.Main, db.Book} {
			_, err := h.Write.Exec(`PRAGMA max_page_count = ` + pages)
			mustRun(t, err)
		}
	}
	limit("1") // SQLite takes the present size instead
	large := entry(strings.Repeat("x", 1<<20))
	d := someone()
	d.Name = large.Text
	for name, err := range map[string]error{
		"append": db.Entries().Append(t.Context(), []book.Entry{entry("small"), large}),
		"create": db.Accounts().Create(t.Context(), account.Actor{}, d),
	} {
		var e *driver.Error
		if !errors.As(err, &e) || e.Code() != lib.SQLITE_FULL || !strings.HasPrefix(err.Error(), "sqlite: ") {
			t.Errorf("%s: error is %v, want SQLITE_FULL, wrapped", name, err)
		}
	}
	if list, _, err := db.Entries().Find(t.Context(), book.Query{Limit: 20}); err != nil || len(list) != 1 {
		t.Errorf("%d entries, %v; want the one from before", len(list), err)
	}
	limit("1000000")
	mustAdd(t, db, 1)
	mustRun(t, db.Entries().Append(t.Context(), []book.Entry{large}), db.Check(t.Context()))
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	db := open(t, t.TempDir())
	for _, h := range []*sqlite.Handle{db.Main, db.Book} {
		_, err := h.Write.Exec(`PRAGMA query_only = 1`)
		mustRun(t, err)
	}
	for name, call := range calls(t.Context(), db) {
		err := call()
		if strings.HasPrefix(name, "read:") {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var e *driver.Error
		if !errors.As(err, &e) || e.Code() != lib.SQLITE_READONLY {
			t.Errorf("%s: error is %v, want SQLITE_READONLY", name, err)
		}
	}
	for _, h := range []*sqlite.Handle{db.Main, db.Book} { // or Close could not tidy up
		_, err := h.Write.Exec(`PRAGMA query_only = 0`)
		mustRun(t, err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"doorbook.db", "book.db"} {
		dir := t.TempDir()
		db := open(t, dir)
		mustRun(t, db.Check(t.Context()))
		path := filepath.Join(dir, name)
		mustRun(t, os.Rename(path, path+".away"))
		if err := db.Check(t.Context()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s is gone: error is %v", name, err)
		}
		mustRun(t, os.WriteFile(path, nil, 0o600))
		if err := db.Check(t.Context()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s was replaced: error is %v", name, err)
		}
		mustRun(t, os.Rename(path+".away", path))
		mustRun(t, db.Check(t.Context()))
	}
}

func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
