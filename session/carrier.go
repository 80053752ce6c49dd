package session

import (
	"context"
	"time"
)

// Carrier keeps whole sessions in their cookies: Seal turns a record into the value of one, Open
// reads it back. What a session in its cookie cannot promise is told at Sealed. A Carrier must be
// safe for concurrent use.
type Carrier interface {
	// Seal writes what a record holds, but for Version, KeyID, Parent, Addr and UserAgent. It may
	// leave out Idle, Expires and Deadline, too, if the limits of the Manager apply. Of Digest it
	// writes the first CarriedDigest bytes, unless they are zero: then there is no companion
	// record. The value must be fit for a cookie as it is; "" makes the browser forget its.
	Seal(r Record) (value string, err error)

	// Open reads what Seal wrote, however old. Anything else is ErrUnreadable: the value comes from
	// a client, so it must be refused at little cost. What was left out stays zero.
	Open(value string) (Opened, error)
}

// CarriedDigest is how many bytes of a digest travel in a cookie: enough that no two keys of a
// session share them.
const CarriedDigest = 12

// Opened is what a cookie held.
type Opened struct {
	Record Record
	// Old asks for a new cookie with the next use that is written down, because this one was made
	// with an old key.
	Old bool
	// Derived says that the cookie names no session, so that the ID is made of what it says. Others
	// may bring the same.
	Derived bool
	// Left is a session that the cookie was of, until a program that shares it signed its subject
	// out, or somebody else in. It ends. Zero for none.
	Left ID
}

// NewCarrier makes a Carrier for the cookie of that name, with keys from the ring. A Manager calls
// it when it is made, and when it gets other keys.
type NewCarrier func(keys *KeyRing, cookie string) (Carrier, error)

// recall is Carrier.Open, with the limits of the Manager where the record says nothing.
func (m *Manager) recall(c Carrier, value string) (o Opened, err error) {
	if o, err = c.Open(value); err != nil {
		return Opened{}, err
	}
	r := &o.Record
	life := m.lifetime(r.Persist)
	if r.Deadline.IsZero() {
		r.Deadline = start(r).Add(life.Absolute)
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
	return o, nil
}

// carried is the Store of sessions that travel in their cookies: there is nothing to be done when
// they change, and nothing to be known of them.
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
