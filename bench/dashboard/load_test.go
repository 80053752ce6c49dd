package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// TestLoad: right answers are counted as right, all others as wrong, and every request is one that
// the server saw.
func TestLoad(t *testing.T) {
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n := asked.Add(1); {
		case r.Header.Get("Cookie") != "session=x":
			w.WriteHeader(http.StatusUnauthorized)
		case n%4 == 1:
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		case n%4 == 2:
			_, _ = io.WriteString(w, "Please sign in")
		case n%4 == 3:
			w.Header().Set("Connection", "close")
			_, _ = io.WriteString(w, "Welcome Ada")
		default:
			_, _ = io.WriteString(w, "Welcome Ada")
		}
	}))
	defer s.Close()
	page := newTarget(s.Listener.Addr().String(), "/", "session=x", http.StatusOK, "Welcome Ada")
	r := load(t.Context(), page, 2, 10*time.Second, 40)
	if r.right != 20 || r.wrong != 20 || asked.Load() != 40 {
		t.Errorf("%d right, %d wrong, %d asked; want 20, 20, 40", r.right, r.wrong, asked.Load())
	}
	if len(r.times) != r.right || r.quantile(0.5) <= 0 || r.quantile(0.99) < r.quantile(0.5) || r.problem == "" {
		t.Errorf("%d times, p50 %v, p99 %v, problem %q", len(r.times), r.quantile(0.5), r.quantile(0.99), r.problem)
	}
	if r := load(t.Context(), page, 1, 100*time.Millisecond, 0); r.took > 5*time.Second || r.right == 0 {
		t.Errorf("a load of 0.1 s took %v, with %d right answers", r.took, r.right)
	}
	s.Close()
	if r := load(t.Context(), page, 1, 100*time.Millisecond, 0); r.right != 0 || r.wrong == 0 {
		t.Errorf("%d right answers of a server that is gone, %d wrong", r.right, r.wrong)
	}
}
