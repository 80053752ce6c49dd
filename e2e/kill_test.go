package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestKill ends the program with SIGKILL under load, 10 times over the same data directory, and
// starts it again. Whatever a client was told must hold: each answer that was received to its end
// has its entry in the book, whoever registered has an account, whoever signed in still is, whoever
// signed out stays out; and both databases are sound.
//
// It fails when the recorder lets an answer pass before its entry is committed
// (httpx.recorder.begin), or when a session is saved after the first byte.
func TestKill(t *testing.T) {
	t.Parallel()
	rounds := 10
	var l ledger
	l.moved.L = &l.mu
	dir := t.TempDir() + "/data"
	for round := range rounds {
		s := rig.Start(t, rig.Options{Dir: dir, Env: []string{"DOORBOOK_TRUSTED_PROXIES=127.0.0.1"}})
		if round == 0 {
			for i := range 2 {
				s.Client().Register("Kit", fmt.Sprintf("kit-%d@example.org", i), rig.Password)
			}
		}
		l.check(t, s)
		if t.Failed() {
			t.Fatalf("after round %d", round)
		}
		l.load(s, round, 60+rand.N(60), 2+rand.N(3))
	}
	s := rig.Start(t, rig.Options{Dir: dir})
	l.check(t, s)
	if code := s.Stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	t.Logf("%d answers, %d accounts, %d sessions alive, %d ended, over %d kills", l.answers, len(l.accounts), len(l.alive), len(l.ended), rounds)
	if l.answers < 20*rounds || len(l.accounts) < rounds/4 || len(l.alive) < 3 || len(l.ended) < 3 {
		t.Error("that is too little for a test under load")
	}
}

// ledger is what clients were told.
type ledger struct {
	mu       sync.Mutex
	moved    sync.Cond
	answers  int
	passed   int      // passwords that were taken
	fresh    []string // request ids that have not been looked up yet
	accounts []string // e-mail addresses
	unseen   int      // of accounts, how many have been looked up
	alive    []string // session cookies
	ended    []string // session cookies of people who signed out
}

func (l *ledger) heard(a rig.Answer, err error) {
	if err != nil {
		return // no answer, or half of one
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers++
	l.moved.Broadcast()
	l.fresh = append(l.fresh, a.RequestID())
}

func (l *ledger) note(list *[]string, what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	*list = append(*list, what)
	l.passed++
	l.moved.Broadcast()
}

// load lets clients work until the program is killed under their hands: some read, one registers
// people, two sign in as somebody, look around, and half of the time sign out. That is when they
// have had so many answers, and have registered, signed in or out so often.
func (l *ledger) load(s *rig.Server, round, answers, passed int) {
	l.mu.Lock()
	answers, passed = l.answers+answers, l.passed+passed
	l.mu.Unlock()
	var clients sync.WaitGroup
	work := func(kind int, once func(c *rig.Client, n int) error) {
		c := s.Client().From(fmt.Sprintf("198.51.100.%d", kind))
		clients.Go(func() {
			for n := 0; once(c, n) == nil; n++ {
			}
		})
	}
	read := func(c *rig.Client, n int) error {
		a, err := c.Do(http.MethodGet, []string{"/login", "/nothing", "/", "/logs"}[n%4], "", nil)
		l.heard(a, err)
		time.Sleep(time.Millisecond) // leaves the others a share of a small machine
		return err
	}
	work(1, read)
	work(2, read)
	work(3, func(c *rig.Client, n int) error {
		c.From(fmt.Sprintf("203.0.%d.%d", round, n%250))
		return l.register(c, fmt.Sprintf("kill-%d-%d@example.org", round, n))
	})
	for i := range 2 {
		work(4+i, func(c *rig.Client, n int) error {
			return l.signIn(c, fmt.Sprintf("kit-%d@example.org", i), (round+n)%2 == 0)
		})
	}
	l.mu.Lock()
	for l.answers < answers || l.passed < passed {
		l.moved.Wait()
	}
	l.mu.Unlock()
	s.Kill()
	clients.Wait()
}

func (l *ledger) register(c *rig.Client, email string) error {
	c.SetCookie(sessionCookie, "")
	c.SetCookie(deviceCookie, "")
	a, err := c.Submit("/register", "/auth/register", rig.Fields("name", "Kit", "email", email, "password", rig.Password))
	l.heard(a, err)
	if err == nil && a.Status == http.StatusSeeOther {
		l.note(&l.accounts, email)
	}
	return err
}

func (l *ledger) signIn(c *rig.Client, email string, out bool) error {
	c.SetCookie(sessionCookie, "") // another browser; the one before stays signed in
	c.SetCookie(deviceCookie, "")
	a, err := c.Submit("/login", "/auth/login", rig.Fields("email", email, "password", rig.Password))
	l.heard(a, err)
	session := c.Cookie(sessionCookie)
	if err != nil || a.Status != http.StatusSeeOther {
		return err
	}
	if !out {
		l.note(&l.alive, session)
	}
	page, err := c.Do(http.MethodGet, "/", "", nil)
	l.heard(page, err)
	if err != nil || !out {
		return err
	}
	a, err = c.Do(http.MethodPost, "/auth/logout", rig.Fields("csrf_token", rig.FormToken(page.Body)).Encode(), rig.URLEncoded())
	l.heard(a, err)
	if err == nil && a.Status == http.StatusSeeOther {
		l.note(&l.ended, session)
	}
	return err
}

// check holds the ledger against the program that was started again.
func (l *ledger) check(t *testing.T, s *rig.Server) {
	t.Helper()
	for _, file := range []string{"doorbook.db", "book.db"} {
		if got := s.Query(t, file, "PRAGMA integrity_check"); !slices.Equal(got, []string{"ok"}) {
			t.Errorf("%s: %v", file, got)
		}
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if info, err := os.Stat(s.Dir + "/" + file + suffix); err == nil && info.Mode().Perm() != 0o600 {
				t.Errorf("%s%s has mode %04o", file, suffix, info.Mode().Perm())
			}
		}
	}
	l.checkEntries(t, s)
	l.checkPeople(t, s)
}

func (l *ledger) checkEntries(t *testing.T, s *rig.Server) {
	t.Helper()
	have := map[string]bool{}
	for _, id := range s.Query(t, "book.db", "SELECT request_id FROM entries WHERE type = 'request'") {
		have[id] = true
	}
	missing := 0
	for _, id := range l.fresh {
		if id == "" || !have[id] {
			missing++
		}
	}
	if missing > 0 {
		t.Errorf("%d of %d answered requests have no entry", missing, len(l.fresh))
	}
	l.fresh = nil
}

func (l *ledger) checkPeople(t *testing.T, s *rig.Server) {
	t.Helper()
	have := map[string]bool{}
	for _, email := range s.Query(t, "doorbook.db", "SELECT email_key FROM developers") {
		have[email] = true
	}
	for _, email := range l.accounts[l.unseen:] {
		if !have[email] {
			t.Errorf("%s registered and has no account", email)
		}
	}
	l.unseen = len(l.accounts)
	look := func(session string, want int) {
		c := s.Client()
		c.SetCookie(sessionCookie, session)
		if a := c.Get("/"); a.Status != want {
			t.Errorf("a session: status %d, want %d", a.Status, want)
		}
	}
	// Of old sessions the latest will do: each round has looked at them.
	for _, session := range l.alive[max(0, len(l.alive)-20):] {
		look(session, http.StatusOK)
	}
	for _, session := range l.ended[max(0, len(l.ended)-20):] {
		look(session, http.StatusSeeOther)
	}
}
