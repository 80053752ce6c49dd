package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	trimMost  = 300_000               // entries that become too old, at most
	trimShare = 0.3                   // of the book
	pollEvery = 10 * time.Millisecond // how often the book is looked at
	visitRest = 5 * time.Millisecond  // of the visitor between two requests
)

// trimmed is what was seen of the trimming.
type trimmed struct {
	from, to       sight // the first change of the book, and the last
	before, during samples
}

// sight is how many entries were gone at a moment.
type sight struct {
	gone int64
	at   time.Time
}

// speed gives the entries that went in a second, where there was more to see than one step.
func (t trimmed) speed() string {
	took := t.to.at.Sub(t.from.at)
	if took <= 0 {
		return "at once"
	}
	return fmt.Sprintf("%.0f", float64(t.to.gone-t.from.gone)/took.Seconds())
}

// trimming makes the oldest part of the book too old, starts the program, and watches it go. The
// program runs already.
func (h *house) trimming(ctx context.Context, before, during time.Duration) (t trimmed, err error) {
	calm, cancel := context.WithTimeout(ctx, before)
	defer cancel()
	if t.before, err = h.visit(ctx, calm.Done()); err != nil {
		return t, err
	}
	h.Stop()
	old := int(min(trimShare*float64(h.entries), trimMost))
	if err := h.age(ctx, old); err != nil {
		return t, fmt.Errorf("make entries old: %w", err)
	}
	if err := h.hold(ctx, false); err != nil {
		return t, err
	}
	watch, cancel := context.WithTimeout(ctx, during)
	defer cancel()
	var (
		from, to sight
		watchErr error
		done     = make(chan struct{})
	)
	go func() {
		defer close(done)
		from, to, watchErr = h.watch(watch, int64(old))
	}()
	if err = h.Serve(ctx); err == nil {
		t.during, err = h.visit(ctx, done)
	}
	if err != nil {
		cancel()
	}
	<-done
	t.from, t.to = from, to
	return t, errors.Join(err, watchErr)
}

// visit asks for the dashboard over one connection, one request after the other, until done.
func (h *house) visit(ctx context.Context, done <-chan struct{}) (took samples, err error) {
	for {
		begin := time.Now()
		status, body, err := h.atAda.Ask(ctx, "/", nil)
		if err != nil {
			return nil, err
		}
		if status != http.StatusOK || !strings.Contains(body, h.ada.Welcome()) {
			return nil, fmt.Errorf("GET /: status %d without %q", status, h.ada.Welcome())
		}
		took = append(took, time.Since(begin))
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-done:
			return took, nil
		case <-time.After(visitRest):
		}
	}
}

// watch looks at the book until the oldest n entries are gone, or until the time is over.
func (h *house) watch(ctx context.Context, n int64) (from, to sight, err error) {
	db, err := h.database(h.BookFile(), "query_only(1)")
	if err != nil {
		return from, to, err
	}
	defer db.Close()
	for {
		var oldest int64
		// What the accounts' making left stands before, and is young.
		err := db.QueryRowContext(context.WithoutCancel(ctx), `SELECT seq FROM entries WHERE seq >= ? ORDER BY seq LIMIT 1`, h.first).Scan(&oldest)
		if err != nil {
			return from, to, err
		}
		if gone := min(oldest-h.first, n); gone > to.gone {
			to = sight{gone, time.Now()}
			if from.gone == 0 {
				from = to
			}
		}
		if to.gone == n {
			return from, to, nil
		}
		select {
		case <-ctx.Done():
			if to.gone == 0 {
				return from, to, fmt.Errorf("nothing was trimmed:\n%s", h.Tail())
			}
			return from, to, nil
		case <-time.After(pollEvery):
		}
	}
}
