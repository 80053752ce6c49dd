package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// saveContext bounds a visit to the store that is carried out whether the client still waits or not.
func (s *Session) saveContext() (context.Context, context.CancelFunc) {
	return s.m.visit(s.r.Context())
}

// commit saves what the request did and prepares the cookie that is due. It runs once, before the first byte of the
// answer; an error means that the handler's answer must not be sent.
func (s *Session) commit(status int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.committed {
		return s.withheld
	}
	s.committed = true
	if s.cutShort(status) {
		s.reset()
		s.dropped = nil
		return nil
	}
	s.withheld = errAborted // until it is known better: a store or a callback may panic
	failed := s.err
	if failed == nil && s.loaded {
		failed = s.save()
	}
	if failed != nil {
		s.due = nil
		if !errors.Is(failed, ErrEnded) && !errors.Is(failed, errLoad) { // those are told already
			s.observe(EventSaveFailed, s.rec.ID, failed)
		}
	}
	s.err, s.withheld = failed, failed
	return failed
}

var errAborted = errors.New("session: the request was aborted while its session was saved")

// close ends the session of a request that never began its answer because its handler panicked. Nothing is saved.
func (s *Session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.committed {
		s.committed, s.withheld = true, errAborted
	}
}

// changed reports whether there is anything to save but the time.
func (s *Session) changed() bool {
	return s.clear || len(s.changes) > 0 || s.signIn != nil || s.renew || len(s.dropped) > 0
}

func (s *Session) save() error {
	now := s.m.now()
	stale := s.found && now.Sub(s.rec.LastSeen) >= s.touchEvery()
	if !s.changed() && !stale && !s.forget {
		return nil
	}
	ctx, cancel := s.saveContext()
	defer cancel()
	if err := s.deleteDropped(ctx, now); err != nil {
		return err
	}
	switch {
	case s.found && s.changed():
		return s.saveChanges(ctx)
	case stale:
		s.touch(ctx, now)
	case s.signIn != nil || s.sets():
		return s.create(ctx, now)
	}
	return nil
}

// deleteDropped ends the sessions that this request left. A value that was popped from one must be this request's alone.
func (s *Session) deleteDropped(ctx context.Context, now time.Time) error {
	if s.forget || len(s.dropped) > 0 {
		s.due = s.m.cfg.Cookie.removal()
	}
	for _, d := range s.dropped {
		if len(d.popped.Delete) > 0 {
			p := d.popped
			p.ID, p.Digest, p.Now = d.id, d.digest, now
			_, err := s.m.cfg.Store.Patch(ctx, p)
			if gone(err) {
				err = ErrEnded
			}
			if err != nil {
				return fmt.Errorf("session: save: %w", err)
			}
		}
		if err := s.m.end(ctx, d.id); err != nil {
			return err
		}
	}
	return nil
}

// sets reports whether anything is to be kept: a stranger who stores nothing costs no record and gets no cookie.
func (s *Session) sets() bool {
	for i := range s.changes {
		if s.changes[i].value != nil {
			return true
		}
	}
	return false
}

func (s *Session) create(ctx context.Context, now time.Time) error {
	key, err := s.m.newKey(nil)
	if err != nil {
		return err
	}
	life := s.m.cfg.Lifetime
	r := Record{
		ID: key.id, Digest: key.digest(), KeyID: s.m.signer.keyID(0),
		Created: now, LastSeen: now, Expires: now.Add(life.Idle), Deadline: now.Add(life.Absolute), Idle: life.Idle,
		Addr: clip(s.m.cfg.ClientAddr(s.r), 64), UserAgent: clip(s.r.UserAgent(), 256),
	}
	p := s.patch()
	p.SignIn = s.signIn
	r = r.Apply(p) // version 1
	if err := s.m.cfg.Store.Create(ctx, r); err != nil {
		return fmt.Errorf("session: create: %w", err)
	}
	s.found, s.rec, s.key, s.keyIndex = true, r, key, 0
	s.observe(EventCreated, r.ID, nil)
	if s.signIn != nil {
		s.observe(EventSignedIn, r.ID, nil)
	}
	s.setDue(now)
	return nil
}

// saveChanges patches the record under the digest of the key that the browser sent: if that is no longer the current one,
// the session was ended, renewed or revoked, and nothing of this request reaches what came after it.
func (s *Session) saveChanges(ctx context.Context) error {
	key, rekeyed := s.key, s.keyIndex != 0
	if s.signIn != nil || s.renew {
		var err error
		if key, err = s.m.newKey(&s.rec.ID); err != nil {
			return err
		}
		rekeyed = true
	}
	for try := 1; ; try++ {
		now := s.m.now()
		p := s.patch()
		p.ID, p.Digest, p.Now = s.rec.ID, s.rec.Digest, now
		p.SignIn, p.Seen = s.signIn, s.seen(now)
		if rekeyed {
			p.Rekey = &Rekey{Digest: key.digest(), KeyID: s.m.signer.keyID(0)}
		}
		version, err := s.m.cfg.Store.Patch(ctx, p)
		if err == nil {
			s.rec = s.rec.Apply(p)
			s.rec.Version, s.key, s.keyIndex = version, key, 0
			break
		}
		if err = s.again(ctx, err, try); err != nil {
			return fmt.Errorf("session: save: %w", err)
		}
	}
	switch {
	case s.signIn != nil:
		s.observe(EventSignedIn, s.rec.ID, nil)
	case s.renew:
		s.observe(EventRenewed, s.rec.ID, nil)
	}
	if rekeyed || s.rec.Persist {
		s.setDue(s.m.now())
	}
	return nil
}

// touch writes down that the session was used, and signs its cookie anew if that was signed by an old key of the ring.
// Reading must work while the store cannot write, so a failure is passed over.
func (s *Session) touch(ctx context.Context, now time.Time) {
	t, old := s.seen(now), s.keyIndex != 0
	var err error
	if old {
		p := Patch{ID: s.rec.ID, Digest: s.rec.Digest, Now: now, Seen: t}
		p.Rekey = &Rekey{Digest: s.rec.Digest, KeyID: s.m.signer.keyID(0)}
		if _, err = s.m.cfg.Store.Patch(ctx, p); err == nil {
			s.keyIndex = 0
		}
	} else {
		err = s.m.cfg.Store.Touch(ctx, s.rec.ID, s.rec.Digest, *t, now)
	}
	switch {
	case gone(err): // ended meanwhile, which the next request learns
	case err != nil:
		s.observe(EventTouchFailed, s.rec.ID, err)
	default:
		s.rec = s.rec.Touched(*t)
		if old || s.rec.Persist {
			s.setDue(now) // the same session key, with another signature or a later end
		}
	}
}

// seen is a use at now: the idle limit moves, up to the absolute one.
func (s *Session) seen(now time.Time) *Touch {
	if s.signIn != nil {
		return &Touch{LastSeen: now, Expires: s.signIn.Expires}
	}
	expires := now.Add(s.rec.Idle)
	if expires.After(s.rec.Deadline) {
		expires = s.rec.Deadline
	}
	return &Touch{LastSeen: now, Expires: expires}
}

func (s *Session) touchEvery() time.Duration { return min(s.m.cfg.TouchEvery, s.rec.Idle/4) }

// setDue makes the cookie for the current key. It never outlives the record. New made sure that it is not too large.
func (s *Session) setDue(now time.Time) {
	var expires time.Time
	if s.rec.Persist {
		expires = s.rec.Expires
	}
	s.due = s.m.cfg.Cookie.build(s.key.format(s.m.signer), now, expires)
}

// TakeCookie saves the session now and gives the cookie that its caller promises to send, or nil if none is due. It is for
// those who hijack the connection and write the answer's header themselves, such as WebSocket libraries. If the answer is
// sent the ordinary way after all, it carries the cookie once.
func (s *Session) TakeCookie() (*http.Cookie, error) {
	if s.m == nil {
		return nil, ErrNoMiddleware
	}
	if err := s.commit(http.StatusSwitchingProtocols); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = true
	return s.due, nil
}

// cookieDue reports whether a cookie waits that the answer must carry.
func (s *Session) cookieDue() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.due != nil && !s.taken
}
