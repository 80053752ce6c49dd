package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// changed reports whether there is anything to save but the time.
func (s *Session) changed() bool {
	return s.state != nil && (s.clear || len(s.changes) > 0 || s.signIn != nil || s.renew || len(s.dropped) > 0)
}

func (s *Session) save() error {
	if s.state == nil {
		return nil
	}
	stale := s.found && (s.enrolled || time.Duration(s.at-s.rec.LastSeen.UnixMilli())*time.Millisecond >= s.touchEvery())
	if !s.changed() && !stale && !s.forget && !s.unsealed {
		return nil
	}
	now := s.m.now()
	ctx, cancel := s.saveContext()
	defer cancel()
	var made *creation
	if !s.found && (s.signIn != nil || s.sets()) {
		var err error
		if made, err = s.prepare(now); err != nil { // before anything is deleted
			return err
		}
	}
	if err := s.deleteDropped(ctx, now); err != nil {
		return err
	}
	switch {
	case s.found && s.changed():
		return s.saveChanges(ctx)
	case stale:
		s.touch(ctx, now)
	case s.unsealed:
		s.needed = true
		return s.setDue(now, sealedGrowth)
	case made != nil:
		return s.create(ctx, made, now)
	}
	return nil
}

// store is where the sessions of today live.
func (s *Session) store() Store { return s.m.keyed.Load().store }

// deleteDropped ends the sessions that this request left. A value that was popped from one must be
// this request's alone.
func (s *Session) deleteDropped(ctx context.Context, now time.Time) error {
	if s.forget || len(s.dropped) > 0 {
		s.due, s.needed = s.m.cfg.Cookie.removal(), true
	}
	for _, d := range s.dropped {
		if len(d.popped.Delete) > 0 {
			if err := s.popDropped(ctx, d, now); err != nil {
				return fmt.Errorf("session: save: %w", err)
			}
		}
		if err := s.m.end(s.r.Context(), d.id); err != nil {
			return err
		}
	}
	return nil
}

// popDropped takes popped values out of a record that is about to be deleted, unless another
// request was quicker.
func (s *Session) popDropped(ctx context.Context, d departed, now time.Time) error {
	p := d.popped
	p.ID, p.Digest, p.Now = d.id, d.digest, now
	for try := 1; ; try++ {
		_, err := s.store().Patch(ctx, p)
		switch {
		case gone(err):
			return ErrEnded
		case !errors.Is(err, ErrConflict) || try >= maxTries:
			return err
		}
		rec, err := s.store().Load(ctx, d.id, now)
		switch {
		case gone(err), err == nil && rec.Digest != d.digest:
			return ErrEnded
		case err != nil:
			return err
		}
		for key, value := range d.before {
			if !bytes.Equal(rec.Values[key], value) {
				return fmt.Errorf("%w: %q was popped by this request and changed by another", ErrConflict, key)
			}
		}
		p.IfVersion = rec.Version
	}
}

// sets reports whether anything is to be kept: a stranger who stores nothing costs no record and
// gets no cookie.
func (s *Session) sets() bool {
	for i := range s.changes {
		if s.changes[i].value != nil {
			return true
		}
	}
	return false
}

// creation is a record that is about to be stored, and the key that opens it.
type creation struct {
	rec Record
	key sessionKey
}

// prepare makes the record of a new session.
func (s *Session) prepare(now time.Time) (*creation, error) {
	key, err := s.m.newKey(nil)
	if err != nil {
		return nil, err
	}
	k, life := s.m.keyed.Load(), s.m.cfg.Lifetime
	r := Record{
		ID: key.id, Digest: key.digest(), KeyID: k.signer.keyID(0),
		Created: now, LastSeen: now, Expires: now.Add(life.Idle), Deadline: now.Add(life.Absolute), Idle: life.Idle,
	}
	r.Addr, r.UserAgent = s.client()
	if k.carrier != nil && k.beside == nil {
		r.Digest = Digest{}
	}
	p := s.patch()
	p.SignIn = s.signIn
	r = r.Apply(p) // version 1
	return &creation{r, key}, s.fits(k, &r, now)
}

func (s *Session) create(ctx context.Context, made *creation, now time.Time) error {
	r := made.rec
	if err := s.store().Create(ctx, r); err != nil {
		return fmt.Errorf("session: create: %w", err)
	}
	s.found, s.rec, s.key, s.needed = true, r, made.key, true
	s.afresh = s.beside() && r.Subject == ""
	if err := s.setDue(now, sealedGrowth); err != nil {
		return err
	}
	s.observe(EventCreated, r.ID, nil)
	if s.signIn != nil {
		s.signedIn(ctx)
	}
	return nil
}

// standAlone saves a sign-in whose stranger's session was renewed or ended meanwhile, as by a
// double click: it has proved who is there, so it makes a session of its own, with what this
// request has set, and touches nothing of what came after the other (P14).
func (s *Session) standAlone(ctx context.Context, now time.Time) error {
	made, err := s.prepare(now)
	if err != nil {
		return err
	}
	return s.create(ctx, made, now)
}

// client gives what lists show of the one who holds the session.
func (s *Session) client() (addr, userAgent string) {
	return clip(s.m.cfg.ClientAddr(s.r), maxAddr), clip(s.r.UserAgent(), maxUserAgent)
}

// saveChanges patches the record under the digest of the key that the browser sent: if that is no
// longer the current one, the session was ended, renewed or revoked, and nothing of this request
// reaches what came after it.
func (s *Session) saveChanges(ctx context.Context) error {
	k := s.m.keyed.Load()
	key, rekeyed := s.key, s.resign && (!s.bare || s.afresh)
	s.needed = s.needed || s.signIn != nil || s.renew || s.afresh || k.carrier != nil
	drawn := s.signIn != nil || s.renew
	if drawn {
		var err error
		if key, err = s.m.newKey(&s.rec.ID); err != nil {
			return err
		}
		rekeyed = true
	}
	now := s.m.now()
	for try := 1; ; try++ {
		if !drawn {
			key = s.key // which an adoption may learn from another request
		}
		p := s.patch()
		p.ID, p.Digest, p.Now = s.rec.ID, s.rec.Digest, now
		p.SignIn, p.Seen = s.signIn, s.seen(now)
		if rekeyed {
			p.Rekey = &Rekey{Digest: key.digest(), KeyID: k.signer.keyID(0)}
			if k.carrier != nil && (!drawn || k.beside == nil) {
				p.Rekey.Digest = s.rec.Digest // of its key the cookie tells no more; or another node keeps the companion record
			}
		}
		if k.beside != nil {
			r := s.rec.Apply(p)
			if err := s.fits(k, &r, now); err != nil {
				return err
			}
		}
		version, err := s.apply(ctx, k.store, p)
		if err == nil {
			if before := s.rec.Version; p.IfVersion == 0 && version != before+1 {
				version = before // others wrote in between what was not read here: a change that depends on it must conflict
			}
			s.applied(p, k.carrier != nil)
			s.rec.Version, s.key, s.resign = version, key, s.resign && !rekeyed
			break
		}
		if err = s.again(ctx, err, try); err != nil {
			if errors.Is(err, ErrEnded) && s.signIn != nil && s.rec.Subject == "" && k.carrier == nil {
				return s.standAlone(ctx, now)
			}
			return fmt.Errorf("session: save: %w", err)
		}
	}
	if s.needed || !s.bare && (rekeyed || s.rec.Persist) {
		if err := s.setDue(now, sealedGrowth); err != nil {
			return err
		}
	}
	switch {
	case s.signIn != nil:
		s.signedIn(ctx)
	case s.renew:
		s.observe(EventRenewed, s.rec.ID, nil)
	}
	return nil
}

// applied brings the record up to date after a patch that was saved. Its values follow only where
// they are needed: what this request sees of them lies in its changes anyway.
func (s *Session) applied(p Patch, values bool) {
	if !values {
		p.Clear, p.Delete, p.Set = false, nil, nil
	}
	s.rec = s.rec.Apply(p)
}

// apply patches the record where it lives, or stores it with the patch if it lives nowhere yet.
func (s *Session) apply(ctx context.Context, store Store, p Patch) (int64, error) {
	if s.afresh {
		return s.adopt(ctx, p)
	}
	return store.Patch(ctx, p)
}

// touch writes down that the session was used, and signs its cookie anew if that was signed by an
// old key of the ring. Reading must work while the store cannot write, so a failure is passed over.
func (s *Session) touch(ctx context.Context, now time.Time) {
	k, t := s.m.keyed.Load(), s.seen(now)
	if s.bare && k.carrier != nil && !s.unsealed {
		return
	}
	s.needed = s.needed || s.unsealed
	renewed := s.unsealed || !s.bare && s.cookieAges(k, now)
	var err error
	switch {
	case s.afresh && s.beside(): // a stranger's, of which nothing is stored
		s.resign = false
	case s.resign && !s.bare:
		p := Patch{ID: s.rec.ID, Digest: s.rec.Digest, Now: now, Seen: t}
		p.Rekey = &Rekey{Digest: s.rec.Digest, KeyID: k.signer.keyID(0)}
		if _, err = s.apply(ctx, k.store, p); err == nil {
			s.resign = false
		}
	default:
		err = k.store.Touch(ctx, s.rec.ID, s.rec.Digest, *t, now)
	}
	if err == nil {
		s.rec = s.rec.Touched(*t)
	}
	if renewed && (err == nil || s.unsealed && !gone(err)) {
		err = errors.Join(err, s.setDue(now, 0)) // the same session key, with another signature or a later end
	}
	if err != nil && !gone(err) { // that it ended meanwhile is what the next request learns
		s.observe(EventTouchFailed, s.rec.ID, err)
	}
}

// cookieAges reports whether a use asks for another cookie. One that holds the values is not sent
// without need where the store tells the time: what another request, or the program that shares the
// cookie, has changed meanwhile would be lost.
func (s *Session) cookieAges(k *keyed, now time.Time) bool {
	switch {
	case s.resign || s.enrolled:
		return true
	case k.beside != nil:
		return now.Sub(s.sealedAt) >= min(24*time.Hour, s.rec.Idle/4)
	}
	return s.rec.Persist || k.carrier != nil
}

// seen is a use at now: the idle limit moves, up to the absolute one.
func (s *Session) seen(now time.Time) *Touch {
	if s.signIn != nil {
		return &Touch{LastSeen: now, Expires: s.signIn.Expires}
	}
	t := used(&s.rec, now)
	return &t
}

func used(r *Record, now time.Time) Touch {
	expires := now.Add(r.Idle)
	if expires.After(r.Deadline) {
		expires = r.Deadline
	}
	return Touch{LastSeen: now, Expires: expires}
}

// touchEvery is how often a use is written down: so often that neither the session's idle limit nor
// today's is missed.
func (s *Session) touchEvery() time.Duration {
	return min(s.m.cfg.TouchEvery, s.rec.Idle/4, s.m.lifetime(s.rec.Persist).Idle/4)
}

// sealedGrowth is by how much a cookie that holds its session may grow while that is only used: it
// tells for how long that has lived.
const sealedGrowth = 16

// setDue makes the cookie for the session as it is now. It never outlives the record. One that
// holds the session must leave that much room to grow.
func (s *Session) setDue(now time.Time, room int) error {
	k := s.m.keyed.Load()
	due, err := k.dueCookie(s, &s.rec, now, room)
	if err == nil {
		s.due, s.unsealed, s.enrolled = due, false, false
	}
	return err
}

// fits reports whether a record will fit in its cookie, before its companion record is changed.
func (s *Session) fits(k *keyed, r *Record, now time.Time) error {
	if k.beside == nil {
		return nil
	}
	_, err := k.dueCookie(s, r, now, sealedGrowth)
	return err
}

func (k *keyed) dueCookie(s *Session, r *Record, now time.Time, room int) (*http.Cookie, error) {
	var expires time.Time
	if r.Persist {
		expires = r.Expires
	}
	if k.carrier == nil {
		return k.cookie.build(s.key.format(k.signer), now, expires), nil // New made sure that it is not too large
	}
	carried := *r
	if r.Subject == "" {
		carried.Digest = Digest{} // there is no companion record
	}
	value, err := k.carrier.Seal(carried)
	if err != nil {
		return nil, fmt.Errorf("session: save: %w", err)
	}
	if value == "" {
		return k.cookie.removal(), nil
	}
	due := k.cookie.build(value, now, expires)
	if n := len(due.String()) + room; n > maxCookie {
		return nil, fmt.Errorf("session: save: %w: a cookie of %d bytes, at most %d", ErrTooLarge, n, maxCookie)
	}
	return due, nil
}
