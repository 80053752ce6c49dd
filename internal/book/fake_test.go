package book_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/id"
)

var errDisk = errors.New("disk full")

// fakeRepo keeps entries in memory. before is called at each call, with its number from 1 on, and
// may hang until ctx ends, fail or panic.
type fakeRepo struct {
	before func(ctx context.Context, call int) error

	mu      sync.Mutex
	calls   int
	commits [][]book.Entry
	limits  []trimCall
	age     []int // Trim: entries left to delete
	early   int   // of each Trim
	minutes []book.Minute
	since   []time.Time
	endings []book.Ending
}

type trimCall struct {
	OlderThan time.Time
	MaxBytes  int64
	Limit     int
}

func (f *fakeRepo) enter(ctx context.Context) error {
	f.mu.Lock()
	f.calls++
	call := f.calls
	f.mu.Unlock()
	if f.before != nil {
		return f.before(ctx, call)
	}
	return ctx.Err()
}

func (f *fakeRepo) Append(ctx context.Context, entries []book.Entry, endings ...book.Ending) error {
	if err := f.enter(ctx); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commits = append(f.commits, slices.Clone(entries))
	f.endings = append(f.endings, endings...)
	return nil
}

func (f *fakeRepo) Minutes(ctx context.Context, since time.Time) ([]book.Minute, error) {
	if err := f.enter(ctx); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.since = append(f.since, since)
	return f.minutes, nil
}

func (f *fakeRepo) Trim(ctx context.Context, olderThan time.Time, maxBytes int64, limit int) (book.Trimmed, error) {
	if err := f.enter(ctx); err != nil {
		return book.Trimmed{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.limits = append(f.limits, trimCall{olderThan, maxBytes, limit})
	if len(f.age) == 0 {
		return book.Trimmed{}, nil
	}
	n := f.age[0]
	f.age = f.age[1:]
	return book.Trimmed{Old: n - f.early, Early: book.Kinds{Strangers: f.early}}, nil
}

func (*fakeRepo) Find(context.Context, book.Query) ([]book.Entry, string, error) {
	return nil, "", errors.ErrUnsupported
}

func (*fakeRepo) ByID(context.Context, string) (book.Entry, error) {
	return book.Entry{}, errors.ErrUnsupported
}

func (*fakeRepo) SoftDelete(context.Context, string, time.Time, ...book.May) error {
	return errors.ErrUnsupported
}

func (*fakeRepo) Delete(context.Context, string, ...book.May) error { return errors.ErrUnsupported }

func (f *fakeRepo) entries() []book.Entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Concat(f.commits...)
}

func (f *fakeRepo) called() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// entry makes a request of a signed-in developer.
func entry() book.Entry {
	now := time.Now()
	return book.Entry{ID: id.New(now), Type: book.Request, CreatedAt: now, ClientAddr: "192.0.2.7", URL: "/", Method: "GET", Status: 200, User: strings.Repeat("a", 24)}
}

// stranger makes a request of a visitor who is not signed in.
func stranger(addr string) book.Entry {
	e := entry()
	e.User, e.ClientAddr = "", addr
	return e
}

// run starts the recorder and gives the function that ends it and waits for it.
func run(t *testing.T, c book.RecorderConfig) (*book.Recorder, func() error) {
	t.Helper()
	r := book.NewRecorder(c)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	stop := sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() { _ = stop() })
	return r, stop
}
