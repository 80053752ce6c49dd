package place

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"

	"github.com/doorbook/doorbook/session/store"
)

// A cookie comes from elsewhere if another program made it that shares it, or if it is older than
// the store beside it: it names no companion record. One is made when the cookie is first seen,
// under a key and with an id that are derived from what the cookie says, so that requests at the
// same time make one. Marks (marks.go) keep a copy of such a cookie from coming back.
//
// A record is store.Pending until the marks were looked at. Whoever finds one goes on with that, so
// that it counts for nothing before, whoever dies in between.

// nonceOf is the one value of a pending record: a nonce, which the mark of its cookie has as well.
// A record that is made after the mark has another.
const nonceOf = "nonce"

// enrol makes the companion record of a cookie that has none. ErrNotFound if it had one, or is
// refused.
func (p *accompanied) enrol(ctx context.Context, r store.Record, by Visitor) (store.Record, bool, error) {
	switch _, err := p.records.Load(ctx, seenMark(r.ID), p.env.Now()); {
	case err == nil: // it is over, or a request at the same time was quicker
		if r, err = p.records.Load(ctx, r.ID, p.env.Now()); err != nil {
			return store.Record{}, false, err
		}
		return p.confirm(ctx, r)
	case !Gone(err):
		return store.Record{}, false, err
	}
	k := derivedKey(p.adopter, 0, r.ID, nil)
	r.Digest, r.KeyID, r.State, r.Version = k.digest(), p.signer.ID(0), store.Pending, 1
	r.Addr, r.UserAgent = by.Client()
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails: it ends the program instead
	r.Values = store.Values{nonceOf: nonce}
	r = r.Touched(Used(&r, p.env.Now()))
	err := p.records.Create(ctx, r)
	if errors.Is(err, store.ErrExists) { // by a request at the same time
		r, err = p.records.Load(ctx, r.ID, p.env.Now())
	}
	if err != nil {
		return store.Record{}, false, err
	}
	return p.confirm(ctx, r)
}

// confirm makes sure that a record may live, if it is pending, and reports whether it begins to
// with that. ErrNotFound if it may not.
func (p *accompanied) confirm(ctx context.Context, r store.Record) (store.Record, bool, error) {
	if r.State != store.Pending {
		return r, false, nil
	}
	over, err := p.over(ctx, &r)
	if err != nil {
		return store.Record{}, false, err
	}
	patch := store.Patch{
		ID: r.ID, Digest: r.Digest, Now: p.env.Now(), IfVersion: r.Version, Clear: true,
		Rekey: &store.Rekey{Digest: r.Digest, KeyID: r.KeyID},
	}
	if over { // nobody's, and dead
		patch.Rekey.Digest = turned(r.Digest)
		patch.SignIn = &store.SignIn{Expires: patch.Now, Deadline: patch.Now, Idle: r.Idle}
	}
	_, err = p.records.Patch(ctx, patch)
	switch {
	case errors.Is(err, store.ErrConflict), Gone(err): // another request has confirmed it, and may have gone on with it
		r, err = p.records.Load(ctx, r.ID, p.env.Now())
		return r, false, err
	case err != nil:
		return store.Record{}, false, err
	case over:
		if err := p.records.Delete(ctx, r.ID); err != nil {
			return store.Record{}, false, err
		}
		return store.Record{}, false, store.ErrNotFound
	}
	return r.Apply(patch), true, nil
}

// turned returns a digest that is the hash of nothing that anybody could find.
func turned(d store.Digest) store.Digest {
	for i := range d {
		d[i] = ^d[i]
	}
	return d
}

// over reports whether a pending record was made for a cookie that must not come back.
func (p *accompanied) over(ctx context.Context, r *store.Record) (bool, error) {
	nonce := r.Values[nonceOf]
	seen := p.mark(seenMark(r.ID))
	seen.Values = store.Values{nonceOf: nonce}
	err := p.records.Create(ctx, seen)
	if errors.Is(err, store.ErrExists) {
		seen, err = p.records.Load(ctx, seen.ID, p.env.Now())
		if err == nil && !bytes.Equal(seen.Values[nonceOf], nonce) {
			return true, nil
		}
	}
	if err != nil {
		return false, err
	}
	for _, id := range []store.ID{subjectMark(r.Subject), subjectMark("")} {
		mark, err := p.records.Load(ctx, id, p.env.Now())
		switch {
		case Gone(err):
		case err != nil:
			return false, err
		case !r.SignedIn.After(mark.LastSeen):
			return true, nil
		}
	}
	return false, nil
}
