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

// patience is the slowest that the 99th percentile of the dashboard may be while others make trouble. The goal is 100 ms;
// the test leaves room for a machine that does other things.
const patience = 250 * time.Millisecond

// These tests measure, so they do not run beside others.

// TestLoginStorm: 200 people sign in at once and again and again; the dashboard stays quick, memory flat, whoever is too
// many is told when to come again, and a second after it is over signing in works.
//
// It fails when passwords are hashed without bounds (passhash.Config.Slots and Queue), or when a hash is computed while
// something is held that the dashboard needs.
func TestLoginStorm(t *testing.T) {
	s := rig.Start(t, rig.Options{Env: []string{"DOORBOOK_TRUSTED_PROXIES=127.0.0.1"}})
	admin := s.Admin()
	before := s.RSS()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
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
	times, most := watch(ctx, t, s, admin)
	storm.Wait()
	report(t, times, "the dashboard under a login storm")
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
	time.Sleep(time.Second)
	start := time.Now()
	if a := s.Client().From("192.0.2.1").SignIn("ada@example.org", rig.Password); a.Status != 303 {
		t.Errorf("signing in a second later: %d", a.Status)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("signing in a second later took %s", took)
	}
}

// TestFlood: strangers who ask for what is not there, as fast as they can, slow nobody down and are all in the book.
func TestFlood(t *testing.T) {
	s := rig.Start(t, rig.Options{})
	admin := s.Admin()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
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
	times, _ := watch(ctx, t, s, admin)
	flood.Wait()
	report(t, times, fmt.Sprintf("the dashboard under a flood of %d requests", answered.Load()))
	if n := answered.Load(); n < 1000 {
		t.Errorf("%d requests are no flood", n)
	}
	// Beyond 60,000 a minute they may be summed up.
	if got := s.Query(t, "book.db", "SELECT count(*) FROM entries WHERE url LIKE '/flood/%'"); answered.Load() < 60_000 && got[0] != fmt.Sprint(answered.Load()) {
		t.Errorf("%d requests were answered, and %s are in the book", answered.Load(), got[0])
	}
}

// watch opens the dashboard again and again until ctx is done. It gives how long each time took, and the most memory
// that was resident.
func watch(ctx context.Context, t *testing.T, s *rig.Server, c *rig.Client) (times []time.Duration, most int64) {
	t.Helper()
	for ctx.Err() == nil {
		start := time.Now()
		a, err := c.Do(http.MethodGet, "/", "", nil)
		if err != nil || a.Status != http.StatusOK {
			t.Fatalf("the dashboard: %d, %v", a.Status, err)
		}
		times = append(times, time.Since(start))
		most = max(most, s.RSS())
		time.Sleep(5 * time.Millisecond)
	}
	return times, most
}

func report(t *testing.T, times []time.Duration, what string) {
	t.Helper()
	slices.Sort(times)
	p99 := times[len(times)*99/100]
	t.Logf("%s, %d times: median %s, p99 %s, longest %s", what, len(times), round(times[len(times)/2]), round(p99), round(times[len(times)-1]))
	if p99 > patience {
		t.Errorf("p99 %s, want %s at most", round(p99), patience)
	}
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }
