package place

import (
	"context"
	"time"

	"github.com/doorbook/doorbook/session/internal/mac"
	"github.com/doorbook/doorbook/session/store"
)

// fromCompanions is the place over a store for sessions that leave their cookies, now that no other
// program shares those: the companion record gets the values of the cookie, and with that is a
// session of the store. Its key is derived from what the cookie says of the one before, so that no
// earlier cookie opens it. Strangers arrive as from any cookie.
type fromCompanions struct {
	*fromCookies
	from *accompanied
}

// FromCompanions returns the place over a store, as Stored, for sessions that come in cookies
// beside which the same store kept their companion records. The keys of before are those that
// Accompanied was given.
func FromCompanions(env *Env, records store.Store, signer mac.Keys, codec Codec, before, adopter mac.Keys) Place {
	return &fromCompanions{
		&fromCookies{&stored{env, records, signer}, codec, adopter},
		&accompanied{env, codec, records, before, adopter},
	}
}

func (p *fromCompanions) Open(ctx context.Context, value string, by Visitor) (Found, error) {
	f, said, err := p.from.find(ctx, value, by)
	switch {
	case err != nil:
		return f, err
	case f.State == Unkept:
		arrived, err := p.fromCookies.Open(ctx, value, by)
		arrived.Left = f.Left
		return arrived, err
	case f.State != Live:
		return f, nil
	}
	if k, ok := p.taken(&said, f.Record.Digest); ok { // another request has taken it over
		f.Urgency, f.Shared, f.key = Aging, true, k
		return f, nil
	}
	if !p.from.opens(&said, &f.Record) {
		return superseded(f), nil
	}
	f = carrying(f, said)
	digest := f.Record.Digest // which the record has until it is taken over
	f = p.arrives(f, derivedKey(p.adopter, 0, f.Record.ID, digest[:CarriedDigest]), by)
	f.Record.Digest = digest
	return f, nil
}

// taken returns the key that a session has which has left its cookie for the store, by what the
// cookie says of it, if it has that digest.
func (p *fromCompanions) taken(said *store.Record, digest store.Digest) (key, bool) {
	for i := range p.adopter {
		from := said.Digest
		if from == (store.Digest{}) {
			k := derivedKey(p.adopter, i, said.ID, nil)
			from = k.digest()
		}
		if k, ok := derivedWith(p.adopter, digest, said.ID, from[:CarriedDigest]); ok {
			return k, true
		}
	}
	return key{}, false
}

// Write gives a companion record the values of its cookie.
func (p *fromCompanions) Write(ctx context.Context, f Found, c Change) (Found, error) {
	if f.State != Arriving || f.Record.Subject == "" {
		return p.fromCookies.Write(ctx, f, c)
	}
	k, err := f.key.renewed(c.Renew, p.env.Rand)
	if err != nil {
		return f, err
	}
	patch := c.of(&f.Record)
	patch.IfVersion = 0
	patch.Set, patch.Clear, patch.Delete = f.Record.Values.Apply(patch), true, nil
	patch.Rekey = &store.Rekey{Digest: k.digest(), KeyID: p.signer.ID(0)}
	version, err := p.records.Patch(ctx, patch)
	if Gone(err) {
		return p.overtaken(ctx, f, err)
	}
	if err != nil {
		return f, err
	}
	r := f.Record.Apply(patch)
	r.Version = version
	return stay(r, k), nil
}

// overtaken goes on with a session that another request has taken over.
func (p *fromCompanions) overtaken(ctx context.Context, f Found, cause error) (Found, error) {
	there, err := p.records.Load(ctx, f.Record.ID, p.env.Now())
	if err != nil {
		return f, err
	}
	if k, ok := p.taken(&f.Record, there.Digest); ok {
		f.State, f.Shared, f.key, f.Record.Digest = Live, true, k, there.Digest
		return f, errOvertaken
	}
	return f, cause
}

func (p *fromCompanions) Use(ctx context.Context, f Found, t store.Touch, now time.Time) (Found, error) {
	if f.State != Arriving {
		return p.stored.Use(ctx, f, t, now)
	}
	return p.Write(ctx, f, Change{Patch: store.Patch{Now: now, Seen: &t}})
}

// Refuse refuses cookies that were never seen here, which begin sessions still.
func (p *fromCompanions) Refuse(ctx context.Context, subject string) error {
	return p.from.Refuse(ctx, subject)
}
