package place

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/session/internal/mac"
	"github.com/doorbook/doorbook/session/store"
)

// accompanied is the place of sessions whose data is in their cookies, beside which a store keeps a
// companion record of each that holds everything but the values: it says that the session lives. So
// sessions can be listed, and ended, and no copy of its cookie opens one that has ended. Only
// sessions of somebody who is signed in have one; strangers' are in their cookies alone.
//
// A cookie may come from elsewhere; enrol.go has the rules for those.
type accompanied struct {
	env     *Env
	codec   Codec
	records store.Store
	signer  mac.Keys // says under which key a cookie was made
	adopter mac.Keys // derives keys for sessions that come without one
}

// Accompanied returns the place of sessions in their cookies with companion records in a store. The
// keys of signer name those that cookies were made under; adopter derives keys for sessions that
// come without one.
func Accompanied(env *Env, codec Codec, records store.Store, signer, adopter mac.Keys) Place {
	return &accompanied{env, codec, records, signer, adopter}
}

func (p *accompanied) Open(ctx context.Context, value string, by Visitor) (Found, error) {
	f, said, err := p.find(ctx, value, by)
	if err != nil || f.State != Live {
		return f, err
	}
	if !p.opens(&said, &f.Record) {
		return superseded(f), nil
	}
	return carrying(f, said), nil
}

// superseded returns what is left of a session whose key was renewed.
func superseded(f Found) Found {
	r := store.Record{ID: f.Record.ID, LastSeen: f.Record.LastSeen}
	return Found{State: Superseded, Record: r, Begun: f.Begun, Left: f.Left}
}

// carrying returns a session with what its cookie holds of it.
func carrying(f Found, said store.Record) Found {
	f.Record.Values, f.Record.Persist = said.Values, said.Persist
	if said.Digest == (store.Digest{}) {
		f.Urgency = Wanted // it does not name the record yet
	}
	return f
}

// find returns what is known of the session that a cookie speaks of, and what the cookie says of
// it, but does not compare their keys.
func (p *accompanied) find(ctx context.Context, value string, by Visitor) (f Found, said store.Record, err error) {
	o, err := p.env.recall(p.codec, value)
	if err != nil {
		return f, said, err
	}
	said, now := o.Record, p.env.Now()
	f.made = said.LastSeen.UnixMilli()
	if o.Old {
		f.Urgency = Aging
	}
	if o.Left != (store.ID{}) {
		if err := p.records.Delete(ctx, o.Left); err != nil {
			return Found{Record: store.Record{ID: o.Left}}, said, err
		}
		f.Left = o.Left
	}
	if said.Subject == "" {
		return p.stranger(f, o, now), said, nil
	}
	r, created, err := p.companion(ctx, said, by, now)
	f.Begun = created
	switch {
	case Gone(err), err == nil && r.Subject != said.Subject:
		f.State, f.Record.ID, f.Forget = Ended, said.ID, true
		return f, said, nil
	case err != nil:
		f.Record.ID = said.ID
		if errors.Is(err, store.ErrUnreadable) { // which is no empty session
			err = fmt.Errorf("companion record: %v", err)
		}
		return f, said, err
	}
	f.State, f.Record = Live, r
	return f, said, nil
}

// stranger is what the cookie of somebody who is not signed in holds.
func (p *accompanied) stranger(f Found, o Opened, now time.Time) Found {
	if p.env.Alive(&o.Record, now) {
		f.State, f.Record = Unkept, o.Record
		f.Record.Digest = store.Digest{}
	}
	return f
}

// opens reports whether what came in a cookie is of the same key as its companion record.
func (p *accompanied) opens(said, r *store.Record) bool {
	if said.Digest == (store.Digest{}) {
		_, ok := derivedWith(p.adopter, r.Digest, r.ID, nil)
		return ok
	}
	return subtle.ConstantTimeCompare(said.Digest[:CarriedDigest], r.Digest[:CarriedDigest]) == 1
}

func (p *accompanied) Reload(ctx context.Context, f Found) (Found, error) {
	r, err := p.records.Load(ctx, f.Record.ID, p.env.Now())
	if err == nil && r.Digest != f.Record.Digest {
		err = store.ErrNotFound
	}
	if err == nil {
		r.Values = f.Record.Values
		f.Record = r
	}
	return f, err
}

func (p *accompanied) Write(ctx context.Context, f Found, c Change) (Found, error) {
	if !f.State.Lives() && f.Record.Parent != (store.ID{}) { // no cookie can say that its parent has ended
		return f, ErrUnsupported
	}
	k := key{id: f.Record.ID}
	var err error
	begins := !f.State.Lives() || f.State == Unkept && c.SignIn != nil
	switch {
	case begins: // under an id that nobody else has
		k, err = newKey(p.env.Rand)
	default:
		k, err = k.renewed(c.Renew, p.env.Rand)
	}
	if err != nil {
		return f, err
	}
	patch := c.of(&f.Record)
	if begins || c.Renew {
		patch.Rekey = &store.Rekey{Digest: k.digest(), KeyID: p.signer.ID(0)}
	} else if f.Urgency == Aging { // of its key the cookie tells no more than the beginning
		patch.Rekey = &store.Rekey{Digest: f.Record.Digest, KeyID: p.signer.ID(0)}
	}
	next := f
	next.Record = f.Record.Apply(patch)
	next.Record.ID, next.Urgency = k.id, Needed
	if next.value, err = p.env.seal(p.codec, next.Record, growth); err != nil { // before anything is stored
		return f, err
	}
	switch {
	case next.Record.Subject == "":
		next.State = Unkept
	case f.State != Live:
		bare := next.Record
		bare.Version, bare.Values = 1, nil
		err = p.records.Create(ctx, bare)
		next.State, next.Record.Version = Live, 1
	default:
		next.Record.Version, err = p.patch(ctx, patch)
	}
	if err != nil {
		return f, err
	}
	return next, nil
}

func (p *accompanied) Fits(f Found, c Change) error {
	r := f.Record.Apply(c.Patch)
	r.Digest[0]++ // it is of some key, which takes room if somebody is signed in
	_, err := p.env.seal(p.codec, r, growth)
	return err
}

// patch changes a companion record. It leaves the values alone, and with them the version that they
// are of.
func (p *accompanied) patch(ctx context.Context, patch store.Patch) (int64, error) {
	patch.Clear, patch.Delete, patch.Set, patch.IfVersion = false, nil, nil, 0
	return p.records.Patch(ctx, patch)
}

// Use notes the use in the companion record, if there is one. A cookie that holds the values is not
// sent without need while the store tells the time: what another request, or the program that
// shares the cookie, has changed meanwhile would be lost.
func (p *accompanied) Use(ctx context.Context, f Found, t store.Touch, now time.Time) (Found, error) {
	var err error
	switch {
	case f.State == Unkept:
	case f.Urgency == Aging:
		_, err = p.records.Patch(ctx, store.Patch{
			ID: f.Record.ID, Digest: f.Record.Digest, Now: now, Seen: &t,
			Rekey: &store.Rekey{Digest: f.Record.Digest, KeyID: p.signer.ID(0)},
		})
	default:
		err = p.records.Touch(ctx, f.Record.ID, f.Record.Digest, t, now)
	}
	if err != nil {
		return f, err
	}
	f.Record, f.value = f.Record.Touched(t), ""
	if f.Urgency == Aging || now.UnixMilli()-f.made >= min(24*time.Hour, f.Record.Idle/4).Milliseconds() {
		f.Urgency = max(f.Urgency, Wanted)
	}
	return f, nil
}

func (p *accompanied) Cookie(f Found) (string, error) {
	if f.value != "" {
		return f.value, nil
	}
	return p.env.seal(p.codec, f.Record, 0)
}

func (p *accompanied) Records() store.Store { return p.records }

// companion returns the companion record of a cookie, which it makes if it must. ErrNotFound if the
// session is over.
func (p *accompanied) companion(ctx context.Context, said store.Record, by Visitor, now time.Time) (r store.Record, created bool, err error) {
	r, err = p.env.load(ctx, p.records, said.ID, now)
	switch {
	case err == nil, errors.Is(err, store.ErrUnreadable): // its values do not matter
		return p.confirm(ctx, r)
	case Gone(err) && said.Digest == (store.Digest{}) && p.env.Alive(&said, now):
		return p.enrol(ctx, said, by)
	}
	return r, false, err
}
