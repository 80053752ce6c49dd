package session

import (
	"context"
	"errors"
	"fmt"
)

// A session that came in a cookie of the old home is stored at its first write, or with the first
// use that is written down. Its key is derived, not drawn: of requests that come at the same time
// with the same cookie each finds the same, and so one record comes of them.

// adoptable readies a record that is not in the store yet.
func (s *Session) adoptable(k *keyed) {
	s.afresh = true
	if s.shared && s.rec.Subject == "" {
		made, err := s.m.newKey(nil)
		if err != nil {
			s.loadFailed(s.rec.ID, err)
			return
		}
		s.rec.ID = made.id
	}
	var from []byte
	if s.left != (Digest{}) {
		from = s.left[:CarriedDigest]
	}
	s.key = adoptedKey(k.adopter, 0, s.rec.ID, from)
	s.rec.Digest, s.rec.KeyID, s.rec.Version = s.key.digest(), k.signer.keyID(0), 1
	s.rec.Addr, s.rec.UserAgent = s.client()
}

// adoptedKey is the session key that one key of the ring derives from an id, and from what else is
// known of the session.
func adoptedKey(signer *Signer, index int, id ID, from []byte) sessionKey {
	k := sessionKey{id: id}
	sum := signer.keys[index].sum(append(append([]byte("adopted "), id[:]...), from...))
	copy(k.secret[:], sum[:])
	return k
}

// adopt stores it, with a patch upon it. ErrConflict if another request was quicker.
func (s *Session) adopt(ctx context.Context, p Patch) (version int64, err error) {
	switch {
	case s.left != (Digest{}):
		return s.takeValues(ctx, p)
	case s.beside():
		return s.accompanied(ctx, p)
	}
	r := s.rec
	r.Version = 0
	r = r.Apply(p)
	switch err = s.store().Create(ctx, r); {
	case errors.Is(err, ErrExists):
		if r.Version, err = s.overtake(ctx, r); err != nil {
			return 0, err
		}
	case err != nil:
		return 0, err
	}
	s.afresh = false
	s.observe(EventMoved, r.ID, nil)
	return r.Version, nil
}

// overtake puts a session that came in a cookie in the place of what is stored of it, if that is
// older: it was left there when the session moved into the cookie, by another node or before. If it
// is not older another request has stored it, with a key that any key of the ring may have derived.
func (s *Session) overtake(ctx context.Context, r Record) (version int64, err error) {
	left, err := s.store().Load(ctx, r.ID, s.m.now())
	switch {
	case gone(err): // dead: its time went by while the session was in the cookie
		if err = s.store().Delete(ctx, r.ID); err == nil {
			err = s.store().Create(ctx, r)
		}
		return r.Version, err
	case err != nil:
		return 0, err
	case !s.rec.LastSeen.After(left.LastSeen):
		signer := s.m.keyed.Load().adopter
		for i := range signer.keys {
			if key := adoptedKey(signer, i, r.ID, nil); key.digest() == left.Digest {
				s.key, s.rec.Digest = key, left.Digest
			}
		}
		s.afresh = false
		return 0, fmt.Errorf("%w: stored by another request", ErrConflict)
	}
	return s.store().Patch(ctx, Patch{
		ID: r.ID, Digest: left.Digest, Now: s.m.now(), IfVersion: left.Version, Clear: true, Set: r.Values,
		Rekey: &Rekey{r.Digest, r.KeyID},
		SignIn: &SignIn{
			Subject: r.Subject, SignedIn: r.SignedIn, Expires: r.Expires, Deadline: r.Deadline, Idle: r.Idle,
			Persist: r.Persist, Addr: r.Addr, UserAgent: r.UserAgent,
		},
		Seen: &Touch{r.LastSeen, r.Expires},
	})
}

// takeValues gives a companion record the values of its cookie, which becomes a session of the
// store with that.
func (s *Session) takeValues(ctx context.Context, p Patch) (version int64, err error) {
	p.Set, p.Clear, p.Delete = s.rec.Values.Apply(p), true, nil
	p.Digest, p.IfVersion = s.left, 0
	if p.Rekey == nil {
		p.Rekey = &Rekey{s.rec.Digest, s.rec.KeyID}
	}
	version, err = s.store().Patch(ctx, p)
	if gone(err) {
		left, e := s.store().Load(ctx, p.ID, p.Now)
		from := s.rec
		from.Digest = s.left
		if e == nil && s.takenOver(&from, &left) {
			s.rec.Digest, s.afresh, s.left = left.Digest, false, Digest{}
			return 0, fmt.Errorf("%w: stored by another request", ErrConflict)
		}
		return 0, errors.Join(err, e)
	}
	if err == nil {
		s.afresh, s.left = false, Digest{}
		s.observe(EventMoved, p.ID, nil)
	}
	return version, err
}

// storeNow adopts ahead of the commit, for calls that need the record in the store.
func (s *Session) storeNow(ctx context.Context) error {
	if !s.afresh {
		return nil
	}
	if s.committed {
		return ErrCommitted
	}
	now := s.m.now()
	p := Patch{ID: s.rec.ID, Digest: s.rec.Digest, Now: now, Seen: s.seen(now)}
	version, err := s.adopt(ctx, p)
	if errors.Is(err, ErrConflict) {
		err = s.again(ctx, err, 1)
		version = s.rec.Version
	}
	if err != nil {
		return err
	}
	s.rec = s.rec.Touched(*p.Seen)
	s.rec.Version, s.unsealed = version, true
	return nil
}
