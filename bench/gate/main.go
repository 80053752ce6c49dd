// Command gate measures what it costs to have something before an application: the program as its
// gate (doorbook --app), side by side in one run with proxies that only carry (net/http/httputil
// tuned and untuned, nginx, Caddy) and with oauth2-proxy, which lets people in as well. All carry the
// same small answer of the same application over connections that stay open. Then, what an idle
// WebSocket and a long download take of their memory.
//
// Run it in the folder bench/. Everything happens on loopback addresses and in a temporary folder;
// Caddy and oauth2-proxy are built from the module proxy the first time, which takes minutes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/doorbook/doorbook/bench/load"
	"github.com/doorbook/doorbook/bench/program"
)

type options struct {
	doorbook    string
	only        []string
	connections int
	rounds      int
	each        time.Duration
	idle        int
	download    int64
	cache       string
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == "serve" { // one of the contestants, started by the program itself
		fmt.Fprintln(os.Stderr, serve(os.Args[2], os.Args[3]))
		os.Exit(1)
	}
	o := options{}
	cache, _ := os.UserCacheDir()
	flag.StringVar(&o.doorbook, "doorbook", "", "the `program` to measure; it is built from .. when this is empty")
	flag.Func("only", "the `names` of those that take part, with commas between them", func(s string) error {
		o.only = strings.Split(s, ",")
		return nil
	})
	flag.IntVar(&o.connections, "connections", 64, "how many connections stay open")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each has its turn; 0 leaves the load out")
	flag.DurationVar(&o.each, "each", 3*time.Second, "how long a turn is")
	flag.IntVar(&o.idle, "idle", 1000, "how many idle WebSockets are opened; 0 leaves them out")
	flag.Int64Var(&o.download, "download", 1<<30, "how many bytes are downloaded; 0 leaves it out")
	flag.StringVar(&o.cache, "cache", filepath.Join(cache, "doorbook", "bin"), "where Caddy and oauth2-proxy are kept, once built")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gate:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, w io.Writer) (err error) {
	h := house{options: o}
	if h.tmp, err = os.MkdirTemp("", "doorbook-bench-"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(h.tmp) }()
	if h.self, err = os.Executable(); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s %s/%s, %d cores, %s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().UTC().Format(time.DateOnly))
	app, err := h.own(ctx, "app", "")
	if err != nil {
		return err
	}
	defer app.stop()
	h.app = app.addr

	var all []*contestant
	defer func() {
		for _, c := range all {
			c.stop()
		}
	}()
	for _, kind := range kinds {
		if len(o.only) > 0 && !slices.Contains(o.only, kind.name) {
			continue
		}
		c, err := kind.start(&h, ctx)
		if errors.Is(err, exec.ErrNotFound) {
			fmt.Fprintf(w, "%s is left out: %v\n", kind.name, err)
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
		c.name = kind.name
		all = append(all, c)
	}
	if err := measureLoad(ctx, o, all, w); err != nil {
		return err
	}
	if err := measureIdle(ctx, o, all, w); err != nil {
		return err
	}
	return measureDownload(ctx, o, all, w)
}

// measureLoad gives every contestant its turns.
func measureLoad(ctx context.Context, o options, all []*contestant, w io.Writer) error {
	if o.rounds == 0 {
		return nil
	}
	seen := map[string][]load.Result{}
	for round := range o.rounds + 1 {
		during := o.each
		if round == 0 {
			during = min(during, 2*time.Second) // to warm up
		}
		for i := range all {
			c := all[(i+round)%len(all)] // nobody is always the first
			before, gate := c.cpu(), c.procs[0].CPU()
			r := load.Run(ctx, load.NewTarget(c.addr, "/small", c.cookies, 200, small), o.connections, during, 0)
			r.CPU, r.Other = c.cpu()-before, c.procs[0].CPU()-gate
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if round > 0 {
				seen[c.name] = append(seen[c.name], r)
			}
		}
	}
	return printLoad(w, o.connections, all, seen)
}

// contestant is something before the application: one process or two.
type contestant struct {
	name    string
	addr    string
	cookies string             // of who is signed in; "" where nobody is
	procs   []*program.Process // the first lets people in
}

func (c *contestant) stop() {
	for _, p := range c.procs {
		p.Stop()
	}
}

func (c *contestant) cpu() (sum time.Duration) {
	for _, p := range c.procs {
		sum += p.CPU()
	}
	return sum
}

func (c *contestant) residentMB() (sum float64, err error) {
	for _, p := range c.procs {
		mb, err := p.ResidentMB()
		if err != nil {
			return 0, err
		}
		sum += mb
	}
	return sum, nil
}
