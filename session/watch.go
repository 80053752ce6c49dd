package session

import (
	"context"
	"errors"
	"time"

	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/store"
)

const (
	watchEvery = 2 * time.Second
	watchGrace = 5 * time.Second // how long a store may not answer
)

// Watch waits until the session has ended, and gives ErrEnded: within five seconds after a
// sign-out, an End, its limits or Config.Valid, on whatever node, and when somebody else is signed
// in by it. It gives the error of ctx when that is done before, and the store's when that has not
// answered for five seconds; whether to go on then is the caller's choice. It is for answers that
// last, such as server-sent events and WebSockets:
//
//	ctx, cancel := context.WithCancelCause(r.Context())
//	defer cancel(nil) // which ends the watch, too
//	go func() { cancel(s.Watch(ctx)) }()
//
// It looks the record up every two seconds. Watching is no use: a session that nobody uses
// otherwise ends at its idle limit. The session may be renewed meanwhile. ErrUnsupported where
// sessions live in their cookies; a visitor of whom nothing is stored has ended at once.
func (s *Session) Watch(ctx context.Context) error {
	seen, err := s.watched(ctx)
	if err != nil {
		return err
	}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var asked time.Time // the first question that was not answered
	for {
		began := time.Now()
		err := s.stillLives(ctx, seen)
		switch {
		case err == nil:
			asked = time.Time{}
		case place.Gone(err):
			return ErrEnded
		case asked.IsZero():
			asked = began
		case ctx.Err() == nil && time.Since(asked) >= watchGrace:
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// watched gives the record to watch.
func (s *Session) watched(ctx context.Context) (store.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.load():
		return store.Record{}, s.err
	case !s.lives() || s.found.State == place.Unkept:
		return store.Record{}, ErrEnded
	case s.in.place.Records() == nil:
		return store.Record{}, ErrUnsupported
	}
	limited, cancel := s.m.visit(ctx)
	defer cancel()
	err := s.arrive(limited)
	return s.found.Record, err
}

// arrive stores a session that came in a cookie of Config.Old ahead of the commit, for calls that
// need it in the store.
func (s *Session) arrive(ctx context.Context) error {
	if s.found.State != place.Arriving {
		return nil
	}
	if s.committed {
		return ErrCommitted
	}
	now := s.m.now()
	f, err := s.in.place.Use(ctx, s.found, place.Used(&s.found.Record, now), now)
	if err == nil {
		s.settle(f)
		return nil
	}
	if s.found = f; errors.Is(err, store.ErrConflict) {
		s.found.Urgency = place.Needed
		err = s.retry(ctx, err, 1)
	}
	return err
}

// stillLives looks a record up. ErrNotFound if it is not what it was.
func (s *Session) stillLives(ctx context.Context, seen store.Record) error {
	limited, cancel := context.WithTimeout(ctx, min(s.m.cfg.SaveTimeout, watchEvery))
	defer cancel()
	now := s.m.now()
	rec, err := s.sameAs(limited, seen.ID, seen.Subject, now)
	if err == nil && seen.Parent != (ID{}) {
		rec, err = s.sameAs(limited, seen.Parent, seen.Subject, now)
	}
	if err != nil || s.m.cfg.Valid == nil || rec.Subject == "" {
		return err
	}
	ok, err := s.m.cfg.Valid(limited, s.view(rec))
	if err == nil && !ok {
		err = store.ErrNotFound
	}
	return err
}

func (s *Session) sameAs(ctx context.Context, id ID, subject string, now time.Time) (store.Record, error) {
	rec, err := s.in.place.Records().Load(ctx, id, now)
	if err == nil && (!s.m.alive(&rec, now) || rec.Subject != subject) {
		return store.Record{}, store.ErrNotFound
	}
	return rec, err
}
