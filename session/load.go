package session

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// load finds the session's record at the first use. It reports false if the session is unusable.
func (s *Session) load() bool {
	if s.loaded {
		return s.err == nil
	}
	if s.err != nil {
		return false
	}
	if s.committed {
		s.err = ErrCommitted
		return false
	}
	s.loaded, s.asked = true, true
	value, duplicate := s.presented()
	if s.sent = value != "" || duplicate; !s.sent {
		return true
	}
	s.err = errAborted // until it is known better: a store or a callback may panic
	if duplicate || !s.recognise(value) {
		s.observe(EventUnreadable, ID{}, errCookie)
	}
	if errors.Is(s.err, errAborted) {
		s.err = nil
	}
	return s.err == nil
}

var (
	errLoad   = errors.New("session: load")
	errCookie = errors.New("session: the cookie is not one of ours")
)

// presented gives what the request wants to be recognised by.
func (s *Session) presented() (value string, duplicate bool) {
	if name := s.m.cfg.Header; name != "" {
		if lines := s.r.Header[name]; len(lines) > 0 {
			s.byHeader = true
			value = lines[0]
			if n := len("Bearer "); len(value) >= n && strings.EqualFold(value[:n], "Bearer ") {
				value = value[n:]
			}
			return value, len(lines) > 1
		}
	}
	value, duplicate = findCookie(s.r.Header, s.m.cfg.Cookie.Name)
	if name := s.m.cfg.Old.Cookie.Name; value == "" && !duplicate && name != s.m.cfg.Cookie.Name {
		value, duplicate = findCookie(s.r.Header, name)
		s.oldCookie = value != "" || duplicate
	}
	return value, duplicate
}

// recognise finds the record of a session key, in the home of today or the one before. It reports
// false for a key that is not of ours, which costs no visit to a store.
func (s *Session) recognise(value string) bool {
	k := s.m.keyed.Load()
	if !s.oldCookie && s.recogniseIn(&k.home, value) {
		return true
	}
	if k.old == nil || !s.oldCookie && !s.byHeader && k.old.cookie.Name != k.cookie.Name {
		return false
	}
	if !s.recogniseIn(k.old, value) {
		return false
	}
	if s.live() {
		if k.carrier != nil && s.rec.Parent != (ID{}) { // no cookie can say that its parent has ended
			s.found, s.rec = false, Record{}
			return true
		}
		s.resign = true
		if k.old.carrier != nil && k.carrier == nil && !s.there {
			s.adoptable(k)
			s.moved = true
		}
	}
	return true
}

func (s *Session) recogniseIn(h *home, value string) bool {
	if h.carrier != nil {
		o, err := s.m.recall(h.carrier, value)
		if err != nil {
			return false
		}
		if h.beside != nil {
			s.accompany(h.beside, o)
			return true
		}
		if now := s.m.now(); s.m.alive(&o.Record, now) && s.valid(&o.Record) {
			s.open()
			s.found, s.known, s.rec, s.resign, s.at = true, true, o.Record, o.Old, now.UnixMilli()
			s.shared = o.Derived
		}
		return true
	}
	key, index, ok := parseKey(value, h.signer)
	if !ok {
		return false
	}
	s.open()
	rec, now := &s.rec, s.m.now()
	err := s.fetch(h.store, key.id, now, rec)
	digest := key.digest()
	current := subtle.ConstantTimeCompare(digest[:], rec.Digest[:]) == 1
	switch {
	case gone(err):
		s.observe(EventRevived, key.id, err)
	case errors.Is(err, ErrUnreadable):
		s.observe(EventUnreadable, key.id, err)
		if current {
			s.broken, s.known = key.id, true
		}
	case err != nil:
		s.loadFailed(key.id, err)
	case !current:
		s.superseded = key.id
	case s.holds(h.store, rec):
		s.found, s.known, s.key, s.at = true, true, key, now.UnixMilli()
		s.resign = index != 0 || rec.KeyID != s.m.keyed.Load().signer.keyID(0)
		return true
	}
	s.rec = Record{}
	return true
}

func (s *Session) loadFailed(id ID, err error) {
	s.observe(EventLoadFailed, id, err)
	s.err = fmt.Errorf("%w: %w", errLoad, err)
}

// fetch does not stop when the client hangs up: what the handler goes on to write belongs to this
// record.
func (s *Session) fetch(store Store, id ID, now time.Time, rec *Record) (err error) {
	ctx := context.Background()
	if !s.m.inProcess {
		var cancel context.CancelFunc
		ctx, cancel = s.m.visit(s.r.Context())
		defer cancel()
	}
	*rec, err = store.Load(ctx, id, now)
	if err == nil && !s.m.alive(rec, now) {
		return ErrNotFound
	}
	return err
}

// holds reports whether a live record may be used: the session that it was issued by lives, if
// there is one, and Config.Valid has nothing against that.
func (s *Session) holds(store Store, rec *Record) bool {
	if rec.Parent == (ID{}) {
		return s.valid(rec)
	}
	var parent Record
	err := s.fetch(store, rec.Parent, s.m.now(), &parent)
	switch {
	case gone(err), err == nil && parent.Subject != rec.Subject:
		s.endQuietly(rec.ID)
		return false
	case err != nil && !errors.Is(err, ErrUnreadable):
		s.loadFailed(rec.ID, err)
		return false
	}
	return s.valid(&parent)
}

// valid asks Config.Valid about a session of somebody who is signed in. One that is declared
// invalid is ended.
func (s *Session) valid(rec *Record) bool {
	if s.m.cfg.Valid == nil || rec.Subject == "" {
		return true
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.r.Context()), s.m.cfg.SaveTimeout)
	defer cancel()
	ok, err := s.m.cfg.Valid(ctx, s.m.view(s.r, *rec))
	switch {
	case err != nil:
		s.loadFailed(rec.ID, err)
		return false
	case !ok:
		s.endQuietly(rec.ID)
	}
	return ok
}

// endQuietly deletes a record that answers to nobody any more. If that fails the next request finds
// the same.
func (s *Session) endQuietly(id ID) {
	if err := s.m.end(s.r.Context(), id); err != nil {
		s.observe(EventSaveFailed, id, err)
	}
}

// view is a session that can only be read, for Config.Valid.
func (m *Manager) view(r *http.Request, rec Record) *Session {
	return &Session{m: m, r: r, loaded: true, committed: true, state: &state{found: true, rec: rec, bytes: -1}}
}
