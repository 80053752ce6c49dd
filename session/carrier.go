package session

import (
	"context"
	"time"
)

// Carrier keeps whole sessions in their cookies: Seal turns a record into the value of one, Open reads it back. What a
// session in its cookie cannot promise is told at Sealed. A Carrier must be safe for concurrent use.
type Carrier interface {
	// Seal writes what a record holds, but for Digest, Version, KeyID, Parent, Addr and UserAgent. It may leave out Idle,
	// Expires and Deadline, too, if the limits of the Manager apply. The value must be fit for a cookie as it is.
	Seal(r Record) (value string, err error)

	// Open reads exactly what Seal wrote, however old. Anything else is ErrUnreadable: the value comes from a client, so it
	// must be refused at little cost. What was left out stays zero. old asks for a new cookie with the next use that is
	// written down, because this one was made with an old key.
	Open(value string) (r Record, old bool, err error)
}

// NewCarrier makes a Carrier for the cookie of that name, with keys from the ring. A Manager calls it when it is made, and
// when it gets other keys.
type NewCarrier func(keys *KeyRing, cookie string) (Carrier, error)

// recall is Carrier.Open, with the limits of the Manager where the record says nothing.
func (m *Manager) recall(c Carrier, value string) (r Record, old bool, err error) {
	if r, old, err = c.Open(value); err != nil {
		return Record{}, false, err
	}
	life := m.lifetime(r.Persist)
	if r.Deadline.IsZero() {
		r.Deadline = start(&r).Add(life.Absolute)
	}
	if r.Idle == 0 {
		r.Idle = life.Idle
	}
	if r.Expires.IsZero() {
		r.Expires = r.LastSeen.Add(r.Idle)
		if r.Expires.After(r.Deadline) {
			r.Expires = r.Deadline
		}
	}
	return r, old, nil
}

// carried is the Store of sessions that travel in their cookies: there is nothing to be done when they change, and nothing
// to be known of them.
type carried struct {
	old Store // where they may live still, if they lived in a store before; else nil
}

func (carried) Create(context.Context, Record) error { return nil }

func (carried) Load(context.Context, ID, time.Time) (Record, error) { return Record{}, ErrNotFound }

func (carried) Patch(context.Context, Patch) (int64, error) { return 1, nil }

func (carried) Touch(context.Context, ID, Digest, Touch, time.Time) error { return nil }

// Delete ends what a cookie that is older than the move could still open.
func (c carried) Delete(ctx context.Context, ids ...ID) error {
	if c.old == nil {
		return nil
	}
	return c.old.Delete(ctx, ids...)
}

func (carried) BySubject(context.Context, string, time.Time) ([]Record, error) {
	return nil, ErrUnsupported
}

func (carried) Each(context.Context, time.Time, func(Record) error) error { return ErrUnsupported }

// DeleteExpired sweeps what is left in the store of before.
func (c carried) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	if c.old == nil {
		return 0, nil
	}
	return c.old.DeleteExpired(ctx, now, limit)
}
