package book_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/internal/book"
)

func TestAppendReturnsWhenCommitted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repo := &fakeRepo{before: func(context.Context, int) error { time.Sleep(300 * time.Millisecond); return nil }}
		r, _ := run(t, book.RecorderConfig{Repo: repo})
		began := time.Now()
		e := entry()
		if err := r.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(began); got != 300*time.Millisecond {
			t.Errorf("waited %v, want the length of one commit: no timer, and not before the commit", got)
		}
		if got := repo.entries(); len(got) != 1 || got[0] != e {
			t.Errorf("stored %v, want the entry as it came", got)
		}
	})
}

// The time limit of a commit counts from its own start. (Fails when the stopwatch runs from its
// making on.)
func TestAppendAfterAQuietTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repo := &fakeRepo{before: func(ctx context.Context, _ int) error { time.Sleep(3 * time.Second); return ctx.Err() }}
		r, _ := run(t, book.RecorderConfig{Repo: repo, Wait: time.Minute, Commit: 5 * time.Second})
		for range 3 {
			time.Sleep(time.Hour)
			if err := r.Append(t.Context(), entry()); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestConcurrentEntriesShareACommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repo := &fakeRepo{before: func(context.Context, int) error { time.Sleep(10 * time.Millisecond); return nil }}
		r, stop := run(t, book.RecorderConfig{Repo: repo, Batch: 60})
		var wg sync.WaitGroup
		wg.Go(func() { _ = r.Append(t.Context(), entry()) })
		synctest.Wait() // the first one is being committed
		for range 100 {
			wg.Go(func() {
				if err := r.Append(t.Context(), entry()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		var sizes []int
		for _, c := range repo.commits {
			sizes = append(sizes, len(c))
		}
		if len(sizes) != 3 || sizes[0] != 1 || sizes[1] != 60 || sizes[2] != 40 {
			t.Errorf("commits of %v entries, want 1, 60, 40", sizes)
		}
		if s := r.Stats(); s.Written != 101 || s.Dropped != 0 || s.Waiting != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestFailedCommit(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(context.Context) error{
		"error": func(context.Context) error { return errDisk },
		"panic": func(context.Context) error { panic("secret in a panic") },
		"fault": func(context.Context) error { var none []error; return none[len(none)] },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				repo := &fakeRepo{before: func(ctx context.Context, call int) error {
					if call == 2 || call == 3 {
						return fail(ctx)
					}
					return nil
				}}
				var log bytes.Buffer
				r, stop := run(t, book.RecorderConfig{Repo: repo, Log: slog.New(slog.NewTextHandler(&log, nil))})
				if err := r.Append(t.Context(), entry()); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					err := r.Append(t.Context(), entry())
					if !errors.Is(err, book.ErrDropped) || strings.Contains(err.Error(), "secret") {
						t.Errorf("got %v, want ErrDropped without what was thrown", err)
					}
				}
				if r.Healthy() == nil {
					t.Error("healthy after a failed commit")
				}
				if err := r.Append(t.Context(), entry()); err != nil {
					t.Fatalf("after the failures: %v: the recorder must work again", err)
				}
				if err := r.Healthy(); err != nil {
					t.Errorf("not healthy after a commit that succeeded: %v", err)
				}
				time.Sleep(3 * time.Minute) // the loss is told once, not every minute
				if err := stop(); err != nil {
					t.Error(err)
				}
				if s := r.Stats(); s.Written != 3 || s.Dropped != 2 { // the third one of them tells of the loss
					t.Errorf("stats %+v", s)
				}
				got := repo.entries()
				if last := got[len(got)-1]; last.Action != book.ActionEntriesDropped || last.Text != "2 requests of signed-in people" {
					t.Errorf("the book does not tell of the loss: %+v", last)
				}
				if n := strings.Count(log.String(), "\n"); n != 2 || strings.Contains(log.String(), "secret") {
					t.Errorf("log has %d lines, want one for the failure and one for its end:\n%s", n, &log)
				}
			})
		})
	}
}

// A repository that hangs delays the first answers by Wait, and then none: the rest is told at once
// until a commit succeeds. (Fails without the line that looks at stalled in accept.)
func TestHangingRepository(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repo := &fakeRepo{before: func(ctx context.Context, call int) error {
			if call <= 2 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}}
		r, stop := run(t, book.RecorderConfig{Repo: repo, Wait: 2 * time.Second, Commit: 5 * time.Second})
		began := time.Now()
		if err := r.Append(t.Context(), entry()); !errors.Is(err, book.ErrDropped) {
			t.Errorf("got %v", err)
		}
		if got := time.Since(began); got != 2*time.Second {
			t.Errorf("the first waited %v, want 2s", got)
		}
		began = time.Now()
		for range 100 {
			if err := r.Append(t.Context(), entry()); !errors.Is(err, book.ErrDropped) {
				t.Errorf("got %v", err)
			}
		}
		if got := time.Since(began); got != 0 {
			t.Errorf("the others waited %v", got)
		}
		time.Sleep(time.Second)
		if err := r.Healthy(); err == nil || !strings.Contains(err.Error(), "under way") {
			t.Errorf("health: %v", err)
		}
		time.Sleep(10 * time.Second)       // both commits are given up after 5 s each
		_ = r.Append(t.Context(), entry()) // this one is not waited for, but its commit succeeds
		synctest.Wait()
		if err := r.Append(t.Context(), entry()); err != nil {
			t.Errorf("after recovery: %v", err)
		}
		if err := r.Healthy(); err != nil {
			t.Error(err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if s := r.Stats(); s.Written != 3 || s.Dropped != 101 || s.Late != 102 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		repo := &fakeRepo{before: func(context.Context, int) error { <-release; return nil }}
		r, stop := run(t, book.RecorderConfig{Repo: repo, Queue: 16, Batch: 4, Wait: time.Hour, Commit: time.Hour})
		var wg sync.WaitGroup
		var mu sync.Mutex
		dropped := map[book.Type]int{}
		send := func(kind book.Type, n int) {
			for range n {
				wg.Go(func() {
					e := entry()
					e.Type = kind
					if err := r.Append(t.Context(), e); errors.Is(err, book.ErrDropped) {
						mu.Lock()
						dropped[kind]++
						mu.Unlock()
					} else if err != nil {
						t.Error(err)
					}
				})
			}
			synctest.Wait()
		}
		send(book.Request, 1)   // with the writer
		send(book.Request, 20)  // 14 find room
		send(book.Activity, 10) // the last two places are theirs
		if s := r.Stats(); s.Waiting != 16 || dropped[book.Request] != 6 || dropped[book.Activity] != 8 {
			t.Errorf("%+v, dropped %v", s, dropped)
		}
		if err := r.Healthy(); err == nil {
			t.Error("healthy with a full queue")
		}
		close(release)
		wg.Wait()
		time.Sleep(31 * time.Second)
		if err := r.Healthy(); err != nil {
			t.Errorf("a full queue is held against it for ever: %v", err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestQueueByKind: what strangers do does not push out what people do, nor that what was done.
// Guard: recorder.go, room.
func TestQueueByKind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		repo := &fakeRepo{before: func(context.Context, int) error { <-release; return nil }}
		r, stop := run(t, book.RecorderConfig{Repo: repo, Queue: 16, Wait: time.Hour, Commit: time.Hour})
		var wg sync.WaitGroup
		send := func(e func() book.Entry, n int) {
			for range n {
				wg.Go(func() { _ = r.Append(t.Context(), e()) })
			}
			synctest.Wait()
		}
		send(entry, 1) // with the writer
		strangers := func() book.Entry { return stranger("192.0.2.7") }
		deeds := func() book.Entry { e := entry(); e.Type = book.Activity; return e }
		for i, c := range []struct {
			send func() book.Entry
			want int
		}{{strangers, 12}, {entry, 14}, {deeds, 16}} {
			send(c.send, 20)
			if got := r.Stats().Waiting; got != c.want {
				t.Errorf("%d: %d wait, want %d", i, got, c.want)
			}
		}
		close(release)
		wg.Wait()
		time.Sleep(2 * time.Minute)
		if err := stop(); err != nil {
			t.Error(err)
		}
		list := repo.entries()
		const want = "8 entries of strangers, 18 requests of signed-in people, 18 activities and errors"
		if last := list[len(list)-1]; last.Action != book.ActionEntriesDropped || last.Text != want {
			t.Errorf("told as %q", last.Text)
		}
	})
}

// TestOneBatch: entries that belong together are in one commit, in their order, at one time: that
// of their entering. Guard: recorder.go, put.
func TestOneBatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repo := &fakeRepo{}
		r, stop := run(t, book.RecorderConfig{Repo: repo, Batch: 2})
		list := []book.Entry{entry(), entry(), entry()}
		time.Sleep(time.Minute)
		if err := r.Append(t.Context(), list...); err != nil {
			t.Fatal(err)
		}
		if len(repo.commits) != 1 || len(repo.commits[0]) != 3 {
			t.Fatalf("%d commits", len(repo.commits))
		}
		for i, e := range repo.commits[0] {
			if e.ID != list[i].ID || !e.CreatedAt.Equal(time.Now()) {
				t.Errorf("entry %d is of %s, now it is %s", i, e.CreatedAt, time.Now())
			}
		}
		bad := entry()
		bad.ID = ""
		if err := r.Append(t.Context(), entry(), bad); !errors.Is(err, book.ErrInvalid) || len(repo.commits) != 1 {
			t.Errorf("%v, %d commits", err, len(repo.commits))
		}
		_ = stop()
	})
}

func TestFailureIsForgottenWithoutTraffic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repo := &fakeRepo{before: func(context.Context, int) error { return errDisk }}
		r, _ := run(t, book.RecorderConfig{Repo: repo})
		_ = r.Append(t.Context(), entry())
		err := r.Healthy()
		if err == nil || strings.Contains(err.Error(), "disk") {
			t.Errorf("health %v, want a reason without the database's words", err)
		}
		time.Sleep(31 * time.Second)
		if err := r.Healthy(); err != nil {
			t.Errorf("a server that gets no requests would never be ready again: %v", err)
		}
	})
}

func TestCancelledCallerLosesNoEntry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repo := &fakeRepo{before: func(ctx context.Context, _ int) error { time.Sleep(time.Millisecond); return ctx.Err() }}
		r, stop := run(t, book.RecorderConfig{Repo: repo})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := r.Append(ctx, entry()); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		if n := len(repo.entries()); n != 1 {
			t.Errorf("%d entries stored, want 1", n)
		}
	})
}

func TestRunEnds(t *testing.T) {
	t.Parallel()
	t.Run("flushes what it accepted", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			repo := &fakeRepo{before: func(ctx context.Context, _ int) error { time.Sleep(50 * time.Millisecond); return ctx.Err() }}
			r, stop := run(t, book.RecorderConfig{Repo: repo, Batch: 10})
			var wg sync.WaitGroup
			for range 35 {
				wg.Go(func() {
					if err := r.Append(t.Context(), entry()); err != nil {
						t.Error(err)
					}
				})
			}
			synctest.Wait()
			if err := stop(); err != nil {
				t.Error(err)
			}
			wg.Wait()
			if n := len(repo.entries()); n != 35 {
				t.Errorf("%d entries, want 35", n)
			}
			if err := r.Append(t.Context(), entry()); !errors.Is(err, book.ErrClosed) {
				t.Errorf("after the end: %v", err)
			}
			if err := r.Healthy(); !errors.Is(err, book.ErrClosed) {
				t.Errorf("health after the end: %v", err)
			}
			if err := r.Run(t.Context()); err == nil {
				t.Error("ran twice")
			}
		})
	})
	t.Run("in bounded time when the repository hangs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			repo := &fakeRepo{before: func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }}
			r, stop := run(t, book.RecorderConfig{Repo: repo, Batch: 1})
			var wg sync.WaitGroup
			for range 30 {
				wg.Go(func() { _ = r.Append(t.Context(), entry()) })
			}
			synctest.Wait()
			began := time.Now()
			if err := stop(); !errors.Is(err, book.ErrDropped) {
				t.Errorf("got %v, want a word of the loss", err)
			}
			if got := time.Since(began); got > 10*time.Second {
				t.Errorf("the end took %v", got)
			}
			wg.Wait()
			if n := repo.called(); n > 3 { // the commit under way, one of the final flush, one at its very end
				t.Errorf("%d commits were tried", n)
			}
		})
	})
}

func TestAppendChecksAndTidies(t *testing.T) {
	t.Parallel()
	repo := &fakeRepo{}
	r, stop := run(t, book.RecorderConfig{Repo: repo})
	for name, spoil := range map[string]func(*book.Entry){
		"no id":     func(e *book.Entry) { e.ID = "" },
		"other id":  func(e *book.Entry) { e.ID = "../etc" },
		"no type":   func(e *book.Entry) { e.Type = "" },
		"new type":  func(e *book.Entry) { e.Type = "requests" },
		"upper hex": func(e *book.Entry) { e.ID = strings.ToUpper(strings.Repeat("ab", 12)) },
	} {
		e := entry()
		spoil(&e)
		if err := r.Append(t.Context(), e); !errors.Is(err, book.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := entry()
	e.URL = "/\x1b[2J" + strings.Repeat("a", 10_000)
	e.Method = strings.Repeat("M", 100)
	e.UserName = "Eve\u202e\x00"
	e.RequestID = "a\nb"
	e.Text = "\xff"
	e.Application, e.Host, e.Rule = "W\niki", strings.Repeat("h", 300), "rule\x00"
	if err := r.Append(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	_ = stop()
	got := repo.entries()[0]
	if len(got.URL) > 2048 || !strings.HasPrefix(got.URL, `/\x1b[2Jaaa`) || len(got.Method) > 32 ||
		got.UserName != `Eve\u202e\x00` || got.RequestID != `a\nb` || got.Text != `\xff` ||
		got.Application != `W\niki` || len(got.Host) > 256 || got.Rule != `rule\x00` {
		t.Errorf("stored %+v", got)
	}
}
