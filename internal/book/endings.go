package book

import (
	"slices"
	"time"
)

// share is how long an ending waits for entries to share their commit. Nobody waits for it, and a
// commit of its own would cost as much as its entry did.
const share = 250 * time.Millisecond

// Finish completes an entry whose answer was still being sent when it was appended. It waits for
// nothing: the ending is written with the next entries, or within a second without them. Where too
// many wait already, or the commit fails, it is lost (Stats.Unfinished); its entry is not. An entry
// that was only counted, dropped or deleted meanwhile is passed over.
func (r *Recorder) Finish(e Ending) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		r.stats.Unfinished++
	case r.fold(e):
	case len(r.endings) >= r.queue:
		r.stats.Unfinished++
	default:
		r.endings = append(r.endings, e)
		if len(r.endings) == 1 {
			r.rouse()
		}
	}
}

// fold completes an entry that still waits, the youngest first, and reports whether it does. The
// caller holds the lock.
func (r *Recorder) fold(e Ending) bool {
	for _, b := range slices.Backward(r.open) {
		for i := range b.entries {
			if entry := &b.entries[i]; entry.ID == e.ID {
				entry.Duration, entry.Bytes = e.Duration, e.Bytes
				return true
			}
		}
	}
	return false
}

// gather gives a batch the endings that may go with it. The caller holds the lock.
func (r *Recorder) gather(b *batch) {
	n := min(len(r.endings), r.batch)
	if n == 0 {
		return
	}
	b.endings = append(b.endings, r.endings[:n]...)
	r.endings = slices.Delete(r.endings, 0, n)
}

// takeEndings gives those that found no entries to go with to the writer, nil when there are none.
func (r *Recorder) takeEndings() *batch {
	now := r.clock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.endings) == 0 {
		return nil
	}
	b := &batch{done: make(chan struct{})}
	r.gather(b)
	r.began = now
	return b
}

// unfinished reports whether endings wait for entries.
func (r *Recorder) unfinished() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.endings) > 0
}
