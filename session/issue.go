package session

import (
	"context"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/store"
)

// Issue makes another session of the same subject, which dies with this one: a key for another host
// of the same people, or for their program on the command line (Config.Header). It gives the key,
// which is shown nowhere else, and the id that lists show. The other session holds no values, has
// the idle limit of this one, and ends at the latest when this one does, however it does; it can be
// ended by itself, too. What this request changed before is saved first (Session.Save).
//
// Config.Valid is asked about this one whenever the other is used, which counts as a use of this one
// if Config.IssuedCounts says so. It takes a subject:
// ErrNotSignedIn. ErrUnsupported in a session that was issued itself, so that a key that was
// taken away leaves none behind, and where sessions live in their cookies.
func (s *Session) Issue(ctx context.Context) (key string, id ID, err error) {
	if err := s.Save(); err != nil {
		return "", ID{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.load() {
		return "", ID{}, s.err
	}
	switch {
	case s.in.place.Records() == nil:
		return "", ID{}, ErrUnsupported
	case !s.lives() || s.found.Record.Subject == "":
		return "", ID{}, ErrNotSignedIn
	case s.found.Record.Parent != (ID{}):
		return "", ID{}, fmt.Errorf("%w: an issued session issues none", ErrUnsupported)
	}
	ctx, cancel := s.m.visit(ctx)
	defer cancel()
	if err := s.arrive(ctx); err != nil {
		return "", ID{}, fmt.Errorf("session: issue: %w", err)
	}
	now, parent := s.m.now(), s.found.Record
	r := store.Record{
		Subject: parent.Subject, Parent: parent.ID,
		Created: now, SignedIn: parent.SignedIn, LastSeen: now, Expires: now.Add(parent.Idle), Deadline: parent.Deadline,
		Idle: parent.Idle, Persist: parent.Persist,
	}
	r.Addr, r.UserAgent = s.client()
	if r.Expires.After(r.Deadline) {
		r.Expires = r.Deadline
	}
	made, err := s.in.place.Write(ctx, place.Found{Record: r}, place.Change{})
	if err != nil {
		return "", ID{}, fmt.Errorf("session: issue: %w", err)
	}
	s.observe(EventCreated, made.Record.ID, nil)
	s.trim(made.Record)
	key, err = s.in.place.Cookie(made)
	return key, made.Record.ID, err
}

// useParent notes the use of the session that issued this one, where that counts. A failure is
// passed over, as that of any use: the next one is noted.
func (s *Session) useParent(ctx context.Context, now time.Time) {
	p := s.found.Parent
	if p == nil || !s.m.cfg.IssuedCounts || now.Sub(p.LastSeen) < min(s.m.cfg.TouchEvery, p.Idle/4) {
		return
	}
	seen := place.Used(p, now)
	err := s.in.place.Records().Touch(ctx, p.ID, p.Digest, seen, now)
	switch {
	case err == nil:
		touched := p.Touched(seen)
		s.found.Parent = &touched
	case !place.Gone(err): // renewed meanwhile, it was used; and one that has ended ends this one
		s.observe(EventTouchFailed, p.ID, err)
	}
}
