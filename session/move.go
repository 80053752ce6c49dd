package session

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"
)

// moving is the Store of a program that moves its sessions from one store to another. A record is
// moved when it is loaded:
//
//  1. It is claimed where it is: a patch turns its digest into one that no key has, so that nobody can change it any more.
//  2. A copy is created in the new store, with a digest of its own that no key has either.
//  3. If the claim still stands in the old store, as it was when it was copied (so nobody has ended the session meanwhile),
//     the copy gets the session's digest, and
//  4. the claimed record is removed.
//
// Each step leaves a state that says what the next one is, so that any request with the session's
// key can carry on where another stopped or died, in either direction: other nodes may have the
// stores in the other order. An end deletes in both stores, the old one first: a move under way
// then finds the claim gone. While a store takes no writes, reading goes on with the record where
// it is.
type moving struct {
	to, from Store
}

// claimed marks the KeyID of a record that is being moved away, copied that of its copy in the
// other store. The two say which way it goes: nodes whose stores are in the other order may be
// moving, too.
const (
	claimed = "~"
	copied  = "+"
)

func marked(r Record, with string) bool { return strings.HasPrefix(r.KeyID, with) }

// claim gives the patch of step 1. A digest with all its bits turned is the hash of nothing that
// anybody could find.
func claim(r Record, now time.Time) Patch {
	return Patch{ID: r.ID, Digest: r.Digest, Now: now, Rekey: &Rekey{turned(r.Digest), claimed + r.KeyID}}
}

func turned(d Digest) Digest {
	for i := range d {
		d[i] = ^d[i]
	}
	return d
}

// settled is a record as lists show it, wherever it is on its way.
func settled(r Record) Record {
	if marked(r, claimed) {
		r.Digest, r.KeyID = turned(r.Digest), strings.TrimPrefix(r.KeyID, claimed)
	}
	return r
}

// Load moves the record first, if it is in the old store. If that fails reading goes on with the
// record where it is.
func (m *moving) Load(ctx context.Context, id ID, now time.Time) (Record, error) {
	r, err := m.load(ctx, id, now)
	if stuck := (stuckError{}); errors.As(err, &stuck) && ctx.Err() == nil {
		return r, nil
	}
	return r, err
}

// stuckError comes with a record that could be read, but not moved.
type stuckError struct{ error }

func (e stuckError) Unwrap() error { return e.error }

func (m *moving) load(ctx context.Context, id ID, now time.Time) (Record, error) {
	const tries = 16 // each means that another request got on with a move
	for range tries {
		r, err := m.to.Load(ctx, id, now)
		switch {
		case err != nil && !gone(err):
			return r, err
		case err == nil && marked(r, claimed): // on its way back
			if err := carryOn(ctx, m.to, m.from, r, now); err != nil {
				return Record{}, err
			}
			continue
		case err == nil && !marked(r, copied):
			return r, nil
		}
		left, err := m.from.Load(ctx, id, now)
		switch {
		case gone(err):
			again, err := m.to.Load(ctx, id, now)
			if err == nil && marked(again, copied) { // ended during its move
				return Record{}, errors.Join(ErrNotFound, kill(ctx, m.to, again, now))
			}
			if gone(err) {
				if _, moved := m.from.Load(ctx, id, now); moved == nil { // to and fro
					continue
				}
			}
			if err != nil || !marked(again, claimed) {
				return again, err
			}
		case err != nil: // one that cannot be read stays where it is
			return left, err
		case marked(left, claimed):
			if err := carryOn(ctx, m.from, m.to, left, now); err != nil {
				return settled(left), stuckError{err}
			}
		case marked(left, copied):
			if again, err := m.to.Load(ctx, id, now); gone(err) { // ended during its move back
				return Record{}, errors.Join(ErrNotFound, kill(ctx, m.from, left, now))
			} else if err != nil {
				return again, err
			}
		default:
			if _, err := m.from.Patch(ctx, claim(left, now)); err != nil && !gone(err) {
				return left, stuckError{err}
			}
		}
	}
	return Record{}, errMoving
}

var errMoving = errors.New("session: a record is being moved to and fro")

// carryOn does what is left to do for a record r that is claimed in one store.
func carryOn(ctx context.Context, from, to Store, r Record, now time.Time) error {
	c := r
	c.KeyID = copied + strings.TrimPrefix(r.KeyID, claimed)
	_, _ = rand.Read(c.Digest[:]) // of this copy alone, so that nobody takes another one for it
	switch err := to.Create(ctx, c); {
	case errors.Is(err, ErrExists):
		if c, err = to.Load(ctx, r.ID, now); gone(err) {
			_, err = to.DeleteExpired(ctx, killedBefore, 100)
			return err
		} else if err != nil {
			return err
		}
		if marked(c, copied) && c.Version != r.Version { // of an earlier claim
			return kill(ctx, to, c, now)
		}
	case err != nil:
		return err
	}
	switch left, err := from.Load(ctx, r.ID, now); {
	case gone(err): // ended, or moved by another: Load looks again
		return nil
	case err != nil:
		return err
	case left.Version != r.Version && marked(c, copied): // the claim is over, and this copy out of date
		return kill(ctx, to, c, now)
	case left.Version != r.Version:
		return nil
	}
	if marked(c, copied) {
		p := Patch{ID: r.ID, Digest: c.Digest, Now: now, Rekey: &Rekey{turned(r.Digest), strings.TrimPrefix(c.KeyID, copied)}}
		if _, err := to.Patch(ctx, p); gone(err) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return kill(ctx, from, r, now)
}

// killedBefore is when a record died that kill has killed.
var killedBefore = time.UnixMilli(2)

// kill removes a record if it still is this one: a Delete that comes late could hit one that came
// back.
func kill(ctx context.Context, store Store, r Record, now time.Time) error {
	p := Patch{ID: r.ID, Digest: r.Digest, Now: now, Clear: true, SignIn: &SignIn{Expires: time.UnixMilli(1), Deadline: time.UnixMilli(1)}}
	if _, err := store.Patch(ctx, p); err != nil {
		if gone(err) {
			return nil
		}
		return err
	}
	_, err := store.DeleteExpired(ctx, killedBefore, 100)
	return err
}

func (m *moving) Create(ctx context.Context, r Record) error { return m.to.Create(ctx, r) }

func (m *moving) Patch(ctx context.Context, p Patch) (version int64, err error) {
	err = m.here(ctx, p.ID, p.Digest, p.Now, func() (err error) {
		version, err = m.to.Patch(ctx, p)
		return err
	})
	return version, err
}

func (m *moving) Touch(ctx context.Context, id ID, digest Digest, t Touch, now time.Time) error {
	return m.here(ctx, id, digest, now, func() error { return m.to.Touch(ctx, id, digest, t, now) })
}

// here does something to a record, which it moves first if it must: another node may have moved it
// back.
func (m *moving) here(ctx context.Context, id ID, digest Digest, now time.Time, do func() error) error {
	const tries = 8
	for range tries {
		if err := do(); !gone(err) {
			return err
		}
		if r, err := m.load(ctx, id, now); err != nil || r.Digest != digest {
			return cmp.Or(err, ErrNotFound)
		}
	}
	return errMoving
}

// Delete ends a session wherever it is. The old store comes once more at the end: on another node,
// where the stores are in the other order, it may just have been moved back.
func (m *moving) Delete(ctx context.Context, ids ...ID) error {
	for _, store := range []Store{m.from, m.to, m.from} {
		if err := store.Delete(ctx, ids...); err != nil {
			return err
		}
	}
	return nil
}

func (m *moving) BySubject(ctx context.Context, subject string, now time.Time) ([]Record, error) {
	// The old store first: what is moved between the two questions is then seen twice, not
	// overlooked.
	old, err := m.from.BySubject(ctx, subject, now)
	if err != nil {
		return nil, err
	}
	all, err := m.to.BySubject(ctx, subject, now)
	if err != nil {
		return nil, err
	}
	known := make(map[ID]bool, len(all))
	list := all[:0]
	for _, r := range slices.Concat(all, old) {
		if !marked(r, copied) && !known[r.ID] { // a copy counts where it comes from
			known[r.ID] = true
			list = append(list, settled(r))
		}
	}
	return list, nil
}

// Each remembers the ids of the old store, which there are fewer of every day.
func (m *moving) Each(ctx context.Context, now time.Time, yield func(Record) error) error {
	seen := make(map[ID]bool)
	err := m.from.Each(ctx, now, func(r Record) error {
		if marked(r, copied) {
			return nil
		}
		seen[r.ID] = true
		return yield(settled(r))
	})
	if err != nil {
		return err
	}
	return m.to.Each(ctx, now, func(r Record) error {
		if seen[r.ID] || marked(r, copied) {
			return nil
		}
		return yield(settled(r))
	})
}

func (m *moving) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	n, err := m.to.DeleteExpired(ctx, now, limit)
	if err != nil || n >= limit {
		return n, err
	}
	more, err := m.from.DeleteExpired(ctx, now, limit-n)
	return n + more, err
}
