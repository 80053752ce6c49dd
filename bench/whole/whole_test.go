package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/bench/load"
	"github.com/doorbook/doorbook/bench/program"
)

// TestContestants proves that the servers do the work that they are timed at: they find what was
// stored, also while it is changed, and a stranger finds nothing.
func TestContestants(t *testing.T) {
	t.Parallel()
	for _, c := range contestants() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			socket := ""
			if strings.HasPrefix(c.name, "Redis") {
				socket = startRedis(t)
			}
			handler, err := handlerOf(t.Context(), c.name, t.TempDir(), socket, 2)
			if err != nil {
				t.Fatal(err)
			}
			s := httptest.NewServer(handler)
			defer s.Close()
			visitor := program.NewVisitor(s.Listener.Addr().String())
			for _, path := range []string{"/fill", "/read", "/read", "/read"} {
				if status, body, err := visitor.Ask(t.Context(), path, nil); err != nil || status != http.StatusOK || body != fine {
					t.Errorf("%s: status %d, %.80q, %v", path, status, body, err)
				}
			}
			if cpu, err := used(t.Context(), s.Listener.Addr().String()); err != nil || cpu <= 0 {
				t.Errorf("used %v, %v", cpu, err)
			}
			stranger := program.NewVisitor(s.Listener.Addr().String())
			status, _, err := stranger.Ask(t.Context(), "/read", nil)
			if c.name != bareName && (err != nil || status == http.StatusOK) {
				t.Errorf("a stranger's read: status %d, %v", status, err)
			}
		})
	}
}

func startRedis(t *testing.T) (socket string) {
	t.Helper()
	dir := t.TempDir()
	command, socket, err := program.RedisServer(dir)
	if err != nil {
		t.Skip(err)
	}
	p, err := program.Start(t.Context(), dir, "redis", "", nil, command[0], command[1:]...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	if err := p.ListeningOn(t.Context(), "unix", socket); err != nil {
		t.Fatal(err)
	}
	return socket
}

// TestReport: differences are taken round by round, and the figures are medians.
func TestReport(t *testing.T) {
	t.Parallel()
	round := func(cpu, redis time.Duration) load.Result {
		return load.Result{Right: 100, Took: time.Second, CPU: 100 * cpu, Other: 100 * redis}
	}
	const us = time.Microsecond
	var out strings.Builder
	report(&out, []server{{name: "bare"}, {name: "memory"}}, map[string][]load.Result{
		"bare":   {round(20*us, 0), round(40*us, 0), round(30*us, 0)},
		"memory": {round(23*us, us), round(42*us, 3*us), round(130*us, 2*us)},
	})
	for _, want := range []string{"| bare | 100 | 30.0 µs | 0.0 µs | 0.0 µs | 0.0 µs |\n", "| memory | 100 | 42.0 µs | 3.0 µs | 2.0 µs | 2.0 µs |\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
