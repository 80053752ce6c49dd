package book_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/book"
)

func TestKeeperTrimsInBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		took := 100 * time.Millisecond
		repo := &fakeRepo{age: []int{1000, 1000, 30}, before: func(context.Context, int) error { time.Sleep(took); return nil }}
		began := time.Now()
		k := book.NewKeeper(book.KeeperConfig{Repo: repo})
		n, err := k.Trim(t.Context())
		if n != 2030 || err != nil {
			t.Errorf("trimmed %d, %v", n, err)
		}
		if got := time.Since(began); got != 5*took {
			t.Errorf("took %v, want three batches and two rests of their length", got)
		}
		want := trimCall{OlderThan: began.Add(-90 * 24 * time.Hour), MaxBytes: 1 << 30, Limit: 1000}
		if diff := cmp.Diff(want, repo.limits[0]); diff != "" {
			t.Error(diff)
		}
	})
}

// TestKeeperTells: what goes before its age is told once a run, and by kind.
// Guard: keeper.go, tell.
func TestKeeperTells(t *testing.T) {
	t.Parallel()
	var told []book.Entry
	repo := &fakeRepo{age: []int{5, 5, 4}, early: 2}
	k := book.NewKeeper(book.KeeperConfig{Repo: repo, Batch: 5, Pause: 1, Tell: func(_ context.Context, list ...book.Entry) error {
		told = append(told, list...)
		return nil
	}})
	if n, err := k.Trim(t.Context()); n != 14 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if len(told) != 1 || told[0].Action != book.ActionEntriesTrimmed || told[0].Text != "6 entries of strangers" {
		t.Errorf("told %+v", told)
	}
	repo.age, repo.early = []int{3}, 0
	if _, err := k.Trim(t.Context()); err != nil || len(told) != 1 {
		t.Errorf("what went by age is told: %+v, %v", told, err)
	}
}

func TestKeeperWithoutBounds(t *testing.T) {
	t.Parallel()
	repo := &fakeRepo{}
	if _, err := book.NewKeeper(book.KeeperConfig{Repo: repo, MaxAge: -1, MaxBytes: -1, Batch: 7}).Trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]trimCall{{Limit: 7}}, repo.limits); diff != "" {
		t.Error(diff)
	}
}

func TestKeeperRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repo := &fakeRepo{before: func(ctx context.Context, call int) error {
			switch call {
			case 2:
				return errDisk
			case 3:
				panic("at the disco")
			case 4:
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}}
		var log bytes.Buffer
		k := book.NewKeeper(book.KeeperConfig{Repo: repo, Log: slog.New(slog.NewTextHandler(&log, nil))})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- k.Run(ctx) }()
		synctest.Wait()
		if repo.called() != 1 {
			t.Error("does not trim at the start")
		}
		time.Sleep(6 * time.Minute)
		if n := repo.called(); n != 6 { // the hanging one took 10 s
			t.Errorf("%d trims in six minutes", n)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n := strings.Count(log.String(), "\n"); n != 2 {
			t.Errorf("%d lines in the log, want one for the failure and one for its end:\n%s", n, &log)
		}
	})
}

func TestKeeperEndsWhileTrimming(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repo := &fakeRepo{age: []int{1000, 1000, 1000, 1000, 1000}}
		k := book.NewKeeper(book.KeeperConfig{Repo: repo, Pause: time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		if err := k.Run(ctx); err != nil || repo.called() != 2 {
			t.Errorf("%v after %d batches", err, repo.called())
		}
	})
}
