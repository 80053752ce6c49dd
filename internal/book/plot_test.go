package book_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/book"
)

func TestOutcome(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{101: "2xx", 200: "2xx", 299: "2xx", 303: "3xx", 404: "4xx", 500: "5xx", 599: "5xx", 0: "5xx", 600: "5xx", -1: "5xx"} {
		if got := book.Outcome(status); got != want {
			t.Errorf("%d: %s, want %s", status, got, want)
		}
	}
}

func TestBins(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	at := func(minute int) time.Time { return start.Add(time.Duration(minute) * time.Minute) }
	got := book.Bins([]book.Minute{
		{At: at(-1), Outcome: "2xx", Count: 100}, // before
		{At: at(0), Outcome: "2xx", Count: 1},
		{At: at(9), Outcome: "2xx", Count: 2},
		{At: at(9), Outcome: "3xx", Count: 3},
		{At: at(10), Outcome: "4xx", Count: 4},
		{At: at(29), Outcome: "5xx", Count: 5},
		{At: at(30), Outcome: "2xx", Count: 100}, // after
	}, start, 10*time.Minute, 3)
	want := []book.Bin{{At: at(0), Success: 3, Redirect: 3}, {At: at(10), ClientError: 4}, {At: at(20), ServerError: 5}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got[0].Total() != 6 {
		t.Errorf("total %d", got[0].Total())
	}
	if book.Bins(nil, start, 0, 3) != nil || book.Bins(nil, start, time.Minute, -1) != nil {
		t.Error("an impossible plot is not nil")
	}
}

func TestPlotterAsksOnceInATTL(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().UTC()
		repo := &fakeRepo{
			before:  func(context.Context, int) error { time.Sleep(100 * time.Millisecond); return nil },
			minutes: []book.Minute{{At: now.Truncate(time.Minute), Outcome: "2xx", Count: 7}},
		}
		p := book.NewPlotter(book.PlotterConfig{Repo: repo})
		var mine atomic.Pointer[book.Bin]
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				bins, err := p.Bins(t.Context())
				if err != nil || len(bins) != 36 || bins[35].Success != 7 {
					t.Errorf("%v %v", bins, err)
					return
				}
				if mine.CompareAndSwap(nil, &bins[0]); mine.Load() != &bins[0] {
					t.Error("not the same slice for everybody")
				}
			})
		}
		wg.Wait()
		time.Sleep(999 * time.Millisecond)
		_, _ = p.Bins(t.Context())
		if n := repo.called(); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
		time.Sleep(time.Millisecond)
		_, _ = p.Bins(t.Context())
		if n := repo.called(); n != 2 {
			t.Errorf("asked %d times after the TTL, want twice", n)
		}
		if want := now.Truncate(10 * time.Minute).Add(-350 * time.Minute); !repo.since[0].Equal(want) {
			t.Errorf("asked since %v, want %v", repo.since[0], want)
		}
	})
}

func TestPlotterAndATroubledRepository(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repo := &fakeRepo{before: func(ctx context.Context, call int) error {
			switch call {
			case 1:
				return errDisk
			case 2:
				panic("at the disco")
			case 3:
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}}
		p := book.NewPlotter(book.PlotterConfig{Repo: repo})
		for range 10 {
			if _, err := p.Bins(t.Context()); !errors.Is(err, errDisk) {
				t.Errorf("got %v", err)
			}
		}
		if repo.called() != 1 {
			t.Error("a failing repository is asked at every request")
		}
		time.Sleep(time.Second)
		if _, err := p.Bins(t.Context()); err == nil {
			t.Error("a panic gives no error")
		}
		time.Sleep(time.Second)
		// The one who asks is gone; the one who waits has patience for a second only.
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		began := time.Now()
		go func() { _, _ = p.Bins(gone) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.Bins(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("waited %v: %v", time.Since(began), err)
		}
		if _, err := p.Bins(t.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second {
			t.Errorf("waited %v: %v", time.Since(began), err)
		}
		time.Sleep(time.Second)
		if _, err := p.Bins(t.Context()); err != nil {
			t.Errorf("after recovery: %v", err)
		}
	})
}

func BenchmarkPlotter(b *testing.B) {
	p := book.NewPlotter(book.PlotterConfig{Repo: &fakeRepo{}})
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := p.Bins(b.Context()); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
