package passhash_test

import (
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/passhash"
)

// slow replaces the computation by a pause on the fake clock and records how many run at once.
func slow(h *passhash.Hasher, pause time.Duration) (most *atomic.Int64) {
	most = new(atomic.Int64)
	var running atomic.Int64
	h.SetCompute(func(func() []byte) []byte {
		n := running.Add(1)
		defer running.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(pause)
		return make([]byte, 32)
	})
	return most
}

// TestStorm: of a crowd, Slots compute, Queue wait, the rest is sent away without any waiting.
func TestStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, passhash.Config{Slots: 2, Queue: 5, Wait: time.Hour})
		most := slow(h, time.Second)
		start := time.Now()
		var served, busy, waitedForBusy atomic.Int64
		var crowd sync.WaitGroup
		for range 100 {
			crowd.Go(func() {
				switch err := h.Decoy(context.Background(), "password"); {
				case err == nil:
					served.Add(1)
				case errors.Is(err, passhash.ErrBusy):
					busy.Add(1)
					waitedForBusy.Add(int64(time.Since(start)))
				default:
					t.Error(err)
				}
			})
		}
		crowd.Wait()
		if served.Load() != 7 || busy.Load() != 93 {
			t.Errorf("%d served, %d sent away; want 7 and 93", served.Load(), busy.Load())
		}
		if most.Load() != 2 {
			t.Errorf("%d computations at once, want 2", most.Load())
		}
		if h.Computed() != 7 {
			t.Errorf("%d computations, want 7: ErrBusy must cost none", h.Computed())
		}
		if waitedForBusy.Load() != 0 {
			t.Error("somebody waited for ErrBusy although the queue was full")
		}
		if err := h.Decoy(context.Background(), "password"); err != nil || h.Waiting() != 0 {
			t.Errorf("after the storm: error %v, %d waiting", err, h.Waiting())
		}
	})
}

func TestLongestWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, passhash.Config{Slots: 1})
		slow(h, time.Minute)
		go func() { _ = h.Decoy(context.Background(), "first") }()
		synctest.Wait()
		start := time.Now()
		_, _, err := h.Verify(context.Background(), good, "second")
		if !errors.Is(err, passhash.ErrBusy) || time.Since(start) != 2*time.Second {
			t.Errorf("error %v after %v, want ErrBusy after the default of 2s", err, time.Since(start))
		}
		time.Sleep(time.Hour) // lets the first finish inside the bubble
	})
}

func TestContextEndsWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, passhash.Config{Slots: 1, Wait: time.Hour})
		slow(h, time.Minute)
		go func() { _ = h.Decoy(context.Background(), "first") }()
		synctest.Wait()

		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { _, err := h.Hash(ctx, "second"); done <- err }()
		synctest.Wait()
		start := time.Now()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) || time.Since(start) != 0 {
			t.Errorf("error %v after %v, want context.Canceled at once", err, time.Since(start))
		}

		ctx, cancel = context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := h.Decoy(ctx, "third"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want context.DeadlineExceeded", err)
		}
		time.Sleep(time.Hour)
		if h.Computed() != 1 || h.Waiting() != 0 {
			t.Errorf("%d computations, %d waiting; want 1 and 0: who has gone costs nothing", h.Computed(), h.Waiting())
		}
	})
}

// TestGoneBeforehand: a context that has ended already gets no slot, even if one is free.
func TestGoneBeforehand(t *testing.T) {
	t.Parallel()
	h := newHasher(t, passhash.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for range 20 {
		if err := h.Decoy(ctx, "password"); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v, want context.Canceled", err)
		}
	}
	if h.Computed() != 0 {
		t.Errorf("%d computations for somebody who has gone", h.Computed())
	}
}

func TestNoQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(t, passhash.Config{Slots: 1, Queue: -1})
		slow(h, time.Minute)
		go func() { _ = h.Decoy(context.Background(), "first") }()
		synctest.Wait()
		start := time.Now()
		if err := h.Decoy(context.Background(), "second"); !errors.Is(err, passhash.ErrBusy) || time.Since(start) != 0 {
			t.Errorf("error %v after %v, want ErrBusy at once", err, time.Since(start))
		}
		time.Sleep(time.Hour)
	})
}

// TestPanicFreesSlot: a computation that panics must not take its slot with it.
func TestPanicFreesSlot(t *testing.T) {
	t.Parallel()
	h := newHasher(t, passhash.Config{Slots: 1, Queue: -1})
	h.SetCompute(func(func() []byte) []byte { panic("broken") })
	for range 3 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic: the slot was not free")
				}
			}()
			_ = h.Decoy(context.Background(), "password")
		}()
	}
}

// TestMemoryStaysFlat makes real computations in a crowd. Without the gate they would take 19 MiB
// each, 300 MiB in all.
func TestMemoryStaysFlat(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100)) // whatever GOGC says; no other test runs beside this one
	runtime.GC()
	h := newHasher(t, passhash.Config{Slots: 1, Queue: 64, Wait: time.Minute})
	var peak atomic.Uint64
	h.SetCompute(func(real func() []byte) []byte {
		got := real()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak.Store(max(peak.Load(), m.HeapInuse)) // one at a time, see Slots
		return got
	})
	var crowd sync.WaitGroup
	for range 16 {
		crowd.Go(func() {
			if err := h.Decoy(context.Background(), "password"); err != nil {
				t.Error(err)
			}
		})
	}
	crowd.Wait()
	if mib := peak.Load() >> 20; mib > 150 {
		t.Errorf("%d MiB of heap with one slot", mib)
	}
}

// Before is called for every computation, when the slot is taken.
func TestBefore(t *testing.T) {
	t.Parallel()
	inside, leave := make(chan struct{}), make(chan struct{})
	h, err := passhash.New(passhash.Config{Slots: 1, Queue: -1, Before: func() {
		inside <- struct{}{}
		<-leave
	}})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- h.Decoy(t.Context(), "first") }()
	<-inside
	if err := h.Decoy(t.Context(), "second"); !errors.Is(err, passhash.ErrBusy) {
		t.Errorf("error %v while the first is not through, want ErrBusy", err)
	}
	close(leave)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
