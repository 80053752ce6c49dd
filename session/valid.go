package session

import (
	"context"

	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/store"
)

// valid asks Config.Valid about a session of somebody who is signed in; about the one that issued
// it, if that is so. One that is declared invalid ends.
func (s *Session) valid(f *place.Found) bool {
	rec := &f.Record
	if f.Parent != nil {
		rec = f.Parent
	}
	if s.m.cfg.Valid == nil || rec.Subject == "" {
		return true
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.r.Context()), s.m.cfg.SaveTimeout)
	defer cancel()
	ok, err := s.m.cfg.Valid(ctx, s.view(*rec))
	switch {
	case err != nil:
		s.loadFailed(rec.ID, err)
		return false
	case !ok:
		s.endQuietly(rec.ID)
	}
	return ok
}

// end ends sessions of the place where this one is.
func (s *Session) end(ids ...ID) error { return s.m.end(s.r.Context(), s.in.place.Records(), ids...) }

// endQuietly ends a session that answers to nobody any more. If that fails the next request finds
// the same.
func (s *Session) endQuietly(id ID) {
	if err := s.end(id); err != nil {
		s.observe(EventSaveFailed, id, err)
	}
}

// view is a session that can only be read, for Config.Valid.
func (s *Session) view(rec store.Record) *Session {
	found := place.Found{State: place.Live, Record: rec}
	return &Session{m: s.m, r: s.r, in: s.in, loaded: true, committed: true, state: &state{found: found, edits: edits{bytes: -1}}}
}
