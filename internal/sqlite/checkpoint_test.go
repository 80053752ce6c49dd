package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/sqlite"
)

// logLength returns how many pages the WAL holds, and how many of them are not in the database yet.
func logLength(t *testing.T, h *sqlite.Handle) (length, left int) {
	t.Helper()
	var busy, moved int
	mustRun(t, h.Read.QueryRow(`PRAGMA wal_checkpoint(NOOP)`).Scan(&busy, &length, &moved))
	return length, length - moved
}

// logSize returns how many bytes the WAL's file of the book in dir has.
func logSize(t *testing.T, dir string) int64 {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, "book.db-wal"))
	mustRun(t, err)
	return info.Size()
}

// appendUntil appends entries until done, and returns the greatest length of the WAL.
func appendUntil(t *testing.T, db *sqlite.DB, done func(length int) bool) (longest int) {
	t.Helper()
	for {
		for range 4 {
			mustRun(t, db.Entries().Append(t.Context(), []book.Entry{entry(strings.Repeat("x", 20_000))}))
		}
		length, _ := logLength(t, db.Book)
		longest = max(longest, length)
		if done(length) {
			return longest
		}
	}
}

// The log begins anew, again and again, although somebody writes all the time and others read.
func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	db := openTold(t, t.TempDir(), func(string) {})
	var readers sync.WaitGroup
	var ended atomic.Bool
	for range 3 {
		readers.Go(func() {
			for !ended.Load() {
				if _, _, err := db.Entries().Find(t.Context(), book.Query{Limit: 3, Type: book.Activity}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	before, anew := 0, 0
	longest := appendUntil(t, db, func(length int) bool {
		if length < before {
			anew++
		}
		before = length
		return anew == 3
	})
	ended.Store(true)
	readers.Wait()
	// The exact length is a matter of who gets the processor: this is far from what would be there
	// without an end.
	if most := 5 * sqlite.LogMost * logPages; longest > most {
		t.Errorf("the log had %d pages, want at most %d", longest, most)
	}
	wantClean(t, db)
}

// The last pages are moved while writers wait: the first of them begins the log anew.
func TestLogBeginsAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	last := make(chan struct{})
	var once sync.Once
	db := openTold(t, dir, func(text string) {
		if text == `PRAGMA wal_checkpoint(RESTART)` {
			once.Do(func() { close(last) })
		}
	})
	// How many commits come before whoever moves it gets the processor is not known.
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); {
		mustRun(t, db.Entries().Append(t.Context(), []book.Entry{entry("x")}))
		select {
		case <-last:
			mustRun(t, db.Entries().Append(t.Context(), []book.Entry{entry("x")}))
			if length, _ := logLength(t, db.Book); length > logPages/4 {
				t.Errorf("the log has %d pages after one commit", length)
			}
			if size := logSize(t, dir); size < logPages*sqlite.WALPage {
				t.Errorf("the log's file was cut to %d bytes, to be grown again", size)
			}
			return
		default:
		}
	}
	t.Error("nobody moves the log")
}

// A reader that holds on to an old moment stops the log from beginning anew, and nobody else. Once
// it lets go all is well.
func TestLogWithAnOldReader(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := openTold(t, dir, func(string) {})
	mustAdd(t, db, 1)
	tx, err := db.Book.Read.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	mustRun(t, err)
	defer tx.Rollback()
	count := func() (n int) {
		mustRun(t, tx.QueryRow(`SELECT count(*) FROM entries`).Scan(&n))
		return n
	}
	seen := count()
	appendUntil(t, db, func(length int) bool { return length > 4*logPages })
	if n := count(); n != seen {
		t.Errorf("the reader saw %d entries, then %d", seen, n)
	}
	mustRun(t, tx.Rollback())
	appendUntil(t, db, func(length int) bool { return length < logPages })
	if size, most := logSize(t, dir), int64(2*logPages*sqlite.WALPage); size > most {
		t.Errorf("the log's file kept %d bytes, want at most %d", size, most)
	}
}

// Entries are appended while the log is being moved, however long that takes.
func TestCommitsDoNotWaitForTheLog(t *testing.T) {
	t.Parallel()
	var (
		moving   = make(chan struct{})
		released = make(chan struct{})
		once     sync.Once
	)
	db := openTold(t, t.TempDir(), func(text string) {
		if text == `PRAGMA wal_checkpoint(PASSIVE)` {
			once.Do(func() {
				close(moving)
				<-released
			})
		}
	})
	begun := func(int) bool {
		select {
		case <-moving:
			return true
		default:
			return false
		}
	}
	appendUntil(t, db, begun)
	n := 0
	appendUntil(t, db, func(int) bool { n++; return n == 40 })
	mustRun(t, db.Accounts().Create(t.Context(), account.Actor{}, someone()))
	close(released)
	appendUntil(t, db, func(length int) bool { return length < logPages })
}

// A commit counts whichever way it is made: also of those who have the handle alone.
func TestEveryCommitCounts(t *testing.T) {
	t.Parallel()
	moved := make(chan struct{})
	var once sync.Once
	db := openTold(t, t.TempDir(), func(text string) {
		if text == `PRAGMA wal_checkpoint(PASSIVE)` {
			once.Do(func() { close(moved) })
		}
	})
	_, err := db.Main.Write.Exec(`CREATE TABLE somebodys (n INTEGER, x TEXT)`)
	mustRun(t, err)
	for range 5000 {
		_, err := db.Main.Write.Exec(`INSERT INTO somebodys VALUES (1, 'x')`)
		mustRun(t, err)
		select {
		case <-moved:
			return
		default:
		}
	}
	t.Error("nobody moves the log")
}
