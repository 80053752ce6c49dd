package gate

import (
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestHealth: each application is asked at most once in ten seconds, all at the same time, and not
// for longer than a second; since when one gives no answer is kept. Guard: health.go.
func TestHealth(t *testing.T) {
	t.Parallel()
	g := &Gate{Apps: []App{
		{Name: "up", Upstream: &Upstream{URL: &url.URL{Scheme: "http", Host: "up.test"}}},
		{Name: "by a proxy"},
		{Name: "down", Upstream: &Upstream{URL: &url.URL{Scheme: "https", Host: "down.test"}}},
		{Name: "socket", Upstream: &Upstream{URL: &url.URL{Scheme: "http", Host: "localhost"}, Socket: "/run/x.sock"}},
	}}
	start := time.Date(2026, 7, 31, 12, 0, 0, 0, time.UTC)
	now := start
	h := NewHealth(func() time.Time { return now })
	var mu sync.Mutex
	asked, downs := map[string]int{}, true
	var together sync.WaitGroup
	together.Add(3)
	h.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if left, ok := ctx.Deadline(); !ok || time.Until(left) > healthWait {
			t.Errorf("%s is asked without a limit", addr)
		}
		mu.Lock()
		asked[network+" "+addr]++
		first, down := asked[network+" "+addr] == 1, downs
		mu.Unlock()
		if first { // each waits until all are asked
			together.Done()
			together.Wait()
		}
		if down && addr == "down.test:443" {
			return nil, errors.New("refused")
		}
		a, b := net.Pipe()
		_ = b.Close()
		return a, nil
	}
	up, away := State{Asked: true, Answers: true}, State{Asked: true, Since: start}
	look := func(what string, want ...State) {
		t.Helper()
		if diff := cmp.Diff(want, h.Of(g)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	look("at first", up, State{}, away, up)
	now = now.Add(9 * time.Second)
	look("soon", up, State{}, away, up)
	if diff := cmp.Diff(map[string]int{"tcp up.test:80": 1, "tcp down.test:443": 1, "unix /run/x.sock": 1}, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	now = now.Add(2 * time.Second)
	look("later", up, State{}, away, up)
	if asked["tcp down.test:443"] != 2 {
		t.Errorf("asked %v", asked)
	}
	downs = false
	now = now.Add(11 * time.Second)
	look("back", up, State{}, up, up)
	downs = true
	now = now.Add(11 * time.Second)
	look("away again", up, State{}, State{Asked: true, Since: now}, up)
}
