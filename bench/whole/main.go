// Command whole measures what sessions cost a whole net/http server: a page that reads one string of
// its session, asked for over connections that stay open by a load from another process, in turns
// with a bare handler and with other session libraries. It prints the processor time that a server
// used for an answer, and how much of it is above the bare one's.
//
// Run it in the folder bench/. Everything happens on loopback addresses and in a temporary folder.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/doorbook/doorbook/bench/load"
	"github.com/doorbook/doorbook/bench/program"
)

type options struct {
	only        string
	connections int
	sessions    int
	rounds      int
	each        time.Duration
	writes      int
	profiles    string
	beside      string
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "serve" { // by ourselves
		fmt.Fprintln(os.Stderr, serve(os.Args[2:]))
		os.Exit(1)
	}
	var o options
	flag.StringVar(&o.only, "only", "", "the `servers` to measure, separated by commas (default: all)")
	flag.IntVar(&o.connections, "connections", 64, "connections of the load")
	flag.IntVar(&o.sessions, "sessions", 64, "sessions that the connections have between them")
	flag.IntVar(&o.rounds, "rounds", 5, "how often each server has its turn")
	flag.DurationVar(&o.each, "each", 2*time.Second, "how long a turn is")
	flag.IntVar(&o.writes, "write", 0, "of so many requests one changes a value, too (0: none)")
	flag.StringVar(&o.profiles, "profile", "", "the `folder` in which each server leaves a profile of its processor time")
	flag.StringVar(&o.beside, "beside", "", "another build of this `program`, whose servers are measured in the same turns")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "whole:", err)
		stop()
		os.Exit(1)
	}
}

// server is one that runs, and its page under load, over each of the connections.
type server struct {
	*program.Process
	name  string
	addr  string
	pages []load.Target
}

func run(ctx context.Context, o options, w io.Writer) error {
	tmp, err := os.MkdirTemp("", "doorbook-whole-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	command, socket, err := program.RedisServer(tmp)
	if err != nil {
		return err
	}
	redis, err := program.Start(ctx, tmp, "redis", "", nil, command[0], command[1:]...)
	if err != nil {
		return err
	}
	defer redis.Stop()
	if err := redis.ListeningOn(ctx, "unix", socket); err != nil {
		return err
	}
	servers, err := startAll(ctx, o, tmp, socket)
	defer func() {
		for _, s := range servers {
			s.Stop()
		}
	}()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s %s/%s, %d cores, %s, %d connections\n\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		time.Now().UTC().Format(time.DateOnly), o.connections)
	seen, err := measure(ctx, o, servers, redis)
	if err != nil {
		return err
	}
	report(w, servers, seen)
	return nil
}

// startAll starts a server for each contestant, and another of the build beside.
func startAll(ctx context.Context, o options, tmp, socket string) (servers []server, err error) {
	own, err := os.Executable()
	if err != nil {
		return nil, err
	}
	for _, c := range contestants() {
		if o.only != "" && c.name != bareName && !slices.Contains(strings.Split(o.only, ","), c.name) {
			continue
		}
		builds := []string{own}
		if o.beside != "" && c.ours {
			builds = append(builds, o.beside)
		}
		for i, build := range builds {
			s, err := start(ctx, o, tmp, socket, build, c.name, c.name+[]string{"", " beside"}[i])
			if err != nil {
				return servers, err
			}
			servers = append(servers, s)
		}
	}
	return servers, nil
}

// start starts a contestant's server and makes the sessions that the load uses.
func start(ctx context.Context, o options, tmp, socket, binary, contestant, name string) (s server, err error) {
	dir, profile := filepath.Join(tmp, name), ""
	if err := os.Mkdir(dir, 0o700); err != nil {
		return s, err
	}
	if o.profiles != "" {
		profile = filepath.Join(o.profiles, strings.ReplaceAll(name, " ", "-")+".pprof")
	}
	s.name = name
	if s.addr, err = program.FreeAddr(); err != nil {
		return s, err
	}
	s.Process, err = program.Start(ctx, tmp, name, "", nil, binary, "serve", contestant, s.addr, dir, socket, profile, strconv.Itoa(o.writes))
	if err != nil {
		return s, err
	}
	err = s.Listening(ctx, s.addr)
	for n := 0; err == nil && n < o.connections; n++ {
		if n >= o.sessions {
			s.pages = append(s.pages, s.pages[n%o.sessions])
			continue
		}
		err = s.visit(ctx)
	}
	if err != nil {
		s.Stop()
	}
	return s, err
}

// visit makes a session, and a connection's page of it.
func (s *server) visit(ctx context.Context) error {
	visitor := program.NewVisitor(s.addr)
	status, _, err := visitor.Ask(ctx, "/fill", nil)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("%s: status %d when its session was made", s.name, status)
	}
	s.pages = append(s.pages, load.NewTarget(s.addr, "/read", visitor.CookieHeader(), http.StatusOK, fine))
	return nil
}

// measure gives every server its turns.
func measure(ctx context.Context, o options, servers []server, redis *program.Process) (map[string][]load.Result, error) {
	seen := map[string][]load.Result{}
	for round := range o.rounds + 1 {
		for i := range servers {
			s := servers[(i+round)%len(servers)] // nobody is always the first
			r, err := turn(ctx, o, s, redis)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			if round > 0 { // the first is to warm up
				seen[s.name] = append(seen[s.name], r)
			}
		}
	}
	return seen, nil
}

// turn puts one server under load. A single wrong answer makes it worth nothing.
func turn(ctx context.Context, o options, s server, redis *program.Process) (r load.Result, err error) {
	before, err := used(ctx, s.addr)
	if err != nil {
		return r, err
	}
	other, err := redis.ThreadsCPU()
	if err != nil {
		return r, err
	}
	r = load.RunEach(ctx, s.pages, o.each, 0)
	if ctx.Err() != nil {
		return r, ctx.Err()
	}
	if r.Wrong > 0 || r.Right == 0 {
		return r, fmt.Errorf("%d right answers, %d wrong: %s", r.Right, r.Wrong, r.Problem)
	}
	after, err := used(ctx, s.addr)
	if err != nil {
		return r, err
	}
	r.CPU = after - before
	after, err = redis.ThreadsCPU()
	r.Other = after - other
	return r, err
}

// used asks a server for the processor time that it has used so far.
func used(ctx context.Context, addr string) (time.Duration, error) {
	_, text, err := program.NewVisitor(addr).Ask(ctx, "/used", nil)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return time.Duration(n), err
}
