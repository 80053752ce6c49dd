package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestSessionEvents: forged cookies, and sessions that are used after their end, are counted and
// told once a minute and address. Guard: site.go, observe; book.Recorder.Tally.
func TestSessionEvents(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	owner := s.SignedIn(s.Developer("Ada", account.Member))
	thief := owner.Clone()
	thief.Addr = "203.0.113.66"
	owner.Post("/auth/logout", nil)
	for range 3 {
		if a := thief.Clone().JSON("GET", "/logs", ""); a.Status != http.StatusUnauthorized {
			t.Fatalf("a session lives on: %d", a.Status)
		}
	}
	forger := s.Visitor()
	forger.Addr = "2001:db8::1"
	for range 2 {
		forger.Cookies["__Host-session"] = strings.Repeat("x", 80)
		forger.JSON("GET", "/logs", "")
	}
	if n := len(s.Activities(book.ActionCookieRefused)); n != 0 {
		t.Errorf("%d are told before the minute is over", n)
	}
	s.Clock.Turn(2 * time.Minute)
	s.Visitor().Get("/login")
	for action, want := range map[book.Action][2]string{
		book.ActionSessionUsedAfterEnd: {"203.0.113.66", "3 in the minute of"},
		book.ActionCookieRefused:       {"2001:db8::/64", "2 in the minute of"},
	} {
		e := s.Activities(action)
		if len(e) != 1 || e[0].ClientAddr != want[0] || !strings.HasPrefix(e[0].Text, want[1]) {
			t.Errorf("%s: %+v, want %q", action, e, want)
		}
	}
}
