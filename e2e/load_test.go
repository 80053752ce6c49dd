package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/e2e/rig"
)

// How quick the dashboard is while others make trouble is told by what they are answered meanwhile,
// which is the same on every machine, however busy.

// TestLoginStorm: 200 people sign in at once and again and again; the dashboard does not wait in
// their line, memory stays flat, whoever is too many is told when to come again, and when it is
// over signing in works.
//
// It fails when passwords are hashed without bounds (passhash.Config.Slots and Queue), or when a
// hash is computed while something is held that the dashboard needs.
func TestLoginStorm(t *testing.T) {
	t.Parallel()
	// Passwords that are checked while the dashboard is opened: the line is 32 long.
	const meanwhile = 8
	s := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_TRUSTED_PROXIES=127.0.0.1"}})
	admin := s.Admin()
	before := s.RSS()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	// The forms are fetched beforehand: it is the passwords that cost.
	var tokens [200]string
	var clients [200]*rig.Client
	for i := range clients {
		clients[i] = s.Client()
		tokens[i] = rig.FormToken(clients[i].Get("/login").Body)
	}
	var storm sync.WaitGroup
	var mu sync.Mutex
	count := map[int]int{}
	shed := rig.Answer{}
	var silent atomic.Int64 // refused without a word about when to come again
	var checked atomic.Int64
	for i, c := range clients {
		storm.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				// Everybody from an address of their own, so that no throttle spares the hasher.
				c.From(fmt.Sprintf("10.%d.%d.%d", i, n/250%250, n%250))
				a, err := c.Do(http.MethodPost, "/auth/login", rig.Fields("csrf_token", tokens[i],
					"email", fmt.Sprintf("nobody-%d-%d@example.org", i, n), "password", rig.Password).Encode(), rig.URLEncoded())
				if err != nil {
					return
				}
				if (a.Status == 503 || a.Status == 429) && a.Header.Get("Retry-After") == "" {
					silent.Add(1)
				}
				if a.Status == http.StatusUnprocessableEntity {
					checked.Add(1)
				}
				mu.Lock()
				count[a.Status]++
				if a.Status == http.StatusServiceUnavailable {
					shed = a
				}
				mu.Unlock()
				time.Sleep(20 * time.Millisecond) // far less patient than Retry-After asks for
			}
		})
	}
	shedding := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return count[http.StatusUnprocessableEntity] >= 15 && count[http.StatusServiceUnavailable] > 0
	}
	during, most := watch(t, s, admin, &checked, shedding)
	cancel()
	storm.Wait()
	report(t, during, meanwhile, "the dashboard under a login storm")
	t.Logf("answers by status: %v; resident: %d MiB before, %d MiB at most", count, before>>20, most>>20)
	if silent.Load() > 0 {
		t.Errorf("%d refusals without Retry-After", silent.Load())
	}
	if count[422] == 0 || count[503] == 0 || len(count) > 3 {
		t.Errorf("answers %v, want some 422 and some 503 (or 429) and nothing else", count)
	}
	checkHeaders(t, "shed", http.StatusServiceUnavailable, false, shed)
	if most > 200<<20 {
		t.Errorf("%d MiB resident, want 200 at most", most>>20)
	}
	if a := s.Client().From("192.0.2.1").SignIn("ada@example.org", rig.Password); a.Status != 303 {
		t.Errorf("signing in afterwards: %d", a.Status)
	}
}

// TestFlood: strangers who ask for what is not there, as fast as they can, slow nobody down and are
// all in the book.
func TestFlood(t *testing.T) {
	t.Parallel()
	const enough = 1500
	// Strangers' requests that are answered while the dashboard is opened, which is worth some
	// dozen of them.
	const meanwhile = 150
	s := rig.Start(t, rig.Options{})
	admin := s.Admin()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var flood sync.WaitGroup
	var answered atomic.Int64
	for i := range 8 {
		flood.Go(func() {
			c := s.Client()
			for n := 0; ctx.Err() == nil; n++ {
				a, err := c.Do(http.MethodGet, fmt.Sprintf("/flood/%d/%d", i, n), "", nil)
				if err == nil && a.Status == http.StatusNotFound {
					answered.Add(1)
				}
			}
		})
	}
	during, _ := watch(t, s, admin, &answered, func() bool { return answered.Load() >= enough })
	cancel()
	flood.Wait()
	report(t, during, meanwhile, fmt.Sprintf("the dashboard under a flood of %d requests", answered.Load()))
	// Beyond 60,000 a minute they may be summed up.
	if got := s.Query(t, "book.db", "SELECT count(*) FROM entries WHERE url LIKE '/flood/%'"); answered.Load() < 60_000 && got[0] != fmt.Sprint(answered.Load()) {
		t.Errorf("%d requests were answered, and %s are in the book", answered.Load(), got[0])
	}
}

// watch opens the dashboard again and again, some dozen times at least, until enough reports true.
// It gives how many of others were answered during each time, and the most memory that was
// resident.
func watch(t *testing.T, s *rig.Server, c *rig.Client, others *atomic.Int64, enough func() bool) (during []int64, most int64) {
	t.Helper()
	for len(during) < 40 || !enough() {
		before := others.Load()
		a, err := c.Do(http.MethodGet, "/", "", nil)
		if err != nil || a.Status != http.StatusOK {
			t.Fatalf("the dashboard: %d, %v", a.Status, err)
		}
		during = append(during, others.Load()-before)
		most = max(most, s.RSS())
	}
	return during, most
}

func report(t *testing.T, during []int64, most int64, what string) {
	t.Helper()
	slices.Sort(during)
	p95 := during[len(during)*95/100]
	t.Logf("%s, %d times: others were answered meanwhile: median %d, p95 %d, most %d", what, len(during), during[len(during)/2], p95, during[len(during)-1])
	if p95 > most {
		t.Errorf("p95 of others that were answered meanwhile: %d, want %d at most", p95, most)
	}
}
