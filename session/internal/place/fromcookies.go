package place

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/session/internal/mac"
	"github.com/doorbook/doorbook/session/store"
)

// fromCookies is the place over a store for sessions that come in the cookie that held them before.
// They are stored with their first write, or the first use that is noted. Their key is derived, so
// that of requests that come at the same time with the same cookie one record comes.
type fromCookies struct {
	*stored
	codec   Codec
	adopter mac.Keys // derives their keys
}

// FromCookies returns the place over a store, as Stored, for sessions that come in a cookie which
// held them before.
func FromCookies(env *Env, records store.Store, signer mac.Keys, codec Codec, adopter mac.Keys) Place {
	return &fromCookies{&stored{env, records, signer}, codec, adopter}
}

func (p *fromCookies) Open(_ context.Context, value string, by Visitor) (Found, error) {
	o, err := p.env.recall(p.codec, value)
	if err != nil {
		return Found{}, err
	}
	if !p.env.Alive(&o.Record, p.env.Now()) {
		return Found{}, nil
	}
	f := Found{Record: o.Record}
	if o.Derived && f.Record.Subject == "" { // others may bring the same cookie
		k, err := newKey(p.env.Rand)
		if err != nil {
			return f, err
		}
		f.Record.ID = k.id
	}
	return p.arrives(f, derivedKey(p.adopter, 0, f.Record.ID, nil), by), nil
}

// arrives readies a session that is not in the store yet.
func (p *stored) arrives(f Found, k key, by Visitor) Found {
	f.State, f.Urgency, f.Forget, f.key = Arriving, max(f.Urgency, Aging), true, k
	f.Record.Digest, f.Record.KeyID, f.Record.Version = k.digest(), p.signer.ID(0), 1
	f.Record.Addr, f.Record.UserAgent = by.Client()
	return f
}

func (p *fromCookies) Write(ctx context.Context, f Found, c Change) (Found, error) {
	if f.State != Arriving {
		return p.stored.Write(ctx, f, c)
	}
	k, err := f.key.renewed(c.Renew, p.env.Rand)
	if err != nil {
		return f, err
	}
	patch := c.of(&f.Record)
	patch.Rekey = &store.Rekey{Digest: k.digest(), KeyID: p.signer.ID(0)}
	r := f.Record
	r.Version = 0
	r = r.Apply(patch)
	switch err := p.records.Create(ctx, r); {
	case errors.Is(err, store.ErrExists):
		return p.overtaken(ctx, f, r, k)
	case err != nil:
		return f, err
	}
	return stay(r, k), nil
}

// stay is a session that has arrived.
func stay(r store.Record, k key) Found {
	return Found{State: Live, Urgency: Needed, Shared: true, Forget: true, Record: r, key: k}
}

// overtaken goes on with what is stored of a session already: by another request, with a key that
// any key of the ring may have derived. What is dead gives way: its time went by while the session
// was in the cookie.
func (p *fromCookies) overtaken(ctx context.Context, f Found, r store.Record, k key) (Found, error) {
	there, err := p.records.Load(ctx, r.ID, p.env.Now())
	if Gone(err) {
		if err = p.records.Delete(ctx, r.ID); err == nil {
			err = p.records.Create(ctx, r)
		}
		if err != nil {
			return f, err
		}
		return stay(r, k), nil
	}
	if err != nil {
		return f, err
	}
	if there.Subject != f.Record.Subject || !there.SignedIn.Equal(f.Record.SignedIn) {
		return f, store.ErrNotFound // signed in since this cookie was made: it may be a copy that somebody planted
	}
	if k, ok := derivedWith(p.adopter, there.Digest, r.ID, nil); ok {
		f.key, f.Record.Digest = k, there.Digest
	}
	f.State, f.Shared = Live, true
	return f, errOvertaken
}

var errOvertaken = fmt.Errorf("%w: stored by another request", store.ErrConflict)

func (p *fromCookies) Use(ctx context.Context, f Found, t store.Touch, now time.Time) (Found, error) {
	if f.State != Arriving {
		return p.stored.Use(ctx, f, t, now)
	}
	return p.Write(ctx, f, Change{Patch: store.Patch{Now: now, Seen: &t}})
}
