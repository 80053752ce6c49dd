package session

import "time"

// maxSkew is how far the clocks of two nodes may differ before a sign-in counts as one from the
// future.
const maxSkew = time.Minute

// now is the time that records are stamped with and judged by, in the precision that every store
// keeps. It is that of the clock, unless that was set back while the program ran: then it goes on
// from where it was, so that nothing lives longer for it. A day or more back means that the clock
// was wrong when the program began, and is right now.
func (m *Manager) now() time.Time {
	t := m.cfg.Now()
	passed := t.Sub(m.started) // by the monotonic clock, which nobody sets
	wall := time.Duration(t.UnixNano() - m.startedAt)
	if back := passed - wall; back > time.Millisecond && back < 24*time.Hour {
		t = t.Add(back)
	}
	return time.UnixMilli(t.UnixMilli()).UTC()
}

// alive reports whether a record still lives at now. Beside what the record says itself the limits
// of today's settings count, so that lowering them reaches sessions that exist. And what begins
// further ahead than a whole lifetime is dead: a clock that ran ahead has left it behind, and
// nobody knows how old it is.
func (m *Manager) alive(r *Record, now time.Time) bool {
	from, life := start(r), m.lifetime(r.Persist)
	return now.Before(r.Expires) && now.Before(r.Deadline) &&
		(life.Idle >= r.Idle || now.Before(r.LastSeen.Add(life.Idle))) &&
		now.Before(from.Add(life.Absolute)) && now.Add(life.Absolute).After(from)
}

// start is when the lifetime of a session began.
func start(r *Record) time.Time {
	if r.SignedIn.IsZero() {
		return r.Created
	}
	return r.SignedIn
}

func (m *Manager) lifetime(persist bool) Lifetime {
	if persist {
		return m.cfg.Remembered
	}
	return m.cfg.Lifetime
}
