package browser

import (
	"net/http"
	"strings"
	"testing"
)

// Story is what every example must stand: a stranger sees nothing, somebody signs in with POST
// /login (name=Ada) and sees their name on the front page, signs out with POST /logout, and the old
// cookie is worth nothing from then on.
func Story(t *testing.T, site http.Handler) {
	t.Helper()
	b := New(t, site)
	if p := b.Get("/"); strings.Contains(p.Body, "Ada") || len(b.Cookies()) != 0 {
		t.Fatalf("a stranger got %d %q and cookies %v", p.Status, p.Body, b.Cookies())
	}
	if p := b.Post("/login", "name", "Ada"); p.Status != http.StatusOK {
		t.Fatalf("the sign-in was answered with %d %q", p.Status, p.Body)
	}
	old := b.Cookies()
	if len(old) != 1 {
		t.Fatalf("after the sign-in there are %d cookies, not one", len(old))
	}
	if p := b.Get("/"); p.Status != http.StatusOK || !strings.Contains(p.Body, "Ada") {
		t.Fatalf("the signed-in page is %d %q", p.Status, p.Body)
	}
	if p := b.Post("/logout"); strings.Contains(p.Body, "Ada") || len(b.Cookies()) != 0 {
		t.Fatalf("after the sign-out: %q and cookies %v", p.Body, b.Cookies())
	}
	b.Present(old)
	if p := b.Get("/"); strings.Contains(p.Body, "Ada") {
		t.Fatalf("the old cookie still opens the page: %q", p.Body)
	}
}
