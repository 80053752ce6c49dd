package movestore

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// tries is how often a record is looked for. Each more means that another request got on with its
// move meanwhile.
const tries = 16

var errBusy = errors.New("movestore: a record did not come to rest")

// stuckError comes with a record that could be read, but not moved.
type stuckError struct{ error }

func (e stuckError) Unwrap() error { return e.error }

// Load moves the record first, if it is to be moved. If that fails reading goes on with the record
// where it is.
func (m *moving) Load(ctx context.Context, id store.ID, now time.Time) (store.Record, error) {
	r, err := m.load(ctx, id, now)
	if stuck := (stuckError{}); errors.As(err, &stuck) && ctx.Err() == nil {
		return r, nil
	}
	return r, err
}

func (m *moving) load(ctx context.Context, id store.ID, now time.Time) (store.Record, error) {
	if m.ready { // most are there
		if r, err := m.from.Load(ctx, id, now); err == nil && !onItsWay(r) || err != nil && !gone(err) {
			return r, err
		}
	}
	for range tries {
		r, err := m.to.Load(ctx, id, now)
		if err == nil && !is(r, store.Arriving) || err != nil && !gone(err) {
			return r, err
		}
		if left, moved, err := m.fetch(ctx, id, now); !moved {
			return left, err
		}
	}
	return store.Record{}, errBusy
}

// fetch takes the next step of the move of a record that is not in the new store, and reports
// whether there is one, so that it is looked up there again.
func (m *moving) fetch(ctx context.Context, id store.ID, now time.Time) (left store.Record, moved bool, err error) {
	left, err = m.from.Load(ctx, id, now)
	switch {
	case gone(err):
		left, err = m.arrived(ctx, id, now)
		return left, false, err
	case err != nil: // one that cannot be read stays where it is
		return left, false, err
	case is(left, store.Leaving):
		if err := m.carryOn(ctx, left, now); err != nil {
			return settled(left), false, stuckError{err}
		}
	case is(left, store.Arriving): // of an earlier move, which was given up
		return store.Record{}, false, store.ErrNotFound
	case m.ready:
		return left, false, nil
	default:
		if _, err := m.from.Patch(ctx, claim(left, now)); err != nil && !gone(err) {
			return left, false, stuckError{err}
		}
	}
	return left, true, nil
}

// arrived gives a record that is not in the old store any more: it may have been moved since the
// new one was asked. A copy that waits still was ended during its move.
func (m *moving) arrived(ctx context.Context, id store.ID, now time.Time) (store.Record, error) {
	r, err := m.to.Load(ctx, id, now)
	if err == nil && is(r, store.Arriving) {
		return store.Record{}, errors.Join(store.ErrNotFound, kill(ctx, m.to, r, now))
	}
	return r, err
}

// carryOn does what is left to do for a record r that is claimed in the old store.
func (m *moving) carryOn(ctx context.Context, r store.Record, now time.Time) error {
	c, err := m.copied(ctx, r, now)
	if err != nil || c.ID != r.ID {
		return err
	}
	switch left, err := m.from.Load(ctx, r.ID, now); {
	case gone(err): // ended, or moved by another: Load looks again
		return nil
	case err != nil:
		return err
	case left.Digest != r.Digest || !same(left, r): // the claim is over
		return nil
	}
	if is(c, store.Arriving) {
		_, err := m.to.Patch(ctx, store.Patch{ID: r.ID, Digest: c.Digest, Now: now, Rekey: &store.Rekey{
			Digest: turned(r.Digest), KeyID: r.KeyID, State: without(r.State, store.Leaving),
		}})
		if gone(err) {
			return nil
		} else if err != nil {
			return err
		}
	}
	_ = kill(ctx, m.from, r, now) // it has arrived; what is left behind is nobody's
	return nil
}

// copied gives what there is in the new store of a claimed record: its copy, or the record itself
// if it has arrived; none if there was something in the way, which is removed.
func (m *moving) copied(ctx context.Context, r store.Record, now time.Time) (store.Record, error) {
	c := r
	c.State = with(without(r.State, store.Leaving), store.Arriving)
	_, _ = rand.Read(c.Digest[:]) // of this copy alone, so that nobody takes another one for it
	err := m.to.Create(ctx, c)
	if !errors.Is(err, store.ErrExists) {
		return c, err
	}
	c, err = m.to.Load(ctx, r.ID, now)
	switch {
	case gone(err): // a dead one
		_, err = m.to.DeleteExpired(ctx, now, 100)
		return store.Record{}, err
	case err != nil:
		return store.Record{}, err
	case is(c, store.Arriving) && !same(c, r): // left by an earlier session of that id
		return store.Record{}, kill(ctx, m.to, c, now)
	}
	return c, nil
}

// killedBefore is when a record died that kill has killed.
var killedBefore = time.UnixMilli(2)

// kill removes a record if it still is this one: a Delete that comes late could hit another of that
// id.
func kill(ctx context.Context, st store.Store, r store.Record, now time.Time) error {
	p := store.Patch{
		ID: r.ID, Digest: r.Digest, Now: now, Clear: true,
		SignIn: &store.SignIn{Expires: time.UnixMilli(1), Deadline: time.UnixMilli(1)},
	}
	if _, err := st.Patch(ctx, p); gone(err) {
		return nil
	} else if err != nil {
		return err
	}
	_, err := st.DeleteExpired(ctx, killedBefore, 100)
	return err
}

// claim gives the patch that begins a move. A digest with all its bits turned is the hash of
// nothing that anybody could find.
func claim(r store.Record, now time.Time) store.Patch {
	return store.Patch{ID: r.ID, Digest: r.Digest, Now: now, Rekey: &store.Rekey{
		Digest: turned(r.Digest), KeyID: r.KeyID, State: with(r.State, store.Leaving),
	}}
}

func turned(d store.Digest) store.Digest {
	for i := range d {
		d[i] = ^d[i]
	}
	return d
}

// settled is a record of the old store as it was before it was claimed, if it was.
func settled(r store.Record) store.Record {
	if is(r, store.Leaving) {
		r.Digest, r.State = turned(r.Digest), without(r.State, store.Leaving)
	}
	return r
}

// is reports whether a record is leaving, or arriving. The state that it has otherwise follows
// after a space.
func is(r store.Record, state store.State) bool {
	return r.State == state || strings.HasPrefix(string(r.State), string(state)+" ")
}

func onItsWay(r store.Record) bool { return is(r, store.Leaving) || is(r, store.Arriving) }

func with(state, word store.State) store.State {
	if state == store.Live {
		return word
	}
	return word + " " + state
}

func without(state, word store.State) store.State {
	return store.State(strings.TrimPrefix(strings.TrimPrefix(string(state), string(word)), " "))
}

// same reports whether two records say the same but for digest and state: so does a copy what it
// was copied from.
func same(a, b store.Record) bool {
	times := func(r store.Record) [5]int64 {
		return [5]int64{
			r.Created.UnixMilli(), r.SignedIn.UnixMilli(), r.LastSeen.UnixMilli(),
			r.Expires.UnixMilli(), r.Deadline.UnixMilli(),
		}
	}
	return a.Version == b.Version && a.KeyID == b.KeyID && a.Subject == b.Subject && times(a) == times(b) &&
		maps.EqualFunc(a.Values, b.Values, bytes.Equal)
}
