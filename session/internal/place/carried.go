package place

import (
	"context"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// Format is how a cookie holds a whole session.
type Format interface {
	// Keyed returns the Codec for the cookie of that name. Its keys are what derive makes of the
	// ring's, for a purpose that is used for nothing else; the first of them is the one to write
	// with.
	Keyed(derive func(purpose string) [][]byte, cookie string) (Codec, error)
}

// Codec turns a record into the value of a cookie and back. It is safe for concurrent use.
type Codec interface {
	// Seal writes what a record holds, but for Version, KeyID, State, Parent, Addr and UserAgent. It
	// may leave out Idle, Expires and Deadline, too, if the limits of the Manager apply. Of Digest
	// it writes the first CarriedDigest bytes, unless they are zero: then there is no record beside
	// the cookie. The value must be fit for a cookie as it is; "" makes the browser forget its.
	Seal(r store.Record) (value string, err error)

	// Open reads what Seal wrote, however old. Anything else is store.ErrUnreadable: the value comes
	// from a client, so it must be refused at little cost. What was left out stays zero.
	Open(value string) (Opened, error)
}

// CarriedDigest is how many bytes of a digest travel in a cookie: enough that no two keys of a
// session share them.
const CarriedDigest = 12

// Opened is what a cookie held.
type Opened struct {
	Record  store.Record
	Old     bool     // the cookie was made with an old key
	Derived bool     // it names no session, so that the ID is made of what it says; others may bring the same
	Left    store.ID // a session that it was of, until a program that shares it signed its subject out; zero for none
}

// recall is Codec.Open, with the limits of today where the record says nothing.
func (e *Env) recall(c Codec, value string) (Opened, error) {
	o, err := c.Open(value)
	if err != nil {
		return Opened{}, ErrForeign
	}
	r := &o.Record
	limits := e.Limits(r.Persist)
	if r.Deadline.IsZero() {
		r.Deadline = Began(r).Add(limits.Absolute)
	}
	if r.Idle == 0 {
		r.Idle = limits.Idle
	}
	if r.Expires.IsZero() {
		r.Expires = Used(r, r.LastSeen).Expires
	}
	return o, nil
}

// growth is by how much a cookie that holds its session may grow while that is only used: it tells
// for how long that has lived.
const growth = 16

// seal returns the cookie of a record, which must leave that much room to grow.
func (e *Env) seal(c Codec, r store.Record, growth int) (string, error) {
	if r.Subject == "" {
		r.Digest = store.Digest{} // a stranger's session has no record
	}
	value, err := c.Seal(r)
	if err != nil {
		return "", err
	}
	if n, most := len(value)+growth, e.Limits(r.Persist).Room; n > most {
		return "", fmt.Errorf("%w: a cookie of %d bytes, at most %d", ErrTooLarge, n, most)
	}
	return value, nil
}

// carried is the place of sessions that are in their cookies alone: there is nothing to be done
// when they change, and nothing to be known of them.
type carried struct {
	env   *Env
	codec Codec
}

// Carried returns the place of sessions in their cookies.
func Carried(env *Env, codec Codec) Place { return &carried{env, codec} }

func (p *carried) Open(_ context.Context, value string, _ Visitor) (Found, error) {
	o, err := p.env.recall(p.codec, value)
	if err != nil {
		return Found{}, err
	}
	if !p.env.Alive(&o.Record, p.env.Now()) {
		return Found{}, nil
	}
	f := Found{State: Live, Record: o.Record}
	if o.Old {
		f.Urgency = Aging
	}
	return f, nil
}

// Reload is never needed: nothing that a request does here meets another.
func (p *carried) Reload(_ context.Context, f Found) (Found, error) { return f, nil }

// Write makes the cookie, which is all there is. The session keeps its digest when it is renewed:
// where Accompanied is introduced node by node, another one has its record.
func (p *carried) Write(_ context.Context, f Found, c Change) (Found, error) {
	r := f.Record
	if !f.State.Lives() && r.Parent != (store.ID{}) { // no cookie can say that its parent has ended
		return f, ErrUnsupported
	}
	if !f.State.Lives() || r.Subject == "" && c.SignIn != nil { // who signs in shares no id with a copy of before
		k, err := newKey(p.env.Rand)
		if err != nil {
			return f, err
		}
		r.ID = k.id
	}
	r = r.Apply(c.Patch)
	value, err := p.env.seal(p.codec, r, growth)
	if err != nil {
		return f, err
	}
	return Found{State: Live, Urgency: Needed, Record: r, value: value}, nil
}

func (p *carried) Fits(f Found, c Change) error {
	_, err := p.env.seal(p.codec, f.Record.Apply(c.Patch), growth)
	return err
}

func (p *carried) Use(_ context.Context, f Found, t store.Touch, _ time.Time) (Found, error) {
	f.Record, f.value = f.Record.Touched(t), ""
	f.Urgency = max(f.Urgency, Wanted)
	return f, nil
}

func (p *carried) Cookie(f Found) (string, error) {
	if f.value != "" {
		return f.value, nil
	}
	return p.env.seal(p.codec, f.Record, 0)
}

func (p *carried) Records() store.Store { return nil }

// Refuse is what no cookie can do.
func (p *carried) Refuse(context.Context, string) error { return ErrUnsupported }
