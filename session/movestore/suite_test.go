package movestore_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/movestore"
	"github.com/doorbook/doorbook/session/sessiontest"
	"github.com/doorbook/doorbook/session/store"
)

// several is a crowd of nodes, each of which does the next thing.
type several struct {
	nodes []store.Store
	next  *atomic.Uint32
}

func among(nodes ...store.Store) store.Store { return several{nodes, new(atomic.Uint32)} }

func (s several) node() store.Store { return s.nodes[int(s.next.Add(1))%len(s.nodes)] }

func (s several) Create(ctx context.Context, r store.Record) error { return s.node().Create(ctx, r) }

func (s several) Load(ctx context.Context, id store.ID, now time.Time) (store.Record, error) {
	return s.node().Load(ctx, id, now)
}

func (s several) Patch(ctx context.Context, p store.Patch) (int64, error) {
	return s.node().Patch(ctx, p)
}

func (s several) Touch(ctx context.Context, id store.ID, digest store.Digest, t store.Touch, now time.Time) error {
	return s.node().Touch(ctx, id, digest, t, now)
}

func (s several) Delete(ctx context.Context, ids ...store.ID) error {
	return s.node().Delete(ctx, ids...)
}

func (s several) BySubject(ctx context.Context, subject string, now time.Time) ([]store.Record, error) {
	return s.node().BySubject(ctx, subject, now)
}

func (s several) Each(ctx context.Context, now time.Time, yield func(store.Record) error) error {
	return s.node().Each(ctx, now, yield)
}

func (s several) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	return s.node().DeleteExpired(ctx, now, limit)
}

// createsBy is a store whose records are created in another way.
type createsBy struct {
	store.Store
	create func(context.Context, store.Record) error
}

func (c createsBy) Create(ctx context.Context, r store.Record) error { return c.create(ctx, r) }

// startsOld creates every record in the old store, from where a first look moves it.
func startsOld(to, from store.Store) func(context.Context, store.Record) error {
	var mu sync.Mutex
	return func(ctx context.Context, r store.Record) error {
		mu.Lock()
		defer mu.Unlock()
		m := movestore.New(to, from)
		if err := m.Create(ctx, r); err != nil {
			return err
		}
		if err := to.Delete(ctx, r.ID); err != nil {
			return err
		}
		r.Version -= 2 // a move takes two patches
		if err := from.Create(ctx, r); err != nil {
			return err
		}
		if _, err := m.Load(ctx, r.ID, r.Created); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return nil
	}
}

// arrangements are the ways in which nodes stand over two stores.
var arrangements = map[string]func(to, from store.Store) store.Store{
	"new":     movestore.New,
	"two new": func(to, from store.Store) store.Store { return among(movestore.New(to, from), movestore.New(to, from)) },
	"ready":   nodes["ready"],
	"two ready": func(to, from store.Store) store.Store {
		return among(movestore.Ready(from, to), movestore.Ready(from, to))
	},
	"both, begun in the new store": func(to, from store.Store) store.Store {
		return createsBy{both(to, from), movestore.New(to, from).Create}
	},
	"both, begun in the old store": func(to, from store.Store) store.Store {
		return createsBy{both(to, from), startsOld(to, from)}
	},
	"ready, beside a move": func(to, from store.Store) store.Store {
		return createsBy{movestore.Ready(from, to), startsOld(to, from)}
	},
}

func both(to, from store.Store) store.Store {
	return among(movestore.New(to, from), movestore.Ready(from, to))
}

func TestSuite(t *testing.T) {
	t.Parallel()
	for name, arranged := range arrangements {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sessiontest.Run(t, func(*testing.T) store.Store { return arranged(memory(), memory()) })
		})
	}
}

// TestHistories: a crowd of requests meets nodes of both kinds, sessions that begin in either store
// and are moved beneath them.
func TestHistories(t *testing.T) {
	t.Parallel()
	sessiontest.Histories(t, func(*testing.T) store.Store { return both(memory(), memory()) }, 20)
}
