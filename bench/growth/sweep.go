package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// sweeping prints what look-ups take before and while session.Manager.RunSweeper removes what
// expired.
func (s settings) sweeping(ctx context.Context, dir string, out io.Writer) error {
	if s.expired == 0 {
		return nil
	}
	fmt.Fprintf(out, "\n| store | expired | swept in | longest batch | look-up p50 before | meanwhile | p99 before | meanwhile | ratio |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, kind := range s.stores {
		if err := s.sweep(ctx, kind, dir, out); err != nil {
			return fmt.Errorf("sweep %s: %w", kind, err)
		}
	}
	return nil
}

func (s settings) sweep(ctx context.Context, kind, dir string, out io.Writer) error {
	r, err := open(ctx, kind, dir)
	if err != nil {
		return err
	}
	defer func() { _ = r.close() }()
	now := time.Now().UTC().Truncate(time.Millisecond)
	if err := r.fill(ctx, 0, s.live, now); err != nil {
		return err
	}
	if err := r.fill(ctx, expiredFrom, expiredFrom+s.expired, now); err != nil {
		return err
	}
	watched := &watchedStore{Store: r, done: make(chan struct{})}
	keys, err := session.NewKeyRing([]byte("a key of 32 bytes for measuring."))
	if err != nil {
		return err
	}
	m, err := session.New(session.Config{Keys: keys, Home: session.Home{Store: watched}})
	if err != nil {
		return err
	}
	before, err := paced(ctx, r, s.live, now, time.After(s.before))
	if err != nil {
		return err
	}
	sweeper, stop := context.WithCancel(ctx)
	defer stop()
	start := time.Now()
	go m.RunSweeper(sweeper, time.Hour)
	during, err := paced(ctx, r, s.live, now, watched.done)
	took := time.Since(start)
	stop()
	if err != nil {
		return err
	}
	if n := watched.removed.Load(); n != int64(s.expired) {
		return fmt.Errorf("%d of %d removed: %w", n, s.expired, errors.Join(watched.err))
	}
	a, b := before.percentile(99), during.percentile(99)
	fmt.Fprintf(out, "| %s | %d | %v | %v | %v | %v | %v | %v | %.1f |\n", kind, s.expired, took.Round(100*time.Millisecond),
		round(watched.longest), before.percentile(50), during.percentile(50), a, b, float64(b)/float64(a))
	return nil
}

// paced looks live sessions up, some thousand a second, until done: as requests come, and not as
// fast as it can, which would measure how many processors there are.
func paced[T any](ctx context.Context, st store.Store, live int, now time.Time, done <-chan T) (samples, error) {
	random := rand.New(rand.NewPCG(3, 3))
	var took samples
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-done:
			return took, nil
		default:
		}
		id := idOf(random.IntN(live))
		start := time.Now()
		r, err := st.Load(ctx, id, now)
		took = append(took, time.Since(start))
		if err != nil || r.ID != id {
			return nil, fmt.Errorf("look up %v: %v, %w", id, r.ID, err)
		}
		time.Sleep(200 * time.Microsecond)
	}
}

// watchedStore tells when a sweep is over.
type watchedStore struct {
	store.Store
	removed atomic.Int64
	longest time.Duration // of a batch
	err     error
	done    chan struct{} // closed when a batch was not full
}

// DeleteExpired is called by one sweeper alone.
func (w *watchedStore) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	start := time.Now()
	n, err := w.Store.DeleteExpired(ctx, now, limit)
	w.longest = max(w.longest, time.Since(start))
	w.removed.Add(int64(n))
	if n < limit {
		w.err = err
		close(w.done)
	}
	return n, err
}
