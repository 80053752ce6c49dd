package session

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"
)

// With a Carrier and a Store together the data of a session travels in its cookie, and a companion
// record in the store, which holds everything but the values, says that it lives: so it can be
// listed, and ended, and no copy of its cookie opens it then. Only sessions of somebody who is
// signed in have one; strangers' live in their cookies alone.
//
// A cookie may come from elsewhere; enrol.go has the rules for those.

// companion is the Store of companion records.
type companion struct {
	Store
	now  func() time.Time
	keep time.Duration // how long a cookie from elsewhere may come back: the longest lifetime
}

func (c *companion) Create(ctx context.Context, r Record) error {
	if r.Subject == "" {
		return nil
	}
	r.Values = nil
	return c.Store.Create(ctx, r)
}

// Patch leaves the values alone, and with them the version that they are of.
func (c *companion) Patch(ctx context.Context, p Patch) (int64, error) {
	p.Clear, p.Delete, p.Set, p.IfVersion = false, nil, nil, 0
	return c.Store.Patch(ctx, p)
}

// accompany recognises a cookie by its companion record.
func (s *Session) accompany(c *companion, o Opened) {
	rec, now := o.Record, s.m.now()
	if o.Left != (ID{}) {
		if err := s.m.end(s.r.Context(), o.Left); err != nil {
			s.loadFailed(o.Left, err)
			return
		}
	}
	s.open()
	s.at, s.resign, s.sealedAt = now.UnixMilli(), o.Old, o.Record.LastSeen
	if rec.Subject == "" {
		if s.m.alive(&rec, now) {
			rec.Digest = Digest{}
			s.found, s.known, s.afresh, s.shared, s.rec = true, true, true, o.Derived, rec
		}
		return
	}
	stored, err := s.companionOf(c, rec, now)
	switch {
	case gone(err), err == nil && stored.Subject != rec.Subject:
		// Elsewhere the cookie may still open what it holds, so a browser that asks for a page is
		// told to forget it.
		s.forget = reads(s.r) && wantsPage(s.r) && !s.oldCookie
		return
	case err != nil:
		s.loadFailed(rec.ID, fmt.Errorf("companion record: %w", err))
		return
	}
	leaves := s.m.keyed.Load().carrier == nil // for the store, with its values
	switch {
	case leaves && s.takenOver(&rec, &stored): // another request has taken it there
		s.there = true
	case !s.opens(&rec, &stored):
		s.superseded = rec.ID
		return
	default:
		stored.Values, stored.Persist = rec.Values, rec.Persist
		s.enrolled = rec.Digest == (Digest{})
		if leaves {
			s.left = stored.Digest
		}
	}
	if s.valid(&stored) {
		s.found, s.known, s.rec = true, true, stored
	}
}

// companionOf finds the companion record of a cookie, or makes it. ErrNotFound if the session is
// over.
func (s *Session) companionOf(c *companion, rec Record, now time.Time) (stored Record, err error) {
	err = s.fetch(c.Store, rec.ID, now, &stored)
	switch {
	case err == nil, errors.Is(err, ErrUnreadable): // its values do not matter
		return s.confirm(c, stored)
	case gone(err) && rec.Digest == (Digest{}) && s.m.alive(&rec, now):
		return s.enrol(c, rec)
	}
	return stored, err
}

// opens reports whether what came in a cookie is of the same key as its companion record.
func (s *Session) opens(rec, stored *Record) bool {
	if rec.Digest == (Digest{}) {
		signer := s.m.keyed.Load().adopter
		for i := range signer.keys {
			if key := adoptedKey(signer, i, stored.ID, nil); key.digest() == stored.Digest {
				return true
			}
		}
		return false
	}
	return subtle.ConstantTimeCompare(rec.Digest[:CarriedDigest], stored.Digest[:CarriedDigest]) == 1
}

// takenOver reports whether a session has left its cookie for the store, and makes the key that it
// has there the session's: one that is derived from what the cookie says of its key, so that no
// earlier cookie opens it.
func (s *Session) takenOver(rec, stored *Record) bool {
	signer := s.m.keyed.Load().adopter
	for i := range signer.keys {
		said := rec.Digest
		if said == (Digest{}) {
			k := adoptedKey(signer, i, rec.ID, nil)
			said = k.digest()
		}
		for j := range signer.keys {
			if key := adoptedKey(signer, j, rec.ID, said[:CarriedDigest]); key.digest() == stored.Digest {
				s.key = key
				return true
			}
		}
	}
	return false
}

// beside reports whether sessions of today have companion records.
func (s *Session) beside() bool { return s.m.keyed.Load().beside != nil }

// accompanied makes the companion record of a stranger's session once it is somebody's, under an id
// that nobody else has.
func (s *Session) accompanied(ctx context.Context, p Patch) (version int64, err error) {
	r := s.rec
	r.Version = 0
	if r = r.Apply(p); r.Subject == "" {
		return r.Version, nil
	}
	made, err := s.m.newKey(nil)
	if err != nil {
		return 0, err
	}
	r.ID = made.id
	if r.Addr == "" {
		r.Addr, r.UserAgent = s.client()
	}
	if err := s.store().Create(ctx, r); err != nil {
		return 0, err
	}
	s.rec.ID, s.afresh = r.ID, false
	return r.Version, nil
}
