package httpx_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/httpx"
)

// TestRoutes holds the policy against what must be so whatever else is in it.
func TestRoutes(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux() // panics when two patterns contradict each other
	for _, r := range httpx.Routes() {
		t.Run(r.Pattern, func(t *testing.T) {
			mux.Handle(r.Pattern, http.NotFoundHandler())
			method, path, ok := strings.Cut(r.Pattern, " ")
			if !ok || !strings.HasPrefix(path, "/") {
				t.Fatal("the pattern has no method")
			}
			if r.Form == httpx.Raw && r.Who != httpx.Anyone {
				t.Error("a raw route is not guarded, so it must be for anyone")
			}
			if r.Silent && method != http.MethodGet {
				t.Error("a change leaves no entry")
			}
			if r.MaxBody < 0 || r.MaxBody > 1<<20 {
				t.Errorf("a body of %d bytes", r.MaxBody)
			}
			secret := strings.HasPrefix(path, "/auth/") || path == "/setup"
			for _, f := range append(r.Keep.Query, r.Keep.Body...) {
				if secret {
					t.Errorf("keeps %q of a form in which people type secrets", f.Name)
				}
				named := strings.Contains(f.Name, "password") || strings.Contains(f.Name, "token") || f.Name == "email"
				if named && f.Kind != book.Hidden {
					t.Errorf("keeps the value of %q", f.Name)
				}
			}
		})
	}
}
