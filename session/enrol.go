package session

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strings"
)

// A cookie comes from elsewhere if another program made it that shares it, or if it is older than
// the store beside it: it names no companion record. One is made when the cookie is first seen,
// under a key and with an id that are derived from what the cookie says, so that requests at the
// same time make one. Two kinds of marks, which are records that no key opens, keep a copy of such
// a cookie from coming back:
//
//   - one for each cookie that was ever enrolled, so that one whose record is gone is over, and not
//     new;
//   - one for each subject whose sessions were all ended, which refuses what was made before and
//     never seen.
//
// A record is pending until both were looked at. Whoever finds one goes on with that, so that it
// counts for nothing before, whoever dies in between. Marks of the second kind are made before
// records are listed and ended, and looked at after a record was made, so of an enrolment and an
// end at the same time one always sees the other.

// pending marks the KeyID of such a record. Its one value is a nonce, which the mark of its cookie
// has as well: a record that is made after the mark has another.
const (
	pending = "?"
	nonceOf = "nonce"
)

// enrol makes the companion record of a cookie that has none. ErrNotFound if it had one, or is
// refused.
func (s *Session) enrol(c *companion, r Record) (Record, error) {
	ctx, cancel := s.saveContext()
	defer cancel()
	switch _, err := c.Store.Load(ctx, seenMark(r.ID), c.now()); {
	case err == nil: // it is over, or a request at the same time was quicker
		if r, err = c.Store.Load(ctx, r.ID, c.now()); err != nil {
			return Record{}, err
		}
		return s.confirm(c, r)
	case !gone(err):
		return Record{}, err
	}
	k := s.m.keyed.Load()
	key := adoptedKey(k.adopter, 0, r.ID, nil)
	r.Digest, r.KeyID, r.Version = key.digest(), pending+k.signer.keyID(0), 1
	r.Addr, r.UserAgent = s.client()
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // never fails: it ends the program instead
	r.Values = Values{nonceOf: nonce}
	r = r.Touched(used(&r, c.now()))
	err := c.Store.Create(ctx, r)
	if errors.Is(err, ErrExists) { // by a request at the same time
		r, err = c.Store.Load(ctx, r.ID, c.now())
	}
	if err != nil {
		return Record{}, err
	}
	return s.confirm(c, r)
}

// confirm makes sure that a record may live, if it is pending. ErrNotFound if it may not.
func (s *Session) confirm(c *companion, r Record) (Record, error) {
	if !marked(r, pending) {
		return r, nil
	}
	ctx, cancel := s.saveContext()
	defer cancel()
	over, err := c.over(ctx, &r)
	if err != nil {
		return Record{}, err
	}
	p := Patch{
		ID: r.ID, Digest: r.Digest, Now: c.now(), IfVersion: r.Version, Clear: true,
		Rekey: &Rekey{Digest: r.Digest, KeyID: strings.TrimPrefix(r.KeyID, pending)},
	}
	if over { // nobody's, and dead
		p.Rekey.Digest = turned(r.Digest)
		p.SignIn = &SignIn{Expires: p.Now, Deadline: p.Now, Idle: r.Idle}
	}
	_, err = c.Store.Patch(ctx, p)
	switch {
	case errors.Is(err, ErrConflict), gone(err): // another request has confirmed it, and may have gone on with it
		return c.Store.Load(ctx, r.ID, c.now())
	case err != nil:
		return Record{}, err
	case over:
		if err := c.Store.Delete(ctx, r.ID); err != nil {
			return Record{}, err
		}
		return Record{}, ErrNotFound
	}
	r = r.Apply(p)
	s.observe(EventCreated, r.ID, nil)
	s.trim(ctx, r)
	return r, nil
}

// over reports whether a pending record was made for a cookie that must not come back.
func (c *companion) over(ctx context.Context, r *Record) (bool, error) {
	seen, nonce := c.mark(seenMark(r.ID)), r.Values[nonceOf]
	seen.Values = Values{nonceOf: nonce}
	err := c.Store.Create(ctx, seen)
	if errors.Is(err, ErrExists) {
		if seen, err = c.Store.Load(ctx, seen.ID, c.now()); err == nil && !bytes.Equal(seen.Values[nonceOf], nonce) {
			return true, nil
		}
	}
	if err != nil {
		return false, err
	}
	for _, id := range []ID{subjectMark(r.Subject), subjectMark("")} {
		mark, err := c.Store.Load(ctx, id, c.now())
		switch {
		case gone(err):
		case err != nil:
			return false, err
		case !r.SignedIn.After(mark.LastSeen):
			return true, nil
		}
	}
	return false, nil
}

// endBefore refuses from now on cookies of a subject (of everybody, for "") that were made before
// and never seen.
func (c *companion) endBefore(ctx context.Context, subject string) error {
	for range maxTries {
		r := c.mark(subjectMark(subject))
		err := c.Store.Create(ctx, r)
		if !errors.Is(err, ErrExists) {
			return err
		}
		err = c.Store.Touch(ctx, r.ID, r.Digest, Touch{LastSeen: r.LastSeen, Expires: r.Expires}, r.LastSeen)
		if !gone(err) {
			return err
		}
		if err := c.Store.Delete(ctx, r.ID); err != nil { // its time is over
			return err
		}
	}
	return ErrConflict
}

// markKey is the KeyID of marks.
const markKey = "mark"

// mark is a record that no key opens. Its time is LastSeen, which only moves forward.
func (c *companion) mark(id ID) Record {
	now := c.now()
	end := now.Add(c.keep)
	return Record{
		ID: id, Digest: sha256.Sum256([]byte("no key opens a mark")), Version: 1, KeyID: markKey,
		Created: now, LastSeen: now, Expires: end, Deadline: end, Idle: c.keep,
	}
}

func seenMark(id ID) ID { return markID("seen", string(id[:])) }

func subjectMark(subject string) ID { return markID("ended before", subject) }

func markID(kind, of string) (id ID) {
	sum := sha256.Sum256([]byte("doorbook/session mark " + kind + "\x00" + of))
	copy(id[:], sum[:])
	return id
}
