package movestore

import (
	"context"
	"errors"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// moving is a store of two, between which records move one way.
type moving struct {
	to, from store.Store
	ready    bool // begins no move, and creates in from
}

// New gives a store that moves a record of from to the store to when it is used, and creates all
// others in to.
func New(to, from store.Store) store.Store { return &moving{to: to, from: from} }

// Ready gives a store for the nodes that run beside those that New moves records for, or soon will.
// It creates records in from and uses them where they are. It begins no move; one that a node has
// begun it carries on.
func Ready(from, to store.Store) store.Store { return &moving{to: to, from: from, ready: true} }

// stores gives the two, the one first in which records are created.
func (m *moving) stores() (here, there store.Store) {
	if m.ready {
		return m.from, m.to
	}
	return m.to, m.from
}

// gone reports whether there is no live record, as opposed to not knowing.
func gone(err error) bool { return errors.Is(err, store.ErrNotFound) }

// Create looks in the other store before and after: a node of the other kind may create a record of
// the same id, where ids are derived from something. Of two at once one wins at most. A store that
// cannot be asked keeps nobody from coming in.
func (m *moving) Create(ctx context.Context, r store.Record) error {
	here, there := m.stores()
	taken := func() bool {
		_, err := there.Load(ctx, r.ID, r.Created)
		return err == nil || errors.Is(err, store.ErrUnreadable)
	}
	if taken() {
		return store.ErrExists
	}
	if err := here.Create(ctx, r); err != nil {
		return err
	}
	if taken() {
		return errors.Join(store.ErrExists, kill(ctx, here, r, r.Created))
	}
	return nil
}

// Patch changes a record where it is. A sign-in may shorten a life, so what a move has left behind
// in the old store goes before: it would outlive the session, and be taken for it.
func (m *moving) Patch(ctx context.Context, p store.Patch) (version int64, err error) {
	err = m.change(ctx, p.ID, p.Digest, p.Now, func(st store.Store) (err error) {
		if p.SignIn != nil && st == m.to {
			if err := m.tidy(ctx, p); err != nil {
				return err
			}
		}
		version, err = st.Patch(ctx, p)
		return err
	})
	return version, err
}

// tidy removes what is left in the old store of a record that has arrived, if p makes it die before
// its time.
func (m *moving) tidy(ctx context.Context, p store.Patch) error {
	r, err := m.to.Load(ctx, p.ID, p.Now)
	if err != nil || r.Digest != p.Digest || !p.SignIn.Expires.Before(r.Expires) {
		return nil // an error is met again by the patch
	}
	left, err := m.from.Load(ctx, p.ID, p.Now)
	if err == nil && is(left, store.Leaving) {
		return kill(ctx, m.from, left, p.Now)
	}
	if gone(err) {
		return nil
	}
	return err
}

// Touch moves the times of a record where it is.
func (m *moving) Touch(
	ctx context.Context, id store.ID, digest store.Digest, t store.Touch, now time.Time,
) error {
	return m.change(ctx, id, digest, now, func(st store.Store) error {
		return st.Touch(ctx, id, digest, t, now)
	})
}

// change does something to a record, after it was moved if that is to be.
func (m *moving) change(
	ctx context.Context, id store.ID, digest store.Digest, now time.Time, do func(store.Store) error,
) error {
	for range tries {
		if m.ready {
			if err := do(m.from); !gone(err) {
				return err
			}
		}
		if err := do(m.to); !gone(err) {
			return err
		}
		if r, err := m.load(ctx, id, now); err != nil {
			return err
		} else if r.Digest != digest {
			return store.ErrNotFound
		}
	}
	return errBusy
}

// Delete ends sessions wherever they are. The old store comes first: a move under way then finds
// its claim gone, and gives its copy to nobody.
func (m *moving) Delete(ctx context.Context, ids ...store.ID) error {
	if err := m.from.Delete(ctx, ids...); err != nil {
		return err
	}
	return m.to.Delete(ctx, ids...)
}

// DeleteExpired sweeps both stores.
func (m *moving) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	n, err := m.to.DeleteExpired(ctx, now, limit)
	if err != nil || n >= limit {
		return n, err
	}
	more, err := m.from.DeleteExpired(ctx, now, limit-n)
	return n + more, err
}
