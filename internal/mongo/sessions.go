package mongo

import (
	"context"
	"sync"
	"time"

	"github.com/doorbook/doorbook/session"
)

// sessions is the store, which also remembers whom a session named the last time: see DB.Request.
type sessions struct {
	session.Store
	db       *DB
	subjects subjects
}

// Load implements session.Store.
func (s *sessions) Load(ctx context.Context, id session.ID, now time.Time) (session.Record, error) {
	if subject, ok := s.subjects.of(id); ok {
		s.db.readAhead(ctx, subject)
	}
	r, err := s.Store.Load(ctx, id, now)
	s.subjects.note(id, r.Subject)
	return r, err
}

// maxSubjects is how many sessions' subjects are remembered: about 1 MiB.
const maxSubjects = 8192

// subjects remembers a bounded number of sessions' subjects. Being wrong costs one needless question.
type subjects struct {
	mu    sync.Mutex
	known map[session.ID]string
}

func (s *subjects) of(id session.ID) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	subject, ok := s.known[id]
	return subject, ok
}

// note remembers a subject, or that there is none.
func (s *subjects) note(id session.ID, subject string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, known := s.known[id]
	switch {
	case known && old == subject:
	case subject == "":
		delete(s.known, id)
	default:
		if s.known == nil {
			s.known = make(map[session.ID]string)
		}
		if !known && len(s.known) >= maxSubjects {
			for other := range s.known { // any one: there is no order to keep up
				delete(s.known, other)
				break
			}
		}
		s.known[id] = subject
	}
}
