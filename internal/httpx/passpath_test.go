package httpx_test

import (
	"net/http"
	"testing"

	"github.com/doorbook/doorbook/internal/gate"
)

// TestR11AsSent: what is judged is the path as it was sent, which is what the application gets.
// net/url writes this one anew, as "/open/b%7B".
func TestR11AsSent(t *testing.T) {
	t.Parallel()
	s, app := behind(t, gate.Rule{Paths: []string{"/open"}, Who: gate.Anyone})
	a := s.Visitor().Get("/open%2Fb{")
	if _, n := app.last(); a.Status != http.StatusBadRequest || n > 0 {
		t.Errorf("a path that can be read in two ways: %d, carried %d times", a.Status, n)
	}
}
