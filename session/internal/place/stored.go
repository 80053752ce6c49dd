package place

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/doorbook/doorbook/session/internal/mac"
	"github.com/doorbook/doorbook/session/store"
)

// stored is the place of sessions whose data is in a store. Their browsers hold a signed key.
type stored struct {
	env     *Env
	records store.Store
	signer  mac.Keys // of session keys
}

// Stored returns the place over a store.
func Stored(env *Env, records store.Store, signer mac.Keys) Place {
	return &stored{env, records, signer}
}

func (p *stored) Open(ctx context.Context, value string, _ Visitor) (f Found, err error) {
	var index int
	var ok bool
	if f.key, index, ok = parseKey(value, p.signer); !ok {
		return f, ErrForeign
	}
	now := p.env.Now()
	f.Record, err = p.records.Load(ctx, f.key.id, now)
	digest := f.key.digest()
	current := subtle.ConstantTimeCompare(digest[:], f.Record.Digest[:]) == 1
	switch {
	case Gone(err), err == nil && !p.env.Alive(&f.Record, now):
		return p.nothing(Ended, f.key.id), nil
	case errors.Is(err, store.ErrUnreadable) && current:
		return p.nothing(Unreadable, f.key.id), err
	case err != nil:
		return p.nothing(Nothing, f.key.id), err
	case !current:
		return superseded(f), nil
	}
	f.State, f.Shared = Live, true
	if index != 0 || f.Record.KeyID != p.signer.ID(0) {
		f.Urgency = Aging
	}
	if f.Record.Parent != (store.ID{}) {
		return p.withParent(ctx, f)
	}
	return f, nil
}

// nothing is what a key stands for that opens no session.
func (p *stored) nothing(s State, id store.ID) Found {
	return Found{State: s, Record: store.Record{ID: id}}
}

// withParent looks at the session that issued this one, without which it is over.
func (p *stored) withParent(ctx context.Context, f Found) (Found, error) {
	parent, err := p.env.load(ctx, p.records, f.Record.Parent, p.env.Now())
	switch {
	case Gone(err), err == nil && parent.Subject != f.Record.Subject:
		return p.nothing(Orphaned, f.Record.ID), nil
	case err != nil && !errors.Is(err, store.ErrUnreadable): // its values do not matter
		return p.nothing(Nothing, f.Record.ID), err
	}
	f.Parent = &parent
	return f, nil
}

func (p *stored) Reload(ctx context.Context, f Found) (Found, error) {
	r, err := p.records.Load(ctx, f.Record.ID, p.env.Now())
	if err == nil && r.Digest != f.Record.Digest {
		err = store.ErrNotFound
	}
	if err == nil {
		f.Record = r
	}
	return f, err
}

// Write patches the record under the digest of the key that the browser sent: if that is no longer
// the current one, the session was ended, renewed or revoked, and nothing of this request reaches
// what came after it.
func (p *stored) Write(ctx context.Context, f Found, c Change) (Found, error) {
	if !f.State.Lives() {
		return p.create(ctx, f, c)
	}
	k, err := f.key.renewed(c.Renew, p.env.Rand)
	if err != nil {
		return f, err
	}
	patch := c.of(&f.Record)
	if c.Renew || f.Urgency == Aging && c.Seen != nil {
		patch.Rekey = &store.Rekey{Digest: k.digest(), KeyID: p.signer.ID(0)}
	}
	version, err := p.records.Patch(ctx, patch)
	if err != nil {
		return f, err
	}
	f.Record, f.key = patched(f.Record, patch, version), k
	switch {
	case c.Renew:
		f.Urgency = Needed
	case patch.Rekey != nil, f.Record.Persist && c.Seen != nil: // the browser is to keep its cookie for longer
		f.Urgency = max(f.Urgency, Wanted)
	}
	return f, nil
}

// patched returns a record after a patch that was stored, with the values of before. If others
// wrote in between, what they wrote was not read here: it keeps the version of before, so that a
// change that depends on it conflicts.
func patched(r store.Record, p store.Patch, version int64) store.Record {
	before := r.Version
	bound := p.IfVersion != 0
	p.Clear, p.Delete, p.Set = false, nil, nil
	r = r.Apply(p)
	if r.Version = version; !bound && version != before+1 {
		r.Version = before
	}
	return r
}

func (p *stored) create(ctx context.Context, f Found, c Change) (Found, error) {
	k, err := newKey(p.env.Rand)
	if err != nil {
		return f, err
	}
	r := f.Record
	r.ID, r.Digest, r.KeyID = k.id, k.digest(), p.signer.ID(0)
	r = r.Apply(c.Patch) // version 1
	if err := p.records.Create(ctx, r); err != nil {
		return f, err
	}
	return Found{State: Live, Urgency: Needed, Shared: true, Record: r, key: k}, nil
}

func (p *stored) Use(ctx context.Context, f Found, t store.Touch, now time.Time) (Found, error) {
	if f.Urgency == Aging {
		c := Change{Patch: store.Patch{Now: now, Seen: &t}}
		return p.Write(ctx, f, c)
	}
	if err := p.records.Touch(ctx, f.Record.ID, f.Record.Digest, t, now); err != nil {
		return f, err
	}
	f.Record = f.Record.Touched(t)
	if f.Record.Persist { // the browser is to keep its cookie for longer
		f.Urgency = max(f.Urgency, Wanted)
	}
	return f, nil
}

// Fits returns nil: New has made sure that a key is not too large.
func (p *stored) Fits(Found, Change) error { return nil }

func (p *stored) Cookie(f Found) (string, error) { return f.key.format(p.signer), nil }

func (p *stored) Records() store.Store { return p.records }

// Refuse does nothing: no session begins by a cookie from elsewhere.
func (p *stored) Refuse(context.Context, string) error { return nil }
