package fromflask_test

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/fromflask"
	"github.com/doorbook/doorbook/internal/sqlite"
)

// BenchmarkCopy copies log entries from memory into SQLite, for the first time and again.
func BenchmarkCopy(b *testing.B) {
	const entries = 100_000
	for b.Loop() {
		db, err := sqlite.Open(b.Context(), b.TempDir(), sqlite.Options{})
		if err != nil {
			b.Fatal(err)
		}
		for _, turn := range []string{"first", "again"} {
			began := b.Elapsed()
			totals, err := fromflask.Copy(b.Context(), fromflask.Config{Source: flood(entries), Accounts: db.Accounts(), Book: db.Entries()})
			if err != nil || totals.Entries.Read != entries || totals.Entries.Copied+totals.Entries.There != entries {
				b.Fatal(totals, err)
			}
			b.ReportMetric(entries/(b.Elapsed()-began).Seconds(), turn+"/s")
		}
		_ = db.Close()
	}
}

// flood is a source of so many log entries, which are made as they are read.
type flood int

func (n flood) Count(_ context.Context, collection string) (int64, error) {
	if collection == fromflask.Logs {
		return int64(n), nil
	}
	return 0, nil
}

func (n flood) Documents(_ context.Context, collection string) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		doc := get(0, bson.M{"url": "http://localhost:5000/developers/0123456789abcdef01234567?page=2"})
		for i := range int(n) {
			doc["_id"], doc["created_at"], doc["client_addr"] = oid(i), idTime(i), fmt.Sprint("192.0.2.", i%250)
			if collection == fromflask.Logs && !yield(raw(doc), nil) {
				return
			}
		}
	}
}
