package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/sqlite"
	"github.com/doorbook/doorbook/session/store"
)

func openBench(b *testing.B) *sqlite.DB {
	b.Helper()
	db, err := sqlite.Open(context.Background(), b.TempDir(), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

func benchEntry() book.Entry {
	now := time.Now()
	return book.Entry{
		ID: id.New(now), Type: book.Request, ClientAddr: "192.0.2.7", URL: "/", Method: "GET", CreatedAt: now,
		Status: 200, Duration: 431 * time.Microsecond, Route: "GET /{$}", User: "0123456789abcdef01234567", UserName: "Ada Lovelace",
		Session: "0123456789ab", RequestID: "0123456789abcdef0123456789abcdef",
	}
}

func mustAppend(b *testing.B, repo book.Repository, n int) {
	b.Helper()
	list := make([]book.Entry, n)
	for i := range list {
		list[i] = benchEntry()
	}
	if err := repo.Append(context.Background(), list); err != nil {
		b.Fatal(err)
	}
}

// The dashboard: the newest 20 entries, with one more entry each time. Only the Find is timed.
func BenchmarkFindNewest(b *testing.B) {
	for _, user := range []string{"", "0123456789abcdef01234567"} {
		b.Run("user="+user, func(b *testing.B) {
			repo := openBench(b).Entries()
			mustAppend(b, repo, 1000)
			b.ReportAllocs()
			var spent time.Duration
			for b.Loop() {
				mustAppend(b, repo, 1)
				began := time.Now()
				list, _, err := repo.Find(context.Background(), book.Query{User: user, Limit: 20})
				spent += time.Since(began)
				if err != nil || len(list) != 20 {
					b.Fatal(len(list), err)
				}
			}
			b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "ns/find")
		})
	}
}

// The same without the append, from all processors.
func BenchmarkFindNewestParallel(b *testing.B) {
	repo := openBench(b).Entries()
	mustAppend(b, repo, 1000)
	b.ReportAllocs()
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, _, err := repo.Find(context.Background(), book.Query{Limit: 20}); err != nil {
				b.Error(err)
			}
		}
	})
}

// A page that is not the newest is read from the database.
func BenchmarkFindOlder(b *testing.B) {
	repo := openBench(b).Entries()
	mustAppend(b, repo, 1000)
	_, before, err := repo.Find(context.Background(), book.Query{Limit: 20})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := repo.Find(context.Background(), book.Query{Limit: 20, Before: before}); err != nil {
			b.Fatal(err)
		}
	}
}

// Who of a page's forty people is gone: while nothing is committed, and right after something was.
func BenchmarkGone(b *testing.B) {
	ctx := context.Background()
	for _, committed := range []bool{false, true} {
		b.Run(fmt.Sprintf("committed=%v", committed), func(b *testing.B) {
			repo := openBench(b).Accounts()
			var ids []string
			var d account.Developer
			for i := range 40 {
				d = someone()
				if ids = append(ids, d.ID); i%2 == 0 {
					if err := repo.Create(ctx, account.Actor{}, d); err != nil {
						b.Fatal(err)
					}
				}
			}
			name := "x"
			b.ReportAllocs()
			var spent time.Duration
			for b.Loop() {
				if committed {
					if _, err := repo.Update(ctx, account.Actor{}, ids[0], account.Change{Name: &name}, time.Now()); err != nil {
						b.Fatal(err)
					}
				}
				began := time.Now()
				if gone, err := repo.Gone(ctx, ids); err != nil || len(gone) != 20 {
					b.Fatal(len(gone), err)
				}
				spent += time.Since(began)
			}
			b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N), "ns/gone")
		})
	}
}

// Entries that share a commit, alone and with the endings of those of the commit before.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 16, 64} {
		for _, ending := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d,endings=%v", n, ending), func(b *testing.B) {
				repo := openBench(b).Entries()
				list, endings := make([]book.Entry, n), make([]book.Ending, 0, n)
				b.ReportAllocs()
				began := processorTime()
				for b.Loop() {
					endings = endings[:0]
					for i := range list {
						if ending && list[i].ID != "" {
							endings = append(endings, book.Ending{ID: list[i].ID, Duration: time.Second, Bytes: 1000})
						}
						list[i] = benchEntry()
					}
					if err := repo.Append(context.Background(), list, endings...); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64((processorTime()-began).Nanoseconds())/float64(b.N*n), "cpu-ns/entry")
			})
		}
	}
}

// What every request of a signed-in person asks doorbook.db: their session, from memory and without
// one, and their account, which many ask for at once.
func BenchmarkLookup(b *testing.B) {
	ctx := context.Background()
	db := openBench(b)
	plain := plainSessions(b, db)
	r, d := sessionRecord(1), developer(1)
	if err := errors.Join(plain.Create(ctx, r), db.Accounts().Create(ctx, account.Actor{}, d)); err != nil {
		b.Fatal(err)
	}
	account := func() error {
		_, err := db.Accounts().ByID(ctx, d.ID)
		return err
	}
	load := func(st store.Store) func() error {
		return func() error {
			_, err := st.Load(ctx, r.ID, sessionTime)
			return err
		}
	}
	for name, ask := range map[string]func() error{
		"account": account, "session": load(db.Sessions(plain)), "session without memory": load(plain),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := ask(); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkThrottleTake(b *testing.B) {
	repo := openBench(b).Throttle()
	p := account.Policy{Free: 5, First: time.Second, Most: 15 * time.Minute, Forget: time.Hour}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := repo.Take(context.Background(), []account.Attempt{{Key: fmt.Sprint(i % 1000), Policy: p}}, time.Now()); err != nil {
			b.Fatal(err)
		}
	}
}
