package httpx_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestProxyWithPorts: behind a proxy that writes ports, guesses count for who guesses, and the book
// has their address (P5).
func TestProxyWithPorts(t *testing.T) {
	t.Parallel()
	s := behindProxy(t)
	ada := s.Developer("Ada", account.Member)
	guessFrom(t, s, func(i int) string { return fmt.Sprintf("203.0.113.66:%d", 51234+i) })
	v := s.Visitor()
	v.Get("/login")
	if a := v.Post("/auth/login", credentials(ada.Email), "X-Forwarded-For", "198.51.100.7:4711"); a.Status != http.StatusSeeOther {
		t.Errorf("another person: %d", a.Status)
	}
	if list := s.Activities(book.ActionSignInFailed); list[0].ClientAddr != "203.0.113.66" {
		t.Errorf("the book has %q", list[0].ClientAddr)
	}
}

// TestProxyNotUnderstood: whom a proxy names in words of its own counts apart from the proxy and
// from all others, and that is logged once.
func TestProxyNotUnderstood(t *testing.T) {
	t.Parallel()
	s := behindProxy(t)
	ada := s.Developer("Ada", account.Member)
	guessFrom(t, s, func(i int) string { return fmt.Sprintf("_hidden%d", i) })
	for name, headers := range map[string][]string{
		"somebody else": {"X-Forwarded-For", "198.51.100.7"}, "the proxy itself": nil,
	} {
		v := s.Visitor()
		v.Get("/login")
		if a := v.Post("/auth/login", credentials(ada.Email), headers...); a.Status != http.StatusSeeOther {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	if list := s.Activities(book.ActionSignInFailed); list[0].ClientAddr != "" {
		t.Errorf("the book has %q", list[0].ClientAddr)
	}
	if n := strings.Count(s.Log.String(), "is not understood"); n != 1 || !strings.Contains(s.Log.String(), `"level":"ERROR"`) {
		t.Errorf("it is logged %d times: %s", n, s.Log)
	}
}

// TestProxyNotNamed: a header that is not believed is told once, and so is one that is not read.
// Guard: proxytold.go, Edge.tell.
func TestProxyNotNamed(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	v := s.Visitor()
	for range 3 {
		v.Get("/login")
	}
	if log := s.Log.String(); strings.Contains(log, "trusted") {
		t.Errorf("without such a header: %s", log)
	}
	for range 3 {
		v.Get("/login", "X-Forwarded-For", "203.0.113.66")
	}
	log := s.Log.String()
	if n := strings.Count(log, "--trusted-proxies"); n != 1 || strings.Contains(log, "203.0.113.66") || !strings.Contains(log, "192.0.2.1") {
		t.Errorf("it is logged %d times: %s", n, log)
	}
	s = behindProxy(t)
	for range 3 {
		s.Visitor().Get("/login", "CF-Connecting-IP", "203.0.113.66")
	}
	if n := strings.Count(s.Log.String(), "--client-addr-header"); n != 1 {
		t.Errorf("another header is logged %d times: %s", n, s.Log)
	}
}

// behindProxy is a site that trusts the address of its visitors to tell other people's.
func behindProxy(t *testing.T) *sitetest.Site {
	t.Helper()
	proxies, err := httpx.ParseProxies("192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	return sitetest.New(t, func(p *server.Parts) { p.Proxies = proxies })
}

// guessFrom guesses until the network is refused.
func guessFrom(t *testing.T, s *sitetest.Site, forwarded func(i int) string) {
	t.Helper()
	v := s.Visitor()
	v.Get("/login")
	for i := range account.DefaultGuessing().Network.Free + 1 {
		form := credentials(fmt.Sprintf("person%d@example.org", i))
		want := http.StatusUnprocessableEntity
		if i == account.DefaultGuessing().Network.Free {
			want = http.StatusTooManyRequests
		}
		if a := v.Post("/auth/login", form, "X-Forwarded-For", forwarded(i)); a.Status != want {
			t.Fatalf("guess %d: %d, want %d", i, a.Status, want)
		}
	}
}
