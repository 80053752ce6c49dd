package session

import (
	"crypto/subtle"
	"errors"
	"fmt"
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
	s.loaded, s.bytes = true, -1
	value, duplicate := findCookie(s.r.Header, s.m.cfg.Cookie.Name)
	if s.sent = value != "" || duplicate; !s.sent {
		return true
	}
	key, index, ok := parseKey(value, s.m.signer)
	if !ok {
		s.observe(EventUnreadable, ID{}, errCookie)
		return true
	}
	rec, err := s.fetch(key.id)
	digest := key.digest()
	current := subtle.ConstantTimeCompare(digest[:], rec.Digest[:]) == 1
	switch {
	case gone(err):
	case errors.Is(err, ErrUnreadable):
		s.observe(EventUnreadable, key.id, err)
		if current {
			s.broken, s.known = key.id, true
		}
	case err != nil:
		s.observe(EventLoadFailed, key.id, err)
		s.err = fmt.Errorf("%w: %w", errLoad, err)
		return false
	case current:
		s.found, s.known, s.rec, s.key, s.keyIndex = true, true, rec, key, index
	default:
		s.superseded = key.id
	}
	return true
}

var (
	errLoad   = errors.New("session: load")
	errCookie = errors.New("session: the cookie is not one of ours")
)

// fetch does not stop when the client hangs up: what the handler goes on to write belongs to this record.
func (s *Session) fetch(id ID) (Record, error) {
	ctx, cancel := s.m.visit(s.r.Context())
	defer cancel()
	now := s.m.now()
	rec, err := s.m.cfg.Store.Load(ctx, id, now)
	if err == nil && (!now.Before(rec.Expires) || !now.Before(rec.Deadline)) {
		return Record{}, ErrNotFound
	}
	return rec, err
}
