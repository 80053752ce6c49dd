package e2e_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestSetupOnce: of many people who use the setup link at the same moment, one becomes the
// administrator.
func TestSetupOnce(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{})
	var wait sync.WaitGroup
	var mu sync.Mutex
	count := map[int]int{}
	for i := range 12 {
		wait.Go(func() {
			a, err := s.Client().Submit("/setup?token="+s.Token, "/setup", rig.Fields(
				"token", s.Token, "name", "Ada", "email", fmt.Sprintf("ada-%d@example.org", i), "password", rig.Password))
			if err != nil {
				t.Log(err) // the form is no longer there
				a.Status = 404
			}
			mu.Lock()
			defer mu.Unlock()
			count[a.Status]++
		})
	}
	wait.Wait()
	if count[303] != 1 || count[500] != 0 {
		t.Errorf("answers %v, want 303 once", count)
	}
	if got := s.Query(t, "doorbook.db", "SELECT role FROM developers"); len(got) != 1 || got[0] != "admin" {
		t.Errorf("accounts: %v, want one admin", got)
	}
	if a := s.Client().Get("/setup?token=" + s.Token); a.Status != 404 {
		t.Errorf("the link afterwards: %d", a.Status)
	}
	again := rig.Start(t, rig.Options{Dir: s.Dir})
	if again.Token != "" {
		t.Errorf("with an administrator a start prints a setup link")
	}
}

// TestSetupLinkIsSecret: only the latest link counts, none is kept as it is, and the page does not
// pass its address on.
func TestSetupLinkIsSecret(t *testing.T) {
	t.Parallel()
	first := rig.Start(t, rig.Options{})
	token := first.Token
	a := first.Client().Get("/setup?token=" + token)
	if a.Status != 200 || a.Header.Get("Referrer-Policy") != "no-referrer" || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("status %d, headers %v", a.Status, a.Header)
	}
	for _, wrong := range []string{"", token[1:], token + "A", strings.ToLower(token), token + "%00", "%FF"} {
		if a := first.Client().Get("/setup?token=" + wrong); a.Status != 404 {
			t.Errorf("token %q: %d", wrong, a.Status)
		}
	}
	first.Stop()
	second := first.Again(rig.Options{})
	if second.Token == "" || second.Token == token {
		t.Errorf("the second start printed %q after %q", second.Token, token)
	}
	if a := second.Client().Get("/setup?token=" + token); a.Status != 404 {
		t.Errorf("the first link after a second start: %d", a.Status)
	}
	// The program says it, as it must; the databases do not hold it.
	if !strings.Contains(second.Stdout(), second.Token) {
		t.Error("the link is not printed")
	}
	for _, secret := range []string{token, second.Token} {
		for file, query := range map[string]string{"doorbook.db": "SELECT quote(token_hash) FROM setup", "book.db": "SELECT url FROM entries"} {
			if rows := second.Query(t, file, query); len(rows) == 0 || strings.Contains(strings.Join(rows, "\n"), secret) {
				t.Errorf("%s holds the token, or nothing: %q", file, rows)
			}
		}
	}
}
