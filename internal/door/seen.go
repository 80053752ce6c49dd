package door

import (
	"context"
	"sync"
	"time"

	"github.com/doorbook/doorbook/session"
)

// seen remembers when sessions were last used, until it is written down for all of them together:
// once they have ended the store of sessions knows it no more.
type seen struct {
	mu sync.Mutex
	at map[session.ID]int64 // Unix milliseconds
}

// mostSeen bounds the sessions of one interval. Those beyond it are seen in the next one.
const mostSeen = 50_000

func (s *seen) note(id session.ID, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		s.at = map[session.ID]int64{}
	}
	if _, ok := s.at[id]; ok || len(s.at) < mostSeen {
		s.at[id] = now.UnixMilli()
	}
}

// take gives what was seen since the last time, in parts of that many.
func (s *seen) take(most int) (parts []map[string]time.Time) {
	s.mu.Lock()
	at := s.at
	s.at = nil
	s.mu.Unlock()
	for id, ms := range at {
		if n := len(parts); n == 0 || len(parts[n-1]) == most {
			parts = append(parts, map[string]time.Time{})
		}
		parts[len(parts)-1][id.String()] = time.UnixMilli(ms).UTC()
	}
	return parts
}

// KeepSeen writes down every interval, and in the end, when sessions were last used, until ctx is
// done.
func (d *Door) KeepSeen(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			d.WriteSeen(last)
			return
		case <-tick.C:
			d.WriteSeen(ctx)
		}
	}
}

// WriteSeen writes down when sessions were last used, in small batches. What cannot be written is
// let go of: a list then shows an earlier time.
func (d *Door) WriteSeen(ctx context.Context) {
	const batch = 200
	for _, part := range d.seen.take(batch) {
		if err := d.signIns.Seen(ctx, part); err != nil {
			d.log.Warn("when sessions were last used was not kept", "error", err)
			return
		}
	}
}
