package conformance

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/sqlstore"
	"github.com/doorbook/doorbook/session/store"
)

func BenchmarkSQLite(b *testing.B) {
	const stored = 2000
	file := sqliteFile(b)
	s := sqliteSchema(b, sqlstore.SQLite(sqliteHandle(b, file, 1), sqliteHandle(b, file, 4)))
	ids := make([]store.ID, stored)
	for n := range stored {
		r := sqliteRecord(1, store.Values{"loggedin_user": make([]byte, 200), "csrf": make([]byte, 32)})
		binary.BigEndian.PutUint64(r.ID[:], uint64(n)<<32)
		ids[n] = r.ID
		if err := s.Create(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
	digest := store.Digest{1}
	cancellable, cancel := context.WithCancel(b.Context())
	defer cancel()
	for name, ctx := range map[string]context.Context{"Load": context.Background(), "LoadCancellable": cancellable} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if _, err := s.Load(ctx, ids[n%stored], now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("Patch", func(b *testing.B) {
		b.ReportAllocs()
		set := store.Values{"csrf": make([]byte, 32)}
		for n := 0; b.Loop(); n++ {
			p := store.Patch{ID: ids[n%stored], Digest: digest, Now: now, Set: set}
			if _, err := s.Patch(cancellable, p); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Touch", func(b *testing.B) {
		b.ReportAllocs()
		for n := 0; b.Loop(); n++ {
			to := store.Touch{LastSeen: now.Add(time.Duration(n) * time.Millisecond)}
			if err := s.Touch(cancellable, ids[n%stored], digest, to, now); err != nil {
				b.Fatal(err)
			}
		}
	})
}
