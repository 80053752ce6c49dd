package book_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/id"
)

// appended gives n entries of signed-in people to the book.
func appended(t *testing.T, r *book.Recorder, n int) []book.Entry {
	t.Helper()
	list := make([]book.Entry, n)
	for i := range list {
		list[i] = entry()
	}
	if err := r.Append(t.Context(), list...); err != nil {
		t.Fatal(err)
	}
	return list
}

// TestFinish: an ending waits for nothing and costs no commit of its own while there are entries to
// share one; without them it is written soon.
func TestFinish(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repo := &fakeRepo{}
		r, _ := run(t, book.RecorderConfig{Repo: repo})
		first := appended(t, r, 2)
		want := []book.Ending{{ID: first[0].ID, Duration: time.Minute, Bytes: 12}, {ID: first[1].ID, Duration: time.Hour}}
		r.Finish(want[0])
		r.Finish(want[1])
		synctest.Wait()
		if n := repo.called(); n != 1 {
			t.Errorf("%d commits before there is anything to share one with", n)
		}
		appended(t, r, 1)
		if diff := cmp.Diff(want, repo.endings); diff != "" || repo.called() != 2 {
			t.Errorf("with the next entry, in %d commits: %s", repo.called(), diff)
		}

		alone := book.Ending{ID: first[0].ID, Duration: 2 * time.Minute}
		r.Finish(alone)
		time.Sleep(time.Second)
		synctest.Wait()
		if diff := cmp.Diff(append(want, alone), repo.endings); diff != "" || repo.called() != 3 {
			t.Errorf("without entries, in %d commits: %s", repo.called(), diff)
		}
		if s := r.Stats(); s.Unfinished != 0 || s.Written != 3 {
			t.Errorf("%+v", s)
		}
	})
}

// TestFinishInQueue: what still waits is completed where it is.
func TestFinishInQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		let := make(chan struct{})
		repo := &fakeRepo{before: func(_ context.Context, call int) error {
			if call == 1 {
				<-let
			}
			return nil
		}}
		r, stop := run(t, book.RecorderConfig{Repo: repo, Wait: time.Minute, Commit: time.Minute})
		list := []book.Entry{entry(), entry(), entry()}
		for _, e := range list {
			go func() { _ = r.Append(t.Context(), e) }()
			synctest.Wait()
		}
		r.Finish(book.Ending{ID: list[0].ID, Duration: 7}) // under way already
		r.Finish(book.Ending{ID: list[2].ID, Duration: 8, Bytes: 9})
		close(let)
		synctest.Wait()
		if err := stop(); err != nil {
			t.Error(err)
		}
		got := repo.entries()
		if len(got) != 3 || got[2].Duration != 8 || got[2].Bytes != 9 || got[1].Duration != list[1].Duration {
			t.Errorf("stored %+v", got)
		}
		if diff := cmp.Diff([]book.Ending{{ID: list[0].ID, Duration: 7}}, repo.endings); diff != "" {
			t.Error(diff)
		}
	})
}

// TestFinishDrained: what waits at the end is written.
func TestFinishDrained(t *testing.T) {
	t.Parallel()
	repo := &fakeRepo{}
	r, stop := run(t, book.RecorderConfig{Repo: repo, Batch: 2})
	for i := range 5 {
		r.Finish(book.Ending{ID: id.New(time.Now()), Duration: time.Duration(i)})
	}
	if err := stop(); err != nil || len(repo.endings) != 5 {
		t.Errorf("%d endings, %v", len(repo.endings), err)
	}
	r.Finish(book.Ending{ID: id.New(time.Now())})
	if s := r.Stats(); s.Unfinished != 1 {
		t.Errorf("after the end: %+v", s)
	}
}

// TestFinishLost: endings take a bounded place, and the loss of one is the loss of no entry.
func TestFinishLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repo := &fakeRepo{}
		r, stop := run(t, book.RecorderConfig{Repo: repo, Queue: 4})
		list := appended(t, r, 1)
		repo.before = func(context.Context, int) error { return errDisk }
		for range 7 {
			r.Finish(book.Ending{ID: list[0].ID, Duration: time.Minute})
		}
		if s := r.Stats(); s.Unfinished != 3 {
			t.Errorf("beyond the queue: %+v", s)
		}
		time.Sleep(time.Second)
		if s := r.Stats(); s.Unfinished != 7 || s.Dropped != 0 || s.Written != 1 {
			t.Errorf("after a commit that failed: %+v", s)
		}
		if err := stop(); err != nil && !errors.Is(err, book.ErrDropped) {
			t.Error(err)
		}
		if n := len(repo.entries()); n != 1 {
			t.Errorf("%d entries", n)
		}
	})
}
