package server_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestHealth: alive while there is an answer at all, ready while the databases can be written;
// strangers who ask often do not make the databases work, and learn no cause.
func TestHealth(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	var failing atomic.Bool
	s := sitetest.New(t, func(p *server.Parts) {
		p.Ready = func(context.Context) error {
			asked.Add(1)
			if failing.Load() {
				return errors.New("disk /var/lib/secret-place is full")
			}
			return nil
		}
	})
	v := s.Visitor()
	for range 200 {
		if a := v.Get("/readyz"); a.Status != http.StatusOK || a.Body != "ready\n" {
			t.Fatalf("ready: %d %q", a.Status, a.Body)
		}
	}
	if n := asked.Load(); n > 3 {
		t.Errorf("the databases were asked %d times", n)
	}
	failing.Store(true)
	s.Clock.Turn(time.Second)
	for range 3 {
		a := v.Get("/readyz")
		if a.Status != http.StatusServiceUnavailable || strings.Contains(a.Body, "secret-place") || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("not ready: %d %q", a.Status, a.Body)
		}
	}
	if a := v.Get("/healthz"); a.Status != http.StatusOK {
		t.Errorf("alive: %d", a.Status)
	}
	if n := strings.Count(s.Log.String(), "not ready"); n != 1 {
		t.Errorf("one failure is logged %d times", n)
	}
}
