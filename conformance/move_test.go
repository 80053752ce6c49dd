package conformance

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/movestore"
	"github.com/doorbook/doorbook/session/redisstore"
	"github.com/doorbook/doorbook/session/store"
)

// mortal is a store of a node that dies: after so many visits none reaches it.
type mortal struct {
	store.Store
	left *int
}

var errDied = errors.New("the node has died")

func (m mortal) visit() error {
	if *m.left--; *m.left < 0 {
		return errDied
	}
	return nil
}

func (m mortal) Create(ctx context.Context, r store.Record) error {
	if err := m.visit(); err != nil {
		return err
	}
	return m.Store.Create(ctx, r)
}

func (m mortal) Load(ctx context.Context, id store.ID, now time.Time) (store.Record, error) {
	if err := m.visit(); err != nil {
		return store.Record{}, err
	}
	return m.Store.Load(ctx, id, now)
}

func (m mortal) Patch(ctx context.Context, p store.Patch) (int64, error) {
	if err := m.visit(); err != nil {
		return 0, err
	}
	return m.Store.Patch(ctx, p)
}

func (m mortal) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	if err := m.visit(); err != nil {
		return 0, err
	}
	return m.Store.DeleteExpired(ctx, now, limit)
}

// TestMoves: sessions move from each kind of store to another, whatever step an earlier mover died
// at. A copy is known again by what another system made of it.
func TestMoves(t *testing.T) {
	t.Parallel()
	sql := func(d database) func(*testing.T) store.Store {
		return func(t *testing.T) store.Store { return d.fresh(t, d.open(t, d.address(t), 4)) }
	}
	kinds := []struct {
		name string
		open func(*testing.T) store.Store
	}{
		{"memory", func(*testing.T) store.Store { return memstore.New(memstore.Config{}) }},
		{"PostgreSQL", sql(postgres())},
		{"MariaDB", sql(mariadb())},
		{"Redis", func(t *testing.T) store.Store {
			client := redisClient(t, servers.Redis(t))
			return redisstore.New(goRedis(client), redisstore.Prefix(ownKeys(t, client)))
		}},
		{"SQLite", sql(sqlite())},
		{"MongoDB", func(t *testing.T) store.Store {
			st, _ := mongoStore(t, mongoDatabase(t, servers.Mongo(t)))
			return st
		}},
	}
	for i, kind := range kinds {
		next := kinds[(i+1)%len(kinds)]
		t.Run(kind.name+" to "+next.name, func(t *testing.T) {
			t.Parallel()
			move(t, kind.open(t), next.open(t))
		})
	}
}

func move(t *testing.T, from, to store.Store) {
	values := store.Values{"empty": {}, "a.b": {0, 0xff}, "": []byte("1")}
	for _, state := range []store.State{store.Live, store.Pending, store.Mark, "sixteen bytes ok"} {
		for died := range 10 {
			where := fmt.Sprintf("state %q, after %d visits", state, died)
			r := record("ad\xffa", values)
			r.State, r.UserAgent = state, "'Browser\" \u2603 \xff"
			if died%2 == 0 { // a stranger
				r.Subject, r.SignedIn = "", time.Time{}
			}
			if err := from.Create(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			left := died
			_, _ = movestore.New(mortal{to, &left}, mortal{from, &left}).Load(t.Context(), r.ID, now)
			got, err := movestore.New(to, from).Load(t.Context(), r.ID, now)
			if err != nil || got.State != state || got.Digest != r.Digest || len(got.Values) != len(values) || got.UserAgent != r.UserAgent {
				t.Errorf("%s: %+v, %v", where, got, err)
			}
			if moved, err := to.Load(t.Context(), r.ID, now); err != nil || moved.Digest != r.Digest || moved.Version != 3 {
				t.Errorf("%s: in the new store: %+v, %v", where, moved, err)
			}
		}
	}
}
