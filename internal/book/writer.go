package book

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"
)

// lookAround is how often an idle writer looks whether counted requests have to be told.
const lookAround = 10 * time.Second

// Run writes what Append accepts until ctx is done. Then it takes no more entries, writes those it
// has accepted, for at most Commit longer, and returns nil, or an ErrDropped with how many it could
// not write. It can be run once. A commit under way when ctx ends is not cut off.
func (r *Recorder) Run(ctx context.Context) error {
	if err := r.start(); err != nil {
		return err
	}
	tick := time.NewTicker(lookAround)
	defer tick.Stop()
	alone := time.NewTimer(share) // until endings go without entries
	alone.Stop()
	defer alone.Stop()
	background := context.WithoutCancel(ctx)
	limit := newStopwatch(background, r.commit)
	defer func() { limit.cancel() }()
	write := func(b *batch) {
		r.write(limit.start(), b)
		if !limit.stop() {
			limit = newStopwatch(background, r.commit)
		}
	}
	for waits := false; ctx.Err() == nil; {
		r.letIn()
		if b := r.take(); b != nil {
			write(b)
			continue
		}
		if !waits && r.unfinished() {
			waits = true
			alone.Reset(share)
		}
		select {
		case <-r.wake:
		case <-tick.C:
		case <-alone.C:
			waits = false
			if b := r.takeEndings(); b != nil {
				write(b)
			}
		case <-ctx.Done():
		}
	}
	return r.drain(background)
}

// letIn lets requests go first that are about to have an entry too, as long as there are more of
// them: on a busy machine they share the next commit, on an idle one there are none, and it begins
// at once.
func (r *Recorder) letIn() {
	for before := -1; ; {
		r.mu.Lock()
		waiting := r.waiting
		r.mu.Unlock()
		if waiting == before || waiting >= r.batch {
			return
		}
		before = waiting
		runtime.Gosched()
	}
}

func (r *Recorder) start() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running || r.closed {
		return errors.New("book: the recorder can be run only once")
	}
	r.running = true
	return nil
}

// drain closes the door and writes what is inside.
func (r *Recorder) drain(ctx context.Context) error {
	now := r.clock()
	r.mu.Lock()
	r.closed = true
	r.report(now)
	before := r.stats.Dropped
	r.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, r.commit)
	defer cancel()
	for b := r.take(); b != nil; b = r.take() {
		r.write(ctx, b)
	}
	for b := r.takeEndings(); b != nil; b = r.takeEndings() {
		r.write(ctx, b)
	}

	r.mu.Lock()
	defer r.mu.Unlock()
	r.running = false
	if lost := r.stats.Dropped - before; lost > 0 {
		return fmt.Errorf("%w: %d entries could not be written at the end", ErrDropped, lost)
	}
	return nil
}

// take gives the oldest batch to the writer, from then on its alone; nil when there is none.
func (r *Recorder) take() *batch {
	now := r.clock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.turn(now)
	}
	if len(r.open) == 0 {
		return nil
	}
	b := r.open[0]
	n := copy(r.open, r.open[1:])
	r.open[n] = nil
	r.open = r.open[:n]
	r.waiting -= len(b.entries)
	r.gather(b)
	r.began = now
	return b
}

// write commits one batch and tells those who wait for it. A batch that fails is given up, not
// tried again: a database that is away would otherwise fill the memory, and one that failed after
// storing it would hold it twice.
func (r *Recorder) write(ctx context.Context, b *batch) {
	err := ctx.Err() // the final flush may be over: then the rest is lost without another attempt
	if err == nil {
		err = guard(func() error { return r.repo.Append(ctx, b.entries, b.endings...) })
	}
	now := r.clock()
	n := len(b.entries)

	r.mu.Lock()
	wasFailing := !r.failed.IsZero()
	r.began = time.Time{}
	if err == nil {
		r.failed, r.stalled = time.Time{}, false
		r.stats.Written += uint64(n)
	} else {
		r.failed = now
		r.stats.Dropped += uint64(n)
		r.stats.Unfinished += uint64(len(b.endings))
		for i := range b.entries {
			r.missing.Add(r.events, &b.entries[i])
		}
		if cause := context.Cause(ctx); cause != nil {
			err = fmt.Errorf("%w: %w", cause, err) // "deadline exceeded" rather than only "canceled"
		}
		b.err = fmt.Errorf("%w: %w", ErrDropped, err)
	}
	dropped := r.stats.Dropped
	close(b.done)
	r.mu.Unlock()

	switch {
	case err != nil && !wasFailing:
		r.log.LogAttrs(ctx, slog.LevelError, "the book cannot be written; entries are dropped", slog.String("error", plain(err)), slog.Int("entries", n))
	case err == nil && wasFailing:
		r.log.LogAttrs(ctx, slog.LevelInfo, "the book is written again", slog.Uint64("dropped_since_start", dropped))
	}
}

// stopwatch is a context with a time limit that can be used for one commit after the other, as long
// as none exceeds it: a new context for each would be most of what an entry costs.
type stopwatch struct {
	ctx    context.Context
	cancel func()
	timer  *time.Timer
	limit  time.Duration
}

func newStopwatch(ctx context.Context, limit time.Duration) *stopwatch {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &stopwatch{ctx: ctx, cancel: func() { cancel(context.DeadlineExceeded) }, limit: limit}
	s.timer = time.AfterFunc(limit, s.cancel)
	s.timer.Stop()
	return s
}

// start gives the context, which is cancelled when stop does not come within the limit.
func (s *stopwatch) start() context.Context {
	s.timer.Reset(s.limit)
	return s.ctx
}

// stop reports whether it came in time; if not, the stopwatch is used up.
func (s *stopwatch) stop() bool { return s.timer.Stop() }
