package account_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
)

var epoch = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// knock tries until an attempt is let through and gives the pause that took.
func knock(t *testing.T, p account.Policy, c account.Counter, now time.Time) (account.Counter, time.Time, time.Duration) {
	t.Helper()
	next, wait := p.Take(c, now)
	if wait == 0 {
		return next, now, 0
	}
	if diff := cmp.Diff(c, next); diff != "" {
		t.Fatalf("a refused attempt changed the counter:\n%s", diff)
	}
	if _, still := p.Take(c, now.Add(wait-time.Nanosecond)); still == 0 {
		t.Fatalf("let through before the wait of %v was over", wait)
	}
	next, again := p.Take(c, now.Add(wait))
	if again != 0 {
		t.Fatalf("told to wait %v, and then another %v", wait, again)
	}
	return next, now.Add(wait), wait
}

// TestPolicies pins the numbers of the doc comments: how many are free, and the pauses after them.
func TestPolicies(t *testing.T) {
	t.Parallel()
	const s, m = time.Second, time.Minute
	g := account.DefaultGuessing()
	for _, tt := range []struct {
		name   string
		policy account.Policy
		free   int
		pauses []time.Duration
		forget time.Duration
	}{
		{"account", g.Account, 5, []time.Duration{30 * s, m, 2 * m, 4 * m, 8 * m, 15 * m, 15 * m, 15 * m}, 24 * time.Hour},
		{"devices", g.Devices, 5, []time.Duration{30 * s, m, 2 * m, 4 * m, 8 * m, 15 * m, 15 * m, 15 * m}, 24 * time.Hour},
		{"proofs", g.Proofs, 5, []time.Duration{30 * s, m, 2 * m, 4 * m, 8 * m, 15 * m, 15 * m, 15 * m}, 24 * time.Hour},
		{"address change", g.AddressChange, 10, []time.Duration{m, 2 * m, 4 * m, 8 * m, 15 * m, 15 * m}, time.Hour},
		{"network", g.Network, 50, []time.Duration{30 * s, m, 2 * m, 4 * m, 8 * m, 15 * m, 15 * m, 15 * m}, time.Hour},
		{"registration", g.Registration, 10, []time.Duration{m, 2 * m, 4 * m, 8 * m, 15 * m, 15 * m}, time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c account.Counter
			var wait time.Duration
			now := epoch
			for i := range tt.free {
				if c, now, wait = knock(t, tt.policy, c, now); wait != 0 {
					t.Fatalf("attempt %d waits %v, want %d free ones", i+1, wait, tt.free)
				}
			}
			var pauses []time.Duration
			for range tt.pauses {
				c, now, wait = knock(t, tt.policy, c, now)
				pauses = append(pauses, wait)
			}
			if diff := cmp.Diff(tt.pauses, pauses); diff != "" {
				t.Errorf("pauses (-want +got):\n%s", diff)
			}
			kept, _ := tt.policy.Take(c, now.Add(tt.forget-time.Nanosecond))
			anew, _ := tt.policy.Take(c, now.Add(tt.forget))
			if kept.Failures != c.Failures+1 || anew.Failures != 1 {
				t.Errorf("%d failures just before the quiet time is over, %d after; want %d and 1", kept.Failures, anew.Failures, c.Failures+1)
			}
		})
	}
}

// TestAttemptsInADay pins the numbers of docs/security.md.
func TestAttemptsInADay(t *testing.T) {
	t.Parallel()
	p := account.DefaultGuessing().Account
	var c account.Counter
	now := epoch
	day := [2]int{}
	for {
		if c, now, _ = knock(t, p, c, now); now.Sub(epoch) >= 48*time.Hour {
			break
		}
		day[int(now.Sub(epoch)/(24*time.Hour))]++
	}
	if day != [2]int{104, 96} {
		t.Errorf("%d attempts in two days without rest, want 104 and 96", day)
	}
}

func TestTake(t *testing.T) {
	t.Parallel()
	p := account.Policy{Free: 2, First: time.Minute, Most: 10 * time.Minute, Forget: time.Hour}
	for _, tt := range []struct {
		name    string
		counter account.Counter
		now     time.Time
		want    account.Counter
		wait    time.Duration
	}{
		{"first", account.Counter{}, epoch, account.Counter{Failures: 1, Last: epoch}, 0},
		{
			"last free one",
			account.Counter{Failures: 1, Last: epoch},
			epoch.Add(time.Second),
			account.Counter{Failures: 2, Last: epoch.Add(time.Second), Until: epoch.Add(time.Second + time.Minute)},
			0,
		},
		{
			"refused",
			account.Counter{Failures: 2, Last: epoch, Until: epoch.Add(time.Minute)},
			epoch.Add(20 * time.Second),
			account.Counter{Failures: 2, Last: epoch, Until: epoch.Add(time.Minute)},
			40 * time.Second,
		},
		{
			"pause over",
			account.Counter{Failures: 2, Last: epoch, Until: epoch.Add(time.Minute)},
			epoch.Add(time.Minute),
			account.Counter{Failures: 3, Last: epoch.Add(time.Minute), Until: epoch.Add(3 * time.Minute)},
			0,
		},
		{
			"many failures do not overflow",
			account.Counter{Failures: 1 << 20, Last: epoch},
			epoch,
			account.Counter{Failures: 1<<20 + 1, Last: epoch, Until: epoch.Add(10 * time.Minute)},
			0,
		},
		{
			"clock jumped back a little: the pause is kept, it is no longer than the longest",
			account.Counter{Failures: 2, Last: epoch, Until: epoch.Add(time.Minute)},
			epoch.Add(-5 * time.Minute),
			account.Counter{Failures: 2, Last: epoch, Until: epoch.Add(time.Minute)},
			6 * time.Minute,
		},
		{
			"clock jumped back a year: nobody is locked out for a year",
			account.Counter{Failures: 2, Last: epoch, Until: epoch.Add(time.Minute)},
			epoch.AddDate(-1, 0, 0),
			account.Counter{Failures: 3, Last: epoch.AddDate(-1, 0, 0), Until: epoch.AddDate(-1, 0, 0).Add(2 * time.Minute)},
			0,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, wait := p.Take(tt.counter, tt.now)
			if wait != tt.wait {
				t.Errorf("wait %v, want %v", wait, tt.wait)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("counter (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTakeOnNodes: nodes whose clocks differ by a second let no more through than one does.
func TestTakeOnNodes(t *testing.T) {
	t.Parallel()
	p := account.DefaultGuessing().Account
	var c account.Counter
	at, through := epoch, 0
	for range 200 {
		for _, behind := range []time.Duration{0, 500 * time.Millisecond, time.Second} {
			var wait time.Duration
			if c, wait = p.Take(c, at.Add(-behind)); wait == 0 {
				through++
			}
		}
		at = at.Add(p.Most + 2*time.Second)
	}
	if most := 200 + p.Free; through > most {
		t.Errorf("%d attempts let through, at most %d", through, most)
	}
}
