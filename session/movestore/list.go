package movestore

import (
	"context"
	"errors"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// BySubject gives each record once, wherever it is on its way. The old store is asked first: what
// is moved between the two questions is then seen twice, and not overlooked.
func (m *moving) BySubject(ctx context.Context, subject string, now time.Time) ([]store.Record, error) {
	old, err := m.from.BySubject(ctx, subject, now)
	if err != nil {
		return nil, err
	}
	all, err := m.to.BySubject(ctx, subject, now)
	if err != nil {
		return nil, err
	}
	known := make(map[store.ID]bool, len(all))
	list := all[:0]
	for _, r := range all {
		if !is(r, store.Arriving) { // a copy counts where it comes from
			known[r.ID] = true
			list = append(list, r)
		}
	}
	for _, r := range old {
		if known[r.ID] {
			continue
		}
		if r, _, err = m.latest(ctx, r, now); err != nil {
			return nil, err
		}
		if r.Subject == subject && !is(r, store.Arriving) {
			list = append(list, r)
		}
	}
	return list, nil
}

// Each gives each record once. It remembers the ids of the old store, which there are fewer of
// every day.
func (m *moving) Each(ctx context.Context, now time.Time, yield func(store.Record) error) error {
	seen := make(map[store.ID]bool)
	err := m.from.Each(ctx, now, func(r store.Record) error {
		r, arrived, err := m.latest(ctx, r, now)
		if err != nil || arrived || is(r, store.Arriving) {
			return err
		}
		seen[r.ID] = true
		return yield(r)
	})
	if err != nil {
		return err
	}
	return m.to.Each(ctx, now, func(r store.Record) error {
		if seen[r.ID] || is(r, store.Arriving) {
			return nil
		}
		return yield(r)
	})
}

// latest gives what there is of the session of a record in the old store, and reports whether that
// is in the new one: what was claimed counts no more once its copy has arrived, which may be
// another's by now.
func (m *moving) latest(
	ctx context.Context, r store.Record, now time.Time,
) (latest store.Record, arrived bool, err error) {
	if !is(r, store.Leaving) {
		return r, false, nil
	}
	c, err := m.to.Load(ctx, r.ID, now)
	switch {
	case gone(err), err == nil && is(c, store.Arriving):
		return settled(r), false, nil
	case errors.Is(err, store.ErrUnreadable):
		err = nil // it can be seen, and ended
	}
	c.Values = nil
	return c, true, err
}
