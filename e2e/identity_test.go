package e2e_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestOneAccountPerAddress: of 50 people who register one address at the same moment, one has it.
func TestOneAccountPerAddress(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_TRUSTED_PROXIES=127.0.0.1"}})
	var wait sync.WaitGroup
	var mu sync.Mutex
	count := map[int]int{}
	for i := range 50 {
		wait.Go(func() {
			email := []string{"same@example.org", "SAME@example.org", " same@Example.ORG "}[i%3]
			a, err := s.Client().From(fmt.Sprintf("192.0.2.%d", i)).Submit("/register", "/auth/register",
				rig.Fields("name", fmt.Sprintf("Same %d", i), "email", email, "password", fmt.Sprint(i, rig.Password)))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			count[a.Status]++
		})
	}
	wait.Wait()
	if count[303] != 1 || count[303]+count[422]+count[503] != 50 {
		t.Errorf("answers %v, want 303 once, and 422 or 503 for all others", count)
	}
	if got := s.Query(t, "doorbook.db", "SELECT email_key FROM developers"); len(got) != 1 || got[0] != "same@example.org" {
		t.Errorf("accounts: %q", got)
	}
}

// TestLookalikes: an address that could be taken for somebody else's, by a database, a mail server
// or an eye, is nobody's.
func TestLookalikes(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_TRUSTED_PROXIES=127.0.0.1"}})
	s.Member("Admin", "admin@kite.example.org")
	for i, email := range []string{
		"ADM\u0130N@kite.example.org", "adm\u0131n@kite.example.org", "admin@\u212Aite.example.org", "admin\uFF20kite.example.org",
		"\uFB00@example.org", "admin\u200B@kite.example.org", "admin@kite.example.org\u200B", "a@b@c.example.org", "admin@kite.example.org.",
		`"admin"@kite.example.org`, "admin(x)@kite.example.org", "admin@kite.example.org\r\nBcc: x@example.org", "admin@kite.example.org\x00",
		"admin@[127.0.0.1]", "admin@kite..example.org", ".admin@kite.example.org", strings.Repeat("a", 320) + "@example.org", "admin", "@", "",
		"\u202Eadmin@kite.example.org", "admi\u0301n@kite.example.org", "admin@xn--.example.org\xff",
	} {
		c := s.Client().From(fmt.Sprintf("192.0.2.%d", i))
		if a := c.Register("Eve", email, rig.Password+" of eve"); a.Status != 422 {
			t.Errorf("register %q: %d, want 422", email, a.Status)
		}
		if a := c.SignIn(email, rig.Password); a.Status != 422 {
			t.Errorf("sign in as %q: %d, want 422", email, a.Status)
		}
	}
	if a := s.Client().SignIn("ADMIN@Kite.Example.org", rig.Password); a.Status != 303 {
		t.Errorf("in capitals: %d, want 303", a.Status)
	}
	if got := s.Query(t, "doorbook.db", "SELECT email_key FROM developers"); len(got) != 1 {
		t.Errorf("accounts: %q", got)
	}
}

// TestNobodyLearnsWhoIsHere: an unknown address, a wrong password and a disabled account get the
// same answer to the byte.
func TestNobodyLearnsWhoIsHere(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_TRUSTED_PROXIES=127.0.0.1"}})
	ada := s.Admin()
	s.Member("Bob", "bobby@example.org")
	s.Member("Cyd", "cyddy@example.org")
	for _, d := range developers(t, ada) {
		if d.Name == "Cyd" {
			if a := ada.JSON("PATCH", "/developers/"+d.ID, map[string]any{"disabled": true}); a.Status != 200 {
				t.Fatalf("disable: %d %s", a.Status, a.Body)
			}
		}
	}
	var first rig.Answer
	for i, tt := range []struct{ email, password string }{
		{"nobod@example.org", rig.Password}, {"bobby@example.org", rig.Password + "!"}, {"cyddy@example.org", rig.Password}, {"notanaddress!!!!!", rig.Password},
	} {
		c := s.Client().From(fmt.Sprintf("192.0.2.%d", i))
		a := c.SignIn(tt.email, tt.password)
		a.Body = strings.NewReplacer(tt.email, "EMAIL", rig.FormToken(a.Body), "TOKEN", a.RequestID(), "ID").Replace(a.Body)
		for _, name := range []string{"X-Request-Id", "Date", "Set-Cookie"} {
			if name == "Set-Cookie" && a.Header.Get(name) != "" {
				t.Errorf("%s: sets %s", tt.email, a.Header.Get(name))
			}
			a.Header.Del(name)
		}
		if i == 0 {
			first = a
			continue
		}
		if a.Status != first.Status || a.Body != first.Body || fmt.Sprint(a.Header) != fmt.Sprint(first.Header) {
			t.Errorf("%s is answered unlike an unknown address: %d %v\n%s\n%d %v\n%s", tt.email, a.Status, a.Header, a.Body, first.Status, first.Header, first.Body)
		}
	}
}

// TestOwnerIsNotLockedOut: somebody who guesses from elsewhere is stopped; the owner, in a browser
// that was here before, signs in all the same.
func TestOwnerIsNotLockedOut(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_TRUSTED_PROXIES=127.0.0.1"}})
	s.Admin()
	owner := s.Client().From("192.0.2.1")
	owner.SignIn("ada@example.org", rig.Password)
	owner.SignOut()
	stopped := 0
	for i := range 12 {
		a := s.Client().From(fmt.Sprintf("198.51.100.%d", i)).SignIn("ada@example.org", fmt.Sprintf("a guess, number %d", i))
		if a.Status == 429 {
			stopped++
		}
	}
	if stopped != 7 {
		t.Errorf("%d of 12 guesses were stopped, want 7", stopped)
	}
	if a := s.Client().From("203.0.113.1").SignIn("ada@example.org", rig.Password); a.Status != 429 {
		t.Errorf("the right password from a browser that was never here: %d, want 429", a.Status)
	}
	if a := owner.SignIn("ada@example.org", rig.Password); a.Status != 303 {
		t.Errorf("the owner: %d, want 303", a.Status)
	}
	// The counters survive a restart.
	s.Stop()
	s = s.Again(rig.Options{Env: []string{"DOORBOOK_TRUSTED_PROXIES=127.0.0.1"}})
	if a := s.Client().From("203.0.113.2").SignIn("ada@example.org", "one more guess, and no"); a.Status != 429 {
		t.Errorf("a guess after a restart: %d, want 429", a.Status)
	}
}

// TestParallelGuesses: 60 guesses at the same moment are no more than as many one after the other.
func TestParallelGuesses(t *testing.T) {
	t.Parallel()
	s := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_TRUSTED_PROXIES=127.0.0.1"}})
	s.Admin()
	var wait sync.WaitGroup
	var mu sync.Mutex
	count := map[int]int{}
	for i := range 60 {
		wait.Go(func() {
			a, err := s.Client().From(fmt.Sprintf("198.51.100.%d", i)).Submit("/login", "/auth/login",
				rig.Fields("email", "ada@example.org", "password", fmt.Sprintf("a guess, number %d", i)))
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			count[a.Status]++
		})
	}
	wait.Wait()
	if count[422] > 5 || count[422]+count[429]+count[503] != 60 {
		t.Errorf("answers %v, want at most 5 guesses checked", count)
	}
}
