package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/doorbook/doorbook/bench/program"
)

// bookSizes are the sizes of the book that are measured unless others are given.
const bookSizes = "1000,1000000,10000000"

// bookSettings are what the flags say of measuring the book. At each size an installation is made
// by the program's own binary, its book is filled, and these are measured:
//
//   - the time from the program's start to the end of the first page for somebody who is signed in;
//   - the processor time of one page of the book at the newest, the middle and the oldest end, for
//     everybody, of activities, and of a developer who has few entries: over HTTP, and in process
//     from the repository;
//   - how fast the running program trims entries that have become too old, and what one visitor of
//     it feels of that.
type bookSettings struct {
	binary   string
	requests int
	each     time.Duration
	before   time.Duration
	trim     time.Duration
}

const bookHeader = `Start: to the end of the first signed-in page, median of %d. Pages: processor time of one, a median, at the newest / the middle / the oldest
end; over HTTP it holds all that a request costs, its own entry too. Trimming: of entries older than 90 days, %v at most; the
visitor asks for the dashboard, before / meanwhile.

| entries | start (goal: ≤ 60 ms) | page over HTTP (≤ 0.5 ms): everybody | activities | one with few | page in process (≤ 0.5 ms): everybody | activities | one with few | trimmed a second (≥ 10,000) | visitor p50 | p99 (< 20 ms) | book | filled in |
|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|
`

// starts is how often the program is started.
const starts = 5

// growth prints one line for each size.
func (b bookSettings) growth(ctx context.Context, sizes []int, dir string, out io.Writer) error {
	other := b.binary != ""
	if !other {
		b.binary = filepath.Join(dir, "doorbook")
		if err := program.BuildDoorbook(ctx, b.binary); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, bookHeader, starts, b.trim)
	for _, size := range sizes {
		line, err := b.measure(ctx, size, filepath.Join(dir, fmt.Sprintf("book-%d", size)), !other)
		if err != nil {
			return fmt.Errorf("%d entries: %w", size, err)
		}
		fmt.Fprintln(out, line)
	}
	return nil
}

// measure gives the line of one size. Its files are in a folder of its own, which it makes and
// removes.
func (b bookSettings) measure(ctx context.Context, size int, dir string, inProcess bool) (string, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	h, err := newHouse(ctx, b.binary, dir)
	if err != nil {
		return "", err
	}
	began := time.Now()
	if err := h.fill(ctx, size, began); err != nil {
		return "", fmt.Errorf("fill the book: %w", err)
	}
	filled := time.Since(began)
	bytes, err := os.Stat(h.BookFile())
	if err != nil {
		return "", err
	}
	if err := h.hold(ctx, bytes.Size() > bookBound); err != nil {
		return "", err
	}
	if err := h.Serve(ctx); err != nil {
		return "", err
	}
	defer func() { h.Stop() }()
	for who, v := range h.visitors() {
		if err := v.SignIn(ctx, who); err != nil {
			return "", fmt.Errorf("%w\n%s", err, h.Tail())
		}
	}
	start, err := h.start(ctx)
	if err != nil {
		return "", err
	}
	http, err := h.pagesOverHTTP(ctx, b.requests, b.each)
	if err != nil {
		return "", err
	}
	own := pageTimes{}
	if inProcess {
		h.Stop()
		if own, err = h.pagesInProcess(ctx, b.requests, b.each); err != nil {
			return "", err
		}
		if err := h.Serve(ctx); err != nil {
			return "", err
		}
	}
	t, err := h.trimming(ctx, b.before, b.trim)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("| %d | %s | %s | %s | %s | %s | %s | %s | %s | %s / %s | %s / %s | %.1f MB | %v |", size, milliseconds(start),
		http[everybody], http[activities], http[few], own[everybody], own[activities], own[few], t.speed(),
		milliseconds(t.before.percentile(50)), milliseconds(t.during.percentile(50)),
		milliseconds(t.before.percentile(99)), milliseconds(t.during.percentile(99)),
		float64(bytes.Size())/1e6, filled.Round(100*time.Millisecond)), nil
}

// house is an installation of the program with two accounts, and both of them at their browsers.
type house struct {
	*program.Doorbook
	ada, rare       program.Person // an admin, and a member who is seldom there
	atAda, atRare   *program.Visitor
	rareID          string
	entries         int   // that fill added,
	first           int64 // the seq of their first,
	apart, rareness int   // and one in so many is an activity, or of rare
}

// newHouse makes the accounts. The program opens and closes the book for that while it has next to
// nothing in it.
func newHouse(ctx context.Context, binary, dir string) (*house, error) {
	d, err := program.NewDoorbook(binary, dir)
	if err != nil {
		return nil, err
	}
	h := &house{
		Doorbook: d, ada: program.NewPerson(), rare: program.Person{Name: "Rare Visitor", Email: "rare@example.org", Password: rand.Text()},
		atAda: program.NewVisitor(d.Addr), atRare: program.NewVisitor(d.Addr),
	}
	if err := h.AddUser(ctx, h.ada, "--admin"); err != nil {
		return nil, err
	}
	return h, h.AddUser(ctx, h.rare)
}

func (h *house) visitors() map[program.Person]*program.Visitor {
	return map[program.Person]*program.Visitor{h.ada: h.atAda, h.rare: h.atRare}
}

// start gives the time from the program's start to the end of the first page.
func (h *house) start(ctx context.Context) (time.Duration, error) {
	var times []time.Duration
	for range starts {
		t, err := h.Restart(ctx, h.atAda, h.ada)
		if err != nil {
			return 0, err
		}
		times = append(times, t)
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }
