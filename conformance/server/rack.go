// Package server starts database servers for tests: each at most once per test binary, when the
// first test asks for it, in a temporary directory of its own, tuned for speed and not for keeping
// anything. It uses the programs that are installed (Debian: postgresql, mariadb-server-core,
// redis-server); a test that asks for one that is missing is skipped, or fails under CI=true.
package server

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
)

// Rack holds the servers of one test binary. The zero value is ready; Close it when all tests have
// run. It is safe for concurrent use.
//
//	var servers server.Rack
//
//	func TestMain(m *testing.M) {
//		code := m.Run()
//		servers.Close()
//		os.Exit(code)
//	}
type Rack struct {
	mu      sync.Mutex
	servers map[string]*running
	started []*running // in the order of their starts
}

// running is what came of starting a server.
type running struct {
	once    sync.Once
	address string
	stop    func()
	err     error
}

// errMissing is wrapped by the error of a server whose program is not installed.
var errMissing = errors.New("not installed")

// need gives the address of the server of that name. The first call starts it; start gives its
// address and what stops it. If env names a variable that is set, that is the address and nothing
// is started.
func (r *Rack) need(t testing.TB, name, env string, start func() (address string, stop func(), err error)) string {
	t.Helper()
	if address := os.Getenv(env); address != "" {
		return address
	}
	r.mu.Lock()
	if r.servers == nil {
		r.servers = make(map[string]*running)
	}
	one := r.servers[name]
	if one == nil {
		one = new(running)
		r.servers[name] = one
	}
	r.mu.Unlock()

	one.once.Do(func() {
		one.address, one.stop, one.err = start()
		if one.err == nil {
			r.mu.Lock()
			r.started = append(r.started, one)
			r.mu.Unlock()
		}
	})
	switch {
	case one.err == nil:
	case errors.Is(one.err, errMissing) && os.Getenv("CI") != "true":
		t.Skipf("%s: %v (or set %s)", name, one.err, env)
	default:
		t.Fatalf("%s: %v", name, one.err)
	}
	return one.address
}

// Close stops the servers that were started and removes what they kept. Tests must not run any
// more.
func (r *Rack) Close() {
	r.mu.Lock()
	started := r.started
	r.started, r.servers = nil, nil
	r.mu.Unlock()
	for _, one := range slices.Backward(started) {
		one.stop()
	}
}

// missing says what to install.
func missing(program, pack string) error {
	return fmt.Errorf("%s: %w (Debian: %s)", program, errMissing, pack)
}
