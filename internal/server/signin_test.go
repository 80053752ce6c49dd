package server_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestSignInCommits: each write to the accounts' database waits for the disk, so a sign-in makes
// three of them: its counters taken, settled, and the session.
func TestSignInCommits(t *testing.T) {
	t.Parallel()
	faults := &sitetest.Faults{}
	s := sitetest.New(t, faults.Wrap)
	ada := s.Developer("Ada", account.Member)
	v := s.Visitor()
	v.Get("/login")
	faults.Plan(0, 0, sitetest.Error)
	if a := v.Post("/auth/login", url.Values{"email": {ada.Email}, "password": {sitetest.Password}}); a.Status != http.StatusSeeOther {
		t.Fatalf("signing in: %d", a.Status)
	}
	var writes []string
	for _, call := range faults.Calls() {
		if slices.Contains([]string{
			"accounts.Create", "accounts.Update", "throttle.Take", "throttle.Settle",
			"sessions.Create", "sessions.Patch", "sessions.Touch", "sessions.Delete", "signins.End",
		}, call) {
			writes = append(writes, call)
		}
	}
	if want := []string{"throttle.Take", "throttle.Settle", "sessions.Create"}; !slices.Equal(writes, want) {
		t.Errorf("writes %q, want %q", writes, want)
	}
}
