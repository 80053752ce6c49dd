package conformance

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// commands remembers what a client sends: each is one round trip.
type commands struct {
	mu   sync.Mutex
	seen []bson.Raw
}

// watch gives the client's option that does so.
func (c *commands) watch() *options.ClientOptions {
	return options.Client().SetMonitor(&event.CommandMonitor{Started: func(_ context.Context, e *event.CommandStartedEvent) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.seen = append(c.seen, append(bson.Raw(nil), e.Command...))
	}})
}

// during gives what is sent while do runs.
func (c *commands) during(do func() error) ([]bson.Raw, error) {
	c.mu.Lock()
	c.seen = nil
	c.mu.Unlock()
	err := do()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen, err
}

// TestMongoCost: round trips. These are the figures of the package documentation.
func TestMongoCost(t *testing.T) {
	t.Parallel()
	var sent commands
	st, _ := mongoStore(t, mongoDatabase(t, servers.Mongo(t), sent.watch()))
	ctx := t.Context()
	create := func(subject string) store.Record {
		t.Helper()
		r := record(subject, store.Values{"a": {1}})
		if err := st.Create(ctx, r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := create("ada")
	var others []session.ID
	for range 150 {
		others = append(others, create("bob").ID)
	}
	patch := store.Patch{ID: r.ID, Digest: r.Digest, Now: now, Set: r.Values}
	for _, o := range []struct {
		name string
		want int
		run  func() error
	}{
		{"Create", 1, func() error { create("eve"); return nil }},
		{"Load", 1, func() error { _, err := st.Load(ctx, r.ID, now); return err }},
		{"Patch", 1, func() error { _, err := st.Patch(ctx, patch); return err }},
		{"Patch that conflicts", 2, func() error {
			late := patch
			late.IfVersion = 99
			if _, err := st.Patch(ctx, late); !errors.Is(err, store.ErrConflict) {
				t.Errorf("Patch: %v, want ErrConflict", err)
			}
			return nil
		}},
		{"Patch of what is gone", 1, func() error {
			if _, err := st.Patch(ctx, store.Patch{Now: now}); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Patch: %v, want ErrNotFound", err)
			}
			return nil
		}},
		{"Touch", 1, func() error { return st.Touch(ctx, r.ID, r.Digest, store.Touch{}, now) }},
		{"BySubject", 1, func() error { _, err := st.BySubject(ctx, "ada", now); return err }},
		{"BySubject of many", 1, func() error { _, err := st.BySubject(ctx, "bob", now); return err }},
		{"BySubject of nobody", 0, func() error { _, err := st.BySubject(ctx, "", now); return err }},
		{"Each", 1, func() error { return st.Each(ctx, now, func(store.Record) error { return nil }) }},
		{"DeleteExpired of nothing", 1, func() error { _, err := st.DeleteExpired(ctx, now, 500); return err }},
		{"Delete", 1, func() error { return st.Delete(ctx, r.ID) }},
		{"Delete of many", 2, func() error { return st.Delete(ctx, others[:120]...) }},
		{"DeleteExpired", 2, func() error { _, err := st.DeleteExpired(ctx, now.Add(2*time.Hour), 100); return err }},
	} {
		seen, err := sent.during(o.run)
		if err != nil {
			t.Fatalf("%s: %v", o.name, err)
		}
		if len(seen) != o.want {
			t.Errorf("%s took %d round trips, want %d: %v", o.name, len(seen), o.want, seen)
		}
	}
}

func BenchmarkMongo(b *testing.B) {
	for name, address := range map[string]string{"front": servers.Mongo(b), "direct": servers.MongoDirect(b)} {
		db := mongoDatabase(b, address)
		st, _ := mongoStore(b, db)
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
			{"floor: ping", func() error { return db.Client().Ping(b.Context(), nil) }},
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
