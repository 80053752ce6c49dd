package sqlite_test

import (
	"context"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/sqlite"
	"github.com/doorbook/doorbook/session"
)

// BenchmarkLookup is what every request of a signed-in person asks doorbook.db: their session (from
// memory, and as it is without), their account. The parallel ones share their looks at the file's
// version. After a commit each look-up is a look at the version and one at the file.
func BenchmarkLookup(b *testing.B) {
	ctx := context.Background()
	db := openBench(b)
	plain := plainSessions(b, db)
	r, d := sessionRecord(1), developer(1)
	if err := plain.Create(ctx, r); err != nil {
		b.Fatal(err)
	}
	if err := db.Accounts().Create(ctx, account.Actor{}, d); err != nil {
		b.Fatal(err)
	}
	load := func(store session.Store) func() error {
		return func() error {
			_, err := store.Load(ctx, r.ID, sessionTime)
			return err
		}
	}
	for _, what := range []struct {
		name string
		ask  func() error
	}{
		{"account", func() error {
			_, err := db.Accounts().ByID(ctx, d.ID)
			return err
		}},
		{"session", load(db.Sessions(plain))},
		{"session without memory", load(plain)},
		{"session, none remembered", load(neverRemembered{plain, db})},
	} {
		b.Run(what.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := what.ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(what.name+", parallel", func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(8)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := what.ask(); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// neverRemembered has a fresh memory for each Load.
type neverRemembered struct {
	session.Store
	db *sqlite.DB
}

// Load implements session.Store.
func (n neverRemembered) Load(ctx context.Context, id session.ID, now time.Time) (session.Record, error) {
	return n.db.Sessions(n.Store).Load(ctx, id, now)
}
