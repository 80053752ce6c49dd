package sqlite_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/sqlite"
)

// Two handles of one directory stand for two processes. After any change by either, both give the
// page that the database holds: the first pages, which may come from memory, are compared with a
// limit that never does.
func TestNewestIsExactAcrossProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	dbs := []*sqlite.DB{open(t, dir), open(t, dir)}
	ctx := t.Context()
	random := rand.New(rand.NewPCG(1, 2))
	users := []string{"", "ada", "bob"}
	var stored []string
	for step := range 150 {
		repo := dbs[random.IntN(2)].Entries()
		switch r := random.IntN(10); {
		case r < 6 || len(stored) == 0:
			var list []book.Entry
			for range 1 + random.IntN(3) {
				e := entry(fmt.Sprint(step))
				e.User = users[random.IntN(len(users))]
				list = append(list, e)
				stored = append(stored, e.ID)
			}
			mustRun(t, repo.Append(ctx, list))
		case r == 6:
			mustRun(t, repo.Append(ctx, nil, book.Ending{ID: stored[max(0, len(stored)-1-random.IntN(5))], Duration: time.Duration(step) * time.Millisecond}))
		case r == 9 && step%5 == 0:
			_, err := repo.Trim(ctx, time.Time{}, 1, 3)
			mustRun(t, err)
			stored = stored[min(3, len(stored)):] // at least: hidden ones count among the 3
		default:
			at := max(0, len(stored)-1-random.IntN(4)) // one of the newest
			id := stored[at]
			stored = append(stored[:at:at], stored[at+1:]...)
			if r == 7 {
				mustRun(t, repo.Delete(ctx, id))
			} else {
				mustRun(t, repo.SoftDelete(ctx, id, time.Now()))
			}
		}
		for i, db := range dbs {
			for _, user := range users {
				got, _, err := db.Entries().Find(ctx, book.Query{User: user, Limit: 5})
				mustRun(t, err)
				want, _, err := dbs[1-i].Entries().Find(ctx, book.Query{User: user, Limit: 101})
				mustRun(t, err)
				if diff := cmp.Diff(want[:min(5, len(want))], got); diff != "" {
					t.Fatalf("step %d, process %d, user %q (-want +got):\n%s", step, i, user, diff)
				}
			}
		}
	}
}

// While many append and delete through both, whoever has appended an entry finds it at once, on
// every handle.
func TestNewestIsExactUnderConcurrency(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	dbs := []*sqlite.DB{open(t, dir), open(t, dir)}
	ctx := t.Context()
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			user := fmt.Sprint("user", w)
			for i := range 40 {
				e := entry("x")
				e.User = user
				if err := dbs[(w+i)%2].Entries().Append(ctx, []book.Entry{e}); err != nil {
					t.Error(err)
					return
				}
				if !first(ctx, t, dbs[w%2], user, e.ID) {
					return
				}
				if i%4 == 3 {
					if err := dbs[w%2].Entries().SoftDelete(ctx, e.ID, time.Now()); err != nil {
						t.Error(err)
					}
					if found(ctx, t, dbs[(w+1)%2], user, e.ID) || found(ctx, t, dbs[w%2], "", e.ID) {
						t.Error("a hidden entry is listed")
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

func first(ctx context.Context, t *testing.T, db *sqlite.DB, user, id string) bool {
	list, _, err := db.Entries().Find(ctx, book.Query{User: user, Limit: 10})
	if err != nil || len(list) == 0 || list[0].ID != id {
		t.Errorf("the newest of %s is not what was appended just now (%v)", user, err)
		return false
	}
	return true
}

func found(ctx context.Context, t *testing.T, db *sqlite.DB, user, id string) bool {
	list, _, err := db.Entries().Find(ctx, book.Query{User: user, Limit: 100})
	if err != nil {
		t.Error(err)
	}
	for _, e := range list {
		if e.ID == id {
			return true
		}
	}
	return false
}

// Listing is in the order of commits, whatever the clocks said.
func TestOrderIsThatOfCommits(t *testing.T) {
	t.Parallel()
	db := open(t, t.TempDir())
	var want []string
	for i := range 10 {
		e := entry("x")
		e.CreatedAt = e.CreatedAt.Add(time.Duration(-i) * time.Hour)
		mustRun(t, db.Entries().Append(t.Context(), []book.Entry{e}))
		want = append([]string{e.ID}, want...)
	}
	for _, limit := range []int{10, 200} {
		list, _, err := db.Entries().Find(t.Context(), book.Query{Limit: limit})
		mustRun(t, err)
		for i, e := range list {
			if e.ID != want[i] {
				t.Fatalf("limit %d: place %d holds another entry", limit, i)
			}
		}
	}
}

// The file itself keeps to the bound, not only the pages in use.
func TestTrimShrinksTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := open(t, dir)
	const bound = 1 << 20
	for range 40 {
		var list []book.Entry
		for range 25 {
			list = append(list, entry(strings.Repeat("t", 4000)))
		}
		mustRun(t, db.Entries().Append(t.Context(), list))
	}
	if n := fileSize(t, db, dir); n < 3*bound {
		t.Fatalf("the test wants a book over the bound, not %d", n)
	}
	for {
		n, err := db.Entries().Trim(t.Context(), time.Time{}, bound, 100)
		mustRun(t, err)
		if n.Total() == 0 {
			break
		}
	}
	if n := fileSize(t, db, dir); n > bound {
		t.Errorf("the file has %d bytes, want at most %d", n, bound)
	}
	wantClean(t, db)
}

// fileSize is the size of book.db once the WAL is moved into it.
func fileSize(t *testing.T, db *sqlite.DB, dir string) int64 {
	t.Helper()
	for busy, length, moved := true, 0, 0; busy; { // the checkpointer may be at work
		mustRun(t, db.Book.Write.QueryRow(`PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &length, &moved))
	}
	info, err := sizeOf(filepath.Join(dir, "book.db"))
	mustRun(t, err)
	return info
}
