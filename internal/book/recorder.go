package book

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// ErrDropped is the answer to an entry that was not written, or whose fate is unknown because its
// commit failed or took too long. The answer to the visitor goes on without it; the loss is counted
// (Recorder.Stats) and readiness tells of it.
var ErrDropped = errors.New("book: the entry was dropped")

// ErrClosed is the answer to an entry that comes after Recorder.Run was told to end.
var ErrClosed = errors.New("book: the recorder is closed")

// ErrInvalid is the answer to an entry that no repository could store: a fault of the caller, found
// before it can spoil the commit of others.
var ErrInvalid = errors.New("book: not a valid entry")

// RecorderConfig says how a Recorder works. Only Repo is required.
type RecorderConfig struct {
	Repo   Repository       // where entries go; it must obey its context, or Run cannot end while it hangs
	Clock  func() time.Time // default time.Now
	Queue  int              // entries that may wait for their commit; default 4096, of which see room
	Batch  int              // entries in one commit at most; default 256
	Wait   time.Duration    // longest an answer waits for its entry; default 2 s
	Commit time.Duration    // longest one commit may take before it is given up, and the final flush likewise; default 5 s
	Log    *slog.Logger     // told when writing begins to fail and when it works again, not of each entry; default: nobody

	// Strangers is how many requests and activities of signed-out visitors from one address (IPv6:
	// one /64) are entered one by one in a minute; what comes on top is counted and told in one
	// entry per minute and address. Default 60,000 (1,000 a second, so that only a flood is
	// summarised); negative means no bound. Signed-in people's requests are never summarised.
	Strangers int
	// Addresses is how many addresses are told apart in a minute; the rest share one counter.
	// Default 10,000 (some 1 MB).
	Addresses int
}

// Recorder takes entries from many requests at once and writes them through one loop, so that
// entries of concurrent requests share one commit: the first one in commits at once, and whatever
// comes meanwhile goes with the next commit. There is no timer to wait for, and nothing is kept in
// memory beyond Queue entries. Every method is safe for concurrent use.
type Recorder struct {
	repo   Repository
	clock  func() time.Time
	log    *slog.Logger
	queue  int
	batch  int
	wait   time.Duration
	commit time.Duration
	wake   chan struct{} // holds one token when there may be something to write

	mu      sync.Mutex
	running bool
	closed  bool
	open    []*batch  // waiting for the writer, oldest first; the last one may still be joined
	waiting int       // entries in open
	endings []Ending  // of entries that the writer has taken; at most queue of them
	began   time.Time // when the commit under way began; zero when none is
	failed  time.Time // when the latest commit failed; zero when it did not
	full    time.Time // when an entry last found the queue full
	stalled bool      // somebody waited in vain and no commit has succeeded since: others need not wait too
	missing Kinds     // entries dropped that the book itself has not told of yet
	stats   Stats
	events  Catalog
	crowd   strangers
	tally   tally
	assets  assets
}

// batch is what goes into one commit. Those who wait for it hold the batch itself, so nothing is
// shared between commits.
type batch struct {
	done    chan struct{} // closed when the fate of the entries is known
	err     error         // set before done is closed
	entries []Entry
	first   [1]Entry // room for the lone entry of a quiet time, to spare an allocation
	endings []Ending // the writer's alone
}

// NewRecorder makes a Recorder. It starts nothing: the caller runs Run. It panics without a
// repository.
func NewRecorder(c RecorderConfig) *Recorder {
	if c.Repo == nil {
		panic("book: NewRecorder needs a repository")
	}
	return &Recorder{
		repo:   c.Repo,
		clock:  clockOr(c.Clock),
		log:    logOr(c.Log),
		queue:  positiveOr(c.Queue, 4096),
		batch:  positiveOr(c.Batch, 256),
		wait:   positiveOr(c.Wait, 2*time.Second),
		commit: positiveOr(c.Commit, 5*time.Second),
		wake:   make(chan struct{}, 1),
		events: NewCatalog(),
		crowd:  newStrangers(c.Strangers, c.Addresses),
		tally:  newTally(c.Addresses),
		assets: newAssets(),
	}
}

// Append gives entries to the book, all in one commit, and returns when they are committed. ID and
// Type must be set; CreatedAt becomes the moment at which they are entered. Texts that are too long
// or hold control characters are cut and made inert. What is only counted
// (RecorderConfig.Strangers) is not waited for.
//
// ErrDropped: the queue is full for one of them, the commit failed or took longer than Wait; while
// the repository is stalled nobody else waits for it. ErrClosed after the end, ErrInvalid for an
// entry that cannot be stored: then none is. When ctx ends, waiting ends with its error, and the
// entries are written all the same; give it a context without cancel where the answer may still be
// read.
func (r *Recorder) Append(ctx context.Context, entries ...Entry) error {
	for i := range entries {
		if err := entries[i].tidy(); err != nil {
			return err
		}
	}
	b, failed := r.accept(entries)
	if b == nil {
		return failed
	}
	timer := time.NewTimer(r.wait)
	defer timer.Stop()
	select {
	case <-b.done:
		return cmp.Or(failed, b.err)
	case <-timer.C:
		return cmp.Or(failed, r.giveUp(b))
	case <-ctx.Done():
		return fmt.Errorf("book: not waited for the entry: %w", context.Cause(ctx))
	}
}

// accept puts the entries in the queue and returns the batch to wait for, nil when there is nothing
// to wait for. A batch may come with an error: then some of the entries found no place.
func (r *Recorder) accept(entries []Entry) (b *batch, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock() // under the lock: entries are in the order of their times
	if r.closed {
		return nil, ErrClosed
	}
	r.turn(now)
	for i := range entries {
		e := &entries[i]
		e.CreatedAt = now
		if r.events.byAnybody(e) && !r.crowd.enter(e.ClientAddr) {
			r.stats.Summarised++
			continue
		}
		into := r.put(b, e, now)
		if into == nil {
			err = fmt.Errorf("%w: too many entries are waiting", ErrDropped)
			continue
		}
		b = into
	}
	if b != nil && r.stalled {
		r.stats.Late++
		return nil, fmt.Errorf("%w: the repository does not answer in time", ErrDropped)
	}
	return b, err
}

// room returns how much of the queue an entry may find taken and still be put: what strangers do
// never pushes out what people did, nor a flood of requests what was done and what failed.
func (r *Recorder) room(e *Entry) int {
	switch {
	case r.events.byAnybody(e):
		return r.queue - r.queue/4
	case e.Type == Request:
		return r.queue - r.queue/8
	}
	return r.queue
}

// put adds the entry to the batch, to the youngest one if that is nil, and returns the batch; nil
// when the queue is full. The caller holds the lock.
func (r *Recorder) put(b *batch, e *Entry, now time.Time) *batch {
	if r.waiting >= r.room(e) {
		r.full = now
		r.stats.Dropped++
		r.missing.Add(r.events, e)
		return nil
	}
	if n := len(r.open); b == nil && n > 0 && len(r.open[n-1].entries) < r.batch {
		b = r.open[n-1]
	}
	if b == nil {
		b = &batch{done: make(chan struct{})}
		b.entries = b.first[:0]
		r.open = append(r.open, b)
	}
	b.entries = append(b.entries, *e)
	r.waiting++
	r.rouse()
	return b
}

// rouse wakes the writer.
func (r *Recorder) rouse() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// giveUp is for a waiter whose patience is over; the fate of the entry may have been decided at
// that very moment.
func (r *Recorder) giveUp(b *batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-b.done:
		return b.err
	default:
	}
	r.stalled = true
	r.stats.Late++
	return fmt.Errorf("%w: not committed within %v", ErrDropped, r.wait)
}

// turn begins a new minute when its time has come: what was counted in the old one becomes entries,
// and so do losses, as soon as the repository works again. The caller holds the lock.
func (r *Recorder) turn(now time.Time) {
	if !r.crowd.turn(now) {
		return
	}
	r.report(now)
}

// report puts the entries that tell of other entries into the queue. The caller holds the lock.
func (r *Recorder) report(now time.Time) {
	for _, e := range r.crowd.summaries(now) {
		r.put(nil, &e, now)
	}
	for _, e := range slices.Concat(r.tally.summaries(now), r.assets.summaries(now)) {
		r.put(nil, &e, now)
	}
	if r.missing.Total() > 0 && r.failed.IsZero() && !r.stalled {
		e := lossEntry(now, r.missing)
		if r.put(nil, &e, now) != nil {
			r.missing = Kinds{}
		}
	}
}
