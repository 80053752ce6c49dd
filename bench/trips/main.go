// Command trips tells which commands the signed-in dashboard sends to MongoDB for one request, and
// how many of them wait for each other. Every command is held up for a while, as by a network, so
// that what waits is seen in the times.
//
//	go run ./trips             # over a FerretDB that it starts
//
// Run it in the folder bench/.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/doorbook/doorbook/bench/ferretdb"
	"github.com/doorbook/doorbook/internal/mongo"
)

func main() {
	delay := flag.Duration("delay", 30*time.Millisecond, "how long each command is held up")
	address := flag.String("mongo", "", "`URL` of a database that may be dropped; a FerretDB is started when this is empty")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *address, *delay); err != nil {
		fmt.Fprintln(os.Stderr, "trips:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, w io.Writer, address string, delay time.Duration) error {
	if address == "" {
		server, err := ferretdb.Start(ctx)
		if err != nil {
			return err
		}
		defer server.Stop()
		address = server.URL("bench_trips")
	}
	var t trace
	db, err := mongo.Open(ctx, address, mongo.Options{Monitor: t.monitor()})
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := newSite(ctx, db)
	if err != nil {
		return err
	}
	defer s.stop()
	if err := s.signIn(ctx); err != nil {
		return err
	}
	const enough = 30 // a page full of entries
	for range enough {
		if err := s.dashboard(ctx); err != nil {
			return err
		}
	}
	for _, c := range []struct {
		what     string
		after    time.Duration
		requests int
	}{
		{"one request, the first in this second", 1500 * time.Millisecond, 1},
		{"one request, in the same second", 0, 1},
		{"16 requests at once, the first in this second", 1500 * time.Millisecond, 16},
	} {
		time.Sleep(c.after)
		if c.after == 0 { // but the plot must be fresh
			if err := s.dashboard(ctx); err != nil {
				return err
			}
		}
		t.delay(delay)
		t.take()
		begin := time.Now()
		if err := s.together(ctx, c.requests); err != nil {
			return err
		}
		took := time.Since(begin)
		t.delay(0)
		fmt.Fprintf(w, "\n%s: answered after %.1f times the delay\n\n", c.what, float64(took)/float64(delay))
		if err := print(w, t.take()); err != nil {
			return err
		}
	}
	return nil
}

// print writes the commands wave by wave: those of a wave are under way at the same time, and wait
// for one before.
func print(w io.Writer, commands []command) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "wave\tbegan\tcommands")
	for n, wave := range waves(commands) {
		var names []string
		count := map[string]int{}
		for _, c := range wave {
			if count[c.name]++; count[c.name] == 1 {
				names = append(names, c.name)
			}
		}
		for i, name := range names {
			if count[name] > 1 {
				names[i] = fmt.Sprintf("%d × %s", count[name], name)
			}
		}
		fmt.Fprintf(tab, "%d\t%v\t%s\n", n+1, wave[0].began.Sub(commands[0].began).Round(time.Millisecond), strings.Join(names, ", "))
	}
	return tab.Flush()
}

// together asks for the dashboard a number of times at once.
func (s *site) together(ctx context.Context, n int) error {
	errs := make(chan error, n)
	var all sync.WaitGroup
	for range n {
		all.Go(func() { errs <- s.dashboard(ctx) })
	}
	all.Wait()
	for range n {
		if err := <-errs; err != nil {
			return err
		}
	}
	return nil
}
