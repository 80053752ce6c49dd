package sqlite_test

import (
	"context"
	"database/sql/driver"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	driverlib "modernc.org/sqlite"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/sqlite"
)

// mustFill appends n entries of one second each, which begin at the epoch, and returns them.
func mustFill(t *testing.T, db *sqlite.DB, n int) []book.Entry {
	t.Helper()
	list := make([]book.Entry, n)
	for i := range list {
		list[i] = entry("x")
		list[i].CreatedAt = time.Unix(int64(i), 0)
	}
	mustRun(t, db.Entries().Append(t.Context(), list))
	return list
}

func mustTrim(t *testing.T, db *sqlite.DB, olderThan time.Time, maxBytes int64, limit, want int) {
	t.Helper()
	n, err := db.Entries().Trim(t.Context(), olderThan, maxBytes, limit)
	if err != nil || n.Total() != want {
		t.Fatalf("%+v trimmed, want %d: %v", n, want, err)
	}
}

func number(t *testing.T, db *sqlite.DB, query string) (n int64) {
	t.Helper()
	mustRun(t, db.Book.Read.QueryRow(query).Scan(&n))
	return n
}

const generation = `SELECT generation FROM state`

// TestTrimReadsOnce: what is to be deleted is looked for once, not again for each transaction, and
// by a reader: what holds the write lock finds its entries by their keys.
func TestTrimReadsOnce(t *testing.T) {
	t.Parallel()
	const n = 1500
	front := regexp.MustCompile(`(?s)SELECT seq FROM .*entries .*ORDER BY seq LIMIT`)
	for name, c := range map[string]struct {
		trim  func(*sqlite.DB)
		looks int
	}{
		"old":   {func(db *sqlite.DB) { mustTrim(t, db, time.Unix(n, 0), 0, 1000, 1000) }, 1},
		"large": {func(db *sqlite.DB) { mustTrim(t, db, time.Time{}, 1, 1000, 1000) }, 2}, // for old ones first
	} {
		var (
			mu    sync.Mutex
			texts []string
		)
		db := openTold(t, t.TempDir(), func(text string) {
			mu.Lock()
			defer mu.Unlock()
			texts = append(texts, text)
		})
		mustFill(t, db, n)
		c.trim(db)
		looks := 0
		mu.Lock()
		for _, text := range texts {
			if front.MatchString(text) {
				looks++
				if strings.Contains(text, "DELETE") {
					t.Errorf("%s: the front of the book is read while others wait: %s", name, text)
				}
			}
		}
		mu.Unlock()
		if looks != c.looks {
			t.Errorf("%s: the front of the book is read %d times, want %d", name, looks, c.looks)
		}
	}
}

// TestTrimInTurns: a large batch is no large transaction, or else every append would wait for all
// of it. Each transaction is a generation of its own.
func TestTrimInTurns(t *testing.T) {
	t.Parallel()
	const n = 3 * sqlite.TrimMost
	db := open(t, t.TempDir())
	mustFill(t, db, n)
	before := number(t, db, generation)
	mustTrim(t, db, time.Unix(n, 0), 0, n, n)
	if got, least := number(t, db, generation)-before, int64(3); got < least {
		t.Errorf("%d entries went in %d transactions, want %d or more", n, got, least)
	}
	before = number(t, db, generation)
	mustTrim(t, db, time.Unix(n, 0), 0, n, 0)
	if got := number(t, db, generation); got != before {
		t.Error("a new generation although nothing was trimmed")
	}
}

// TestTrimBesideDeletes: what somebody else deletes between the look and the transaction does not
// count, and others go in its place.
func TestTrimBesideDeletes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	other := open(t, dir)
	list := mustFill(t, other, 200)
	var (
		armed atomic.Bool
		once  sync.Once
	)
	db, err := sqlite.OpenThrough(t.Context(), dir, logPages, func(c driver.Connector) driver.Connector {
		return turns{c, func() {
			if armed.Load() {
				once.Do(func() {
					for i := range 10 {
						mustRun(t, other.Entries().Delete(t.Context(), list[3*i].ID))
					}
				})
			}
		}}
	})
	mustRun(t, err)
	defer db.Close()
	armed.Store(true)
	mustTrim(t, db, time.Unix(150, 0), 0, 100, 100)
	for i, want := range map[int]error{0: book.ErrNotFound, 109: book.ErrNotFound, 110: nil, 199: nil} {
		if _, err := db.Entries().ByID(t.Context(), list[i].ID); err != want {
			t.Errorf("entry %d: %v, want %v", i, err, want)
		}
	}
	mustTrim(t, db, time.Unix(150, 0), 0, 100, 40)
}

// turns is a connector whose connections call before when a transaction is to begin.
type turns struct {
	driver.Connector
	before func()
}

func (c turns) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &turnsConn{toldConn{conn, conn.(driver.ConnBeginTx), conn.(driverlib.HookRegisterer), func(string) {}}, c.before}, nil
}

type turnsConn struct {
	toldConn
	before func()
}

func (c *turnsConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.before()
	return c.toldConn.BeginTx(ctx, opts)
}

// TestTrimOutOfOrder: the younger ones among the first stay, whether they stand apart or side by
// side.
func TestTrimOutOfOrder(t *testing.T) {
	t.Parallel()
	db := open(t, t.TempDir())
	var list []book.Entry
	stays := func(i int) bool { return i%7 == 0 || i > 300 && i < 400 }
	want := 0
	for i := range 1000 {
		e := entry("x")
		e.CreatedAt = time.Unix(int64(1000-i), 0)
		if stays(i) {
			e.CreatedAt = time.Unix(5000, 0)
		} else {
			want++
		}
		list = append(list, e)
	}
	mustRun(t, db.Entries().Append(t.Context(), list), db.Entries().SoftDelete(t.Context(), list[1].ID, time.Unix(1, 0)))
	mustTrim(t, db, time.Unix(2000, 0), 0, 5000, want)
	for i, e := range list {
		if _, err := db.Entries().ByID(t.Context(), e.ID); (err == nil) != stays(i) {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
	if n := number(t, db, `SELECT count(*) FROM entries`); n != int64(len(list)-want) {
		t.Errorf("%d left, want %d", n, len(list)-want)
	}
}

// TestTrimLargeStops: no more goes than need be, to a few entries.
func TestTrimLargeStops(t *testing.T) {
	t.Parallel()
	const n, few = 3000, 64
	db := open(t, t.TempDir())
	mustFill(t, db, n)
	used := func() int64 {
		return number(t, db, `SELECT (page_count - freelist_count) * page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size`)
	}
	before := used()
	bound := before - before/10
	trimmed, err := db.Entries().Trim(t.Context(), time.Time{}, bound, n)
	got := trimmed.Total()
	if err != nil || used() > bound || got < n/20 || got > n/5+few {
		t.Errorf("%d of %d entries went to give a tenth of the book: %d bytes of %d are left, bound %d: %v", got, n, used(), before, bound, err)
	}
}
