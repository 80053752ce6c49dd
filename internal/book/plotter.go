package book

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// PlotterConfig says what a Plotter shows. Only Repo is required.
type PlotterConfig struct {
	Repo  Repository
	Clock func() time.Time // default time.Now
	Step  time.Duration    // length of one bar, whole minutes; default 10 min
	Count int              // number of bars, the last one holding the present; default 36: six hours
	TTL   time.Duration    // how old an answer may be; default 1 s
	Limit time.Duration    // longest one query may take; default 5 s
}

// Plotter gives the plot's data, and asks the repository at most once in a TTL however many ask:
// the dashboard shows it on every request. It is safe for concurrent use and starts no goroutine.
type Plotter struct {
	c PlotterConfig

	mu    sync.Mutex
	last  *plot // the latest that is complete, nil at first
	doing *plot // the one that somebody is asking for, nil when nobody is
}

type plot struct {
	done chan struct{}
	at   time.Time
	bins []Bin // set before done is closed, as is err
	err  error
}

// NewPlotter makes a Plotter. It panics without a repository.
func NewPlotter(c PlotterConfig) *Plotter {
	if c.Repo == nil {
		panic("book: NewPlotter needs a repository")
	}
	c.Clock = clockOr(c.Clock)
	c.Step = positiveOr(c.Step, 10*time.Minute)
	c.Count = positiveOr(c.Count, 36)
	c.TTL = positiveOr(c.TTL, time.Second)
	c.Limit = positiveOr(c.Limit, 5*time.Second)
	return &Plotter{c: c}
}

// Bins gives the bars, oldest first. Until the repository is asked anew everybody gets the same
// slice, which nobody may change, so that a drawing of it can be kept for as long as the slice is
// the same. One caller asks the repository, with the values of its ctx and a limit of its own
// instead of its cancellation; the others wait for it until their ctx ends. An error is kept for
// the TTL too, so that a failing repository is not asked at every request.
func (p *Plotter) Bins(ctx context.Context) ([]Bin, error) {
	got, lead := p.join()
	if lead {
		p.fetch(ctx, got)
	}
	select {
	case <-got.done:
	default:
		select {
		case <-got.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return got.bins, got.err
}

// join gives the plot to wait for, and whether the caller is the one to fetch it.
func (p *Plotter) join() (got *plot, lead bool) {
	now := p.c.Clock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last != nil {
		if age := now.Sub(p.last.at); age >= 0 && age < p.c.TTL {
			return p.last, false
		}
	}
	if p.doing != nil {
		return p.doing, false
	}
	p.doing = &plot{done: make(chan struct{}), at: now}
	return p.doing, true
}

func (p *Plotter) fetch(ctx context.Context, got *plot) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.c.Limit)
	defer cancel()
	start := got.at.UTC().Truncate(p.c.Step).Add(-time.Duration(p.c.Count-1) * p.c.Step)
	got.err = guard(func() error {
		minutes, err := p.c.Repo.Minutes(ctx, start)
		if err != nil {
			return fmt.Errorf("book: counts for the plot: %w", err)
		}
		got.bins = Bins(minutes, start, p.c.Step, p.c.Count)
		return nil
	})
	p.mu.Lock()
	got.at = p.c.Clock() // it is as old as its answer: a slow repository must not be asked without a pause
	p.last, p.doing = got, nil
	p.mu.Unlock()
	close(got.done)
}
