// Command dashboard measures the whole program side by side with an equivalent Flask application
// (../flask) and a bare net/http server (../hello): the signed-in dashboard under the same load, in
// turns; then the memory of the idle program, and the time from its start to its first page with a
// full book. With -mongo both applications keep their records in MongoDB.
//
// Run it in the folder bench/. Everything happens on loopback addresses and in a temporary folder,
// and takes a few minutes.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/doorbook/doorbook/bench/load"
	"github.com/doorbook/doorbook/bench/program"
)

type options struct {
	doorbook, gunicorn, flask string
	beside                    string
	silent                    bool
	threads, connections      []int
	rounds                    int
	each                      time.Duration
	entries                   int
	settle                    time.Duration
	history                   bool
	mongo                     string
	answers                   int
}

func main() {
	o := options{threads: []int{0, 1}, connections: []int{16, 64}}
	flag.StringVar(&o.doorbook, "doorbook", "", "the `program` to measure; it is built from .. when this is empty; \"none\" leaves it out")
	flag.StringVar(&o.gunicorn, "gunicorn", "/usr/bin/gunicorn", "Debian's gunicorn, whose python3 has Debian's python3-flask; \"none\" leaves Flask out")
	flag.StringVar(&o.flask, "flask", "flask", "the `folder` of the Flask application")
	flag.StringVar(&o.beside, "beside", "", "another `program` to measure in the same turns, such as that of the commit before")
	flag.BoolVar(&o.silent, "silent", false, "measure the program's site with a book that takes no entries, too")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each server has its turn under each load; 0 leaves the load out")
	flag.DurationVar(&o.each, "each", 5*time.Second, "how long a turn is")
	flag.IntVar(&o.entries, "entries", 100_000, "how many entries the book holds at least when the time to the first page is measured")
	flag.DurationVar(&o.settle, "settle", 5*time.Second, "how long the program is idle before its memory is read")
	flag.BoolVar(&o.history, "history", true, "give the plots six hours to show; else they have a bar or two")
	flag.StringVar(&o.mongo, "mongo", "", "keep the records of both sides in MongoDB: ferretdb starts `one`, replay starts one behind a front that answers from memory what was asked before, mongodb://HOST/ names one; each turn then begins with -entries in both logs (200, unless set)")
	flag.IntVar(&o.answers, "answers", 0, "the most answers of a turn; 0 is no bound (with -mongo: 500, because the log grows by as many)")
	flag.Func("threads", "threads of each of gunicorn's two workers, one Flask for each number; 0 is its default worker (default 0,1)", numbers(&o.threads, 0))
	flag.Func("connections", "connections of each load (default 16,64)", numbers(&o.connections, 1))
	flag.Parse()
	if o.mongo != "" {
		given := map[string]bool{}
		flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
		if !given["entries"] {
			o.entries = 200
		}
		if !given["answers"] {
			o.answers = 500
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "dashboard:", err)
		stop()
		os.Exit(1)
	}
}

// numbers reads a flag like "16,64".
func numbers(to *[]int, least int) func(string) error {
	return func(text string) error {
		*to = nil
		for part := range strings.SplitSeq(text, ",") {
			n, err := strconv.Atoi(part)
			if err != nil || n < least || n > 1000 {
				return fmt.Errorf("not a number from %d to 1000: %q", least, part)
			}
			*to = append(*to, n)
		}
		return nil
	}
}

func run(ctx context.Context, o options, w io.Writer) error {
	tmp, err := os.MkdirTemp("", "doorbook-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	h := house{tmp: tmp, who: program.NewPerson(), history: o.history}
	if o.mongo != "" {
		if h.mongo, err = openMongo(ctx, o.mongo, o.entries); err != nil {
			return err
		}
		defer h.mongo.close() // after the servers, which defer their end later
	}
	fmt.Fprintf(w, "%s %s/%s, %d cores, %s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), time.Now().UTC().Format(time.DateOnly))

	var (
		servers []server
		ours    *doorbook
	)
	defer func() {
		for _, s := range servers {
			s.Stop()
		}
		if ours != nil {
			ours.Stop() // it is another process after a restart
		}
	}()
	if o.doorbook != "none" {
		if ours, err = startDoorbook(ctx, h, o, w); err != nil {
			return err
		}
		servers = append(servers, ours.server)
	}
	if o.rounds > 0 {
		more, err := startOthers(ctx, h, o, w)
		servers = append(servers, more...)
		if err != nil {
			return err
		}
		if err := measureLoads(ctx, o, h.mongo, servers, w); err != nil {
			return err
		}
	}
	if ours == nil {
		return nil
	}
	return measureFull(ctx, o, ours, w)
}

// startDoorbook builds and starts the program, reads its memory before anybody comes, and signs in.
func startDoorbook(ctx context.Context, h house, o options, w io.Writer) (*doorbook, error) {
	binary := o.doorbook
	if binary == "" {
		binary = filepath.Join(h.tmp, "doorbook")
		if err := program.BuildDoorbook(ctx, binary); err != nil {
			return nil, err
		}
	}
	d, err := newDoorbook(ctx, h, binary)
	if err != nil {
		return nil, err
	}
	wait(ctx, o.settle)
	mb, err := d.ResidentMB()
	if err == nil {
		fmt.Fprintf(w, "Memory of the idle program, %s after its start: %.1f MB resident\n", o.settle, mb)
		err = d.signIn(ctx)
	}
	if err != nil {
		d.Stop()
		return nil, err
	}
	return d, nil
}

func startOthers(ctx context.Context, h house, o options, w io.Writer) (servers []server, err error) {
	if o.gunicorn != "none" {
		fmt.Fprintln(w, flaskVersions(ctx))
		for _, threads := range o.threads {
			s, err := newFlask(ctx, h, o.gunicorn, o.flask, threads)
			if err != nil {
				return servers, err
			}
			servers = append(servers, s)
		}
	}
	if h.mongo != nil {
		return servers, nil // a bare server has no database to compare with
	}
	if o.beside != "" {
		s, err := newBeside(ctx, h, o.beside)
		if err != nil {
			return servers, err
		}
		servers = append(servers, s)
	}
	if o.silent {
		s, err := startSilent(ctx, h)
		if err != nil {
			return servers, err
		}
		servers = append(servers, s)
	}
	binary := filepath.Join(h.tmp, "hello")
	if err := program.Build(ctx, ".", "./hello", binary); err != nil {
		return servers, err
	}
	s, err := newHello(ctx, h, binary)
	if err != nil {
		return servers, err
	}
	return append(servers, s), nil
}

func startSilent(ctx context.Context, h house) (server, error) {
	doorbook, binary := filepath.Join(h.tmp, "doorbook-of-silent"), filepath.Join(h.tmp, "silent-program")
	if err := program.BuildDoorbook(ctx, doorbook); err != nil {
		return server{}, err
	}
	if err := program.Build(ctx, ".", "./silent", binary); err != nil {
		return server{}, err
	}
	return newSilent(ctx, h, doorbook, binary)
}

// flaskVersions says what the yardstick is made of.
func flaskVersions(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "/usr/bin/python3", "-c", `import sys, flask, werkzeug, gunicorn, importlib.metadata as m
print("Python", sys.version.split()[0], "Flask", m.version("flask"), "Werkzeug", m.version("werkzeug"), "gunicorn", gunicorn.__version__)`).Output()
	if err != nil {
		return "The versions of Flask and gunicorn cannot be told: " + err.Error()
	}
	return strings.TrimSpace(string(out)) + ", 2 workers"
}

// measureLoads gives every server its turns and prints what they reached.
func measureLoads(ctx context.Context, o options, m *mongoServer, servers []server, w io.Writer) error {
	wrong := 0
	for _, n := range o.connections {
		seen := map[string]rounds{}
		for round := range o.rounds + 1 {
			during := o.each
			if round == 0 {
				during = min(during, 2*time.Second) // to warm up, and to fill the page
			}
			for i := range servers {
				s := servers[(i+round)%len(servers)] // nobody is always the first
				if m != nil {
					if err := m.level(ctx, &s); err != nil {
						return err
					}
				}
				before, other := s.CPU(), m.cpu()
				r := load.Run(ctx, s.page, n, during, o.answers)
				r.CPU, r.Other = s.CPU()-before, m.cpu()-other
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if round > 0 {
					seen[s.Name] = append(seen[s.Name], r)
				}
			}
		}
		wrong += printLoad(w, n, servers, seen)
	}
	if m != nil && m.front != nil {
		m.front.Pass()
		fmt.Fprintf(w, "\n%.1f%% of all questions to the database were answered from memory.\n", 100*m.front.Share())
	}
	if wrong > 0 {
		return fmt.Errorf("%d wrong answers: the figures are worth nothing", wrong)
	}
	return nil
}

// measureFull fills the book by real requests, each of which is an entry, and measures the program
// with it.
func measureFull(ctx context.Context, o options, d *doorbook, w io.Writer) error {
	n, err := d.house.countEntries(ctx, d.own)
	if err != nil {
		return err
	}
	if missing := o.entries - n; missing > 0 {
		r := load.Run(ctx, load.NewTarget(d.addr, "/no-such-page", d.ada.CookieHeader(), http.StatusNotFound, ""), 16, 5*time.Minute, missing)
		if r.Wrong > 0 {
			return fmt.Errorf("filling the book: %d wrong answers: %s", r.Wrong, r.Problem)
		}
		if n, err = d.house.countEntries(ctx, d.own); err != nil {
			return err
		}
		if n < o.entries {
			return fmt.Errorf("%d entries after %d answers, want %d", n, r.Right, o.entries)
		}
	}
	wait(ctx, o.settle)
	used, err := d.ResidentMB()
	if err != nil {
		return err
	}
	var times []time.Duration
	for range 5 {
		t, err := d.restart(ctx)
		if err != nil {
			return err
		}
		times = append(times, t)
	}
	wait(ctx, o.settle)
	idle, err := d.ResidentMB()
	if err != nil {
		return err
	}
	middle := median(times)
	fmt.Fprintf(w, "\nWith %d entries in the book:\n", n)
	fmt.Fprintf(w, "- start to the end of the first page: %s (median of 5, longest %s)\n", milliseconds(middle), milliseconds(times[len(times)-1]))
	fmt.Fprintf(w, "- memory %s after the first page: %.1f MB resident; %s after all the load before: %.1f MB\n", o.settle, idle, o.settle, used)
	return nil
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
