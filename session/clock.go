package session

import (
	"time"

	"github.com/doorbook/doorbook/session/store"
)

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

// alive reports whether a record lives at now by today's settings, too.
func (m *Manager) alive(r *store.Record, now time.Time) bool { return m.env.Alive(r, now) }

func (m *Manager) lifetime(persist bool) Lifetime {
	if persist {
		return m.cfg.Remembered
	}
	return m.cfg.Lifetime
}
