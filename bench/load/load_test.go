package load

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// TestRun: right answers are counted as right, all others as wrong, and every request is one that
// the server saw.
func TestRun(t *testing.T) {
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
	page := NewTarget(s.Listener.Addr().String(), "/", "session=x", http.StatusOK, "Welcome Ada")
	r := Run(t.Context(), page, 2, 10*time.Second, 40)
	if r.Right != 20 || r.Wrong != 20 || asked.Load() != 40 {
		t.Errorf("%d right, %d wrong, %d asked; want 20, 20, 40", r.Right, r.Wrong, asked.Load())
	}
	if len(r.Times) != r.Right || r.Quantile(0.5) <= 0 || r.Quantile(0.99) < r.Quantile(0.5) || r.Problem == "" {
		t.Errorf("%d times, p50 %v, p99 %v, problem %q", len(r.Times), r.Quantile(0.5), r.Quantile(0.99), r.Problem)
	}
	if r := Run(t.Context(), page, 1, 100*time.Millisecond, 0); r.Took > 5*time.Second || r.Right == 0 {
		t.Errorf("a load of 0.1 s took %v, with %d right answers", r.Took, r.Right)
	}
	s.Close()
	if r := Run(t.Context(), page, 1, 100*time.Millisecond, 0); r.Right != 0 || r.Wrong == 0 {
		t.Errorf("%d right answers of a server that is gone, %d wrong", r.Right, r.Wrong)
	}
}
