package conformance

import (
	"testing"

	"github.com/doorbook/doorbook/session/redisstore"
	"github.com/doorbook/doorbook/session/store"
)

// TestRedisCost: round trips, once the server knows the scripts. These are the figures of the
// package documentation.
func TestRedisCost(t *testing.T) {
	t.Parallel()
	const shards = 16
	client := redisClient(t, servers.Redis(t))
	calls := 0
	st := redisstore.New(counted(goRedis(client), &calls), redisstore.Prefix(ownKeys(t, client)))
	ctx := t.Context()
	create := func(subject string) store.Record {
		t.Helper()
		r := redisRecord(subject)
		if err := st.Create(ctx, r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := create("ada")
	dead := redisNow.AddDate(1, 0, 0)
	operations := []struct {
		name string
		want int
		run  func() error
	}{
		{"Create", 1, func() error { create("bob"); return nil }},
		{"Load", 1, func() error { _, err := st.Load(ctx, r.ID, redisNow); return err }},
		{"Patch", 1, func() error {
			_, err := st.Patch(ctx, store.Patch{ID: r.ID, Digest: r.Digest, Now: redisNow, Set: r.Values})
			return err
		}},
		{"Touch", 1, func() error { return st.Touch(ctx, r.ID, r.Digest, store.Touch{}, redisNow) }},
		{"BySubject", shards + 1, func() error { _, err := st.BySubject(ctx, "ada", redisNow); return err }},
		{"BySubject of nobody", shards, func() error { _, err := st.BySubject(ctx, "eve", redisNow); return err }},
		{"DeleteExpired of nothing", shards, func() error { _, err := st.DeleteExpired(ctx, redisNow, 500); return err }},
		{"Delete", 1, func() error { return st.Delete(ctx, r.ID) }},
		{"DeleteExpired", shards + 1, func() error { _, err := st.DeleteExpired(ctx, dead, 500); return err }},
	}
	run := func(name string, do func() error) int {
		calls = 0
		if err := do(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return calls
	}
	for range 2 { // to make the scripts known, whatever other tests ran
		r = create("ada")
		for _, o := range operations {
			run(o.name, o.run)
		}
	}
	r = create("ada")
	for _, o := range operations {
		if o.name == "DeleteExpired" { // exactly one record in one shard
			run("sweep", o.run)
			create("ada")
		}
		if got := run(o.name, o.run); got != o.want {
			t.Errorf("%s took %d round trips, want %d", o.name, got, o.want)
		}
	}
}

// TestRedisMemory: what a session takes of the server's memory, as the package documentation says.
func TestRedisMemory(t *testing.T) {
	const sessions = 2000
	for _, c := range []struct {
		limit string
		most  int64
	}{{"64", 1600}, {"300", 800}} {
		t.Run("hash-max-listpack-value "+c.limit, func(t *testing.T) {
			client := redisClient(t, servers.OwnRedis(t))
			st := redisstore.New(goRedis(client), redisstore.Prefix(ownKeys(t, client)))
			ctx := t.Context()
			if err := client.ConfigSet(ctx, "hash-max-listpack-value", c.limit).Err(); err != nil {
				t.Fatal(err)
			}
			defer client.ConfigSet(ctx, "hash-max-listpack-value", "64")
			before := usedMemory(t, client)
			for range sessions {
				if err := st.Create(ctx, redisRecord("ada")); err != nil {
					t.Fatal(err)
				}
			}
			each := (usedMemory(t, client) - before) / sessions
			t.Logf("%d bytes for each session", each)
			if each > c.most {
				t.Errorf("a session takes %d bytes, want %d at most", each, c.most)
			}
		})
	}
}

func BenchmarkRedis(b *testing.B) {
	client := redisClient(b, servers.Redis(b))
	for name, eval := range map[string]redisstore.Eval{
		"go-redis": goRedis(client), "rueidis": rueidisEval(rueidisClient(b, servers.Redis(b))),
	} {
		st := redisstore.New(eval, redisstore.Prefix(ownKeys(b, client)))
		r := redisRecord("ada")
		if err := st.Create(b.Context(), r); err != nil {
			b.Fatal(err)
		}
		set := store.Values{"csrf": make([]byte, 32)}
		for _, op := range []struct {
			name string
			run  func() error
		}{
			{"Load", func() error { _, err := st.Load(b.Context(), r.ID, redisNow); return err }},
			{"Patch", func() error {
				_, err := st.Patch(b.Context(), store.Patch{ID: r.ID, Digest: r.Digest, Now: redisNow, Set: set})
				return err
			}},
			{"Touch", func() error { return st.Touch(b.Context(), r.ID, r.Digest, store.Touch{}, redisNow) }},
			{"BySubject", func() error { _, err := st.BySubject(b.Context(), "ada", redisNow); return err }},
			{"floor: PING", func() error { return client.Ping(b.Context()).Err() }},
		} {
			b.Run(name+"/"+op.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := op.run(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
