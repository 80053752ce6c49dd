package book

import (
	"errors"
	"fmt"
	"time"
)

// recent is how long a loss is held against the recorder's health when nothing was written since
// that would prove the opposite. It must end by itself: a server that is not ready gets no
// requests, so it would never write again.
const recent = 5 * time.Second

// Stats counts what became of entries since the start.
type Stats struct {
	Written    uint64 // committed
	Dropped    uint64 // lost: the queue was full, or the commit failed
	Late       uint64 // answered without waiting any longer for the commit; the entry is counted as Written or Dropped too
	Summarised uint64 // counted instead of entered, see RecorderConfig.Strangers
	Unfinished uint64 // endings that were lost; their entries stand as they were appended
	Waiting    int    // in the queue now
}

// Stats gives the counts up to now.
func (r *Recorder) Stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.Waiting = r.waiting
	return s
}

// Healthy is nil while entries get written. Otherwise it says why not, in words that hold no detail
// of the database (that is in the log), so that a readiness answer may show them. It recovers with
// the next write that succeeds; a failure that nothing followed is forgotten after 5 s, and so is a
// full queue.
func (r *Recorder) Healthy() error {
	now := r.clock()
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return ErrClosed
	case !r.running:
		return errors.New("book: the recorder is not running")
	case !r.began.IsZero() && now.Sub(r.began) > r.wait:
		return fmt.Errorf("book: a write has been under way for %v", now.Sub(r.began).Round(time.Second))
	case !r.failed.IsZero() && now.Sub(r.failed) < recent:
		return fmt.Errorf("book: entries cannot be written; %d dropped since the start", r.stats.Dropped)
	case !r.full.IsZero() && now.Sub(r.full) < recent:
		return fmt.Errorf("book: more entries come than can be written; %d dropped since the start", r.stats.Dropped)
	}
	return nil
}
