// Command growth measures how the cost of sessions grows with their number, and prints it as
// Markdown:
//
//	go run ./growth                                  # 10 thousand and 1 million sessions, some minutes
//	go run ./growth -sizes 10000,1000000,10000000    # SQLite to 10 million; some 7 GB of disk
//	go run ./growth -stores mongo -sizes 1000,10000,100000 -lookups 1000 -writes 0 -expired 0
//	go run ./growth -people 100                      # pages of people: 1000 and 50,000 accounts, a million sessions
//	go run ./growth -book                            # the program, 1000 to 10 million entries; 4 GB
//
// It measures, on the memory store, on SQLite, and on a Redis or FerretDB that it starts itself:
// look-ups and writes of random sessions as there are more of them; and look-ups while a million
// expired sessions are swept, beside look-ups before. Every answer is checked. It uses the stores
// directly, so what a request costs besides is not in these figures.
//
// With -book it measures the program itself instead, as there are more entries in its book: see
// bookSettings.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// settings are what the flags say.
type settings struct {
	stores  []string
	sizes   []int // ascending
	most    map[string]int
	lookups int
	writes  int
	expired int // sessions to sweep
	live    int // beside them
	before  time.Duration
	dir     string
	book    *bookSettings // measure the book instead
	people  int           // or the pages of people, with so many requests each
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	s, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(s.dir, "growth-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if s.people > 0 {
		return people(ctx, s.sizes, s.people, dir, out)
	}
	if s.book != nil {
		return s.book.growth(ctx, s.sizes, dir, out)
	}
	if err := s.growth(ctx, dir, out); err != nil {
		return err
	}
	return s.sweeping(ctx, dir, out)
}

func parse(args []string) (s settings, err error) {
	f := flag.NewFlagSet("growth", flag.ContinueOnError)
	stores := f.String("stores", "memory,sqlite,redis", "which stores, of memory, sqlite, redis, mongo (over a FerretDB)")
	sizes := f.String("sizes", "10000,1000000", "how many sessions, or entries, to measure at; with -book the default is "+bookSizes)
	inRAM := f.Int("most-in-memory", 1_000_000, "the most sessions for memory and redis (10 million take 8 and 15 GB)")
	f.IntVar(&s.lookups, "lookups", 50_000, "look-ups at each size")
	f.IntVar(&s.writes, "writes", 5_000, "writes at each size; 0 leaves them out")
	f.IntVar(&s.expired, "expired", 1_000_000, "expired sessions to sweep; 0 leaves this part out")
	f.IntVar(&s.live, "live", 10_000, "live sessions beside them")
	f.DurationVar(&s.before, "before", 5*time.Second, "how long to look sessions up before the sweep, or to visit before the book is trimmed")
	f.StringVar(&s.dir, "dir", "", "where to put databases (default: the system's folder for temporary files)")
	ofBook := f.Bool("book", false, "measure the program as its book grows: start, pages, trimming; of the other settings -sizes, -before and -dir count")
	var b bookSettings
	f.StringVar(&b.binary, "doorbook", "", "with -book: the `program` to measure; it is built from .. when this is empty. Of another one nothing is measured in process")
	f.IntVar(&b.requests, "requests", 500, "with -book: requests of each page, at most")
	f.DurationVar(&b.each, "each", 10*time.Second, "with -book: how long to ask for one page, at most")
	f.DurationVar(&b.trim, "trim", 20*time.Second, "with -book: how long to watch the trimming, at most")
	f.IntVar(&s.people, "people", 0, "measure the pages of people instead, with so many requests of each; -sizes are accounts, by default "+peopleSizes)
	if err := f.Parse(args); err != nil {
		return s, err
	}
	given := false
	f.Visit(func(f *flag.Flag) { given = given || f.Name == "sizes" })
	if s.people > 0 && !given {
		*sizes = peopleSizes
	}
	if *ofBook {
		if !given {
			*sizes = bookSizes
		}
		if b.requests < 1 {
			return s, fmt.Errorf("at least 1 request")
		}
		b.before, s.book = s.before, &b
	}
	s.stores = strings.Split(*stores, ",")
	s.most = map[string]int{"memory": *inRAM, "redis": *inRAM}
	for text := range strings.SplitSeq(*sizes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxSessions {
			return s, fmt.Errorf("not a number of sessions: %q", text)
		}
		s.sizes = append(s.sizes, n)
	}
	slices.Sort(s.sizes)
	if s.lookups < 100 || s.writes < 100 && s.writes != 0 {
		return s, fmt.Errorf("at least 100 look-ups, and as many writes or none")
	}
	return s, nil
}
