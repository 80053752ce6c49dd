package door_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/passhash/passhashtest"
)

const wrong = "not the right one, not at all"

// blocked uses up an account's free attempts from an address.
func blocked(t *testing.T, s *sitetest.Site, email, addr string) *browser {
	t.Helper()
	b := newBrowser(t, s, addr)
	for range account.DefaultGuessing().Account.Free {
		wantKind(t, b.signIn(email, wrong), fault.Invalid)
	}
	return b
}

func TestThrottleAccount(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	for _, email := range []string{ada.Email, "nobody@example.org", "no address at all"} {
		b := blocked(t, s, email, "192.0.2.1")
		b.addr = "192.0.2.2" // another address changes nothing
		before := s.Parts.Passwords.Computed()
		f := wantKind(t, b.signIn(email, sitetest.Password), fault.Throttled)
		if f.RetryAfter != 30*time.Second || !strings.Contains(f.Public, "30 seconds") {
			t.Errorf("%s: wait %v, %q", email, f.RetryAfter, f.Public)
		}
		if n := s.Parts.Passwords.Computed() - before; n != 0 {
			t.Errorf("%s: %d guesses were evaluated while blocked", email, n)
		}
		wantActivity(t, s, book.ActionSignInThrottled, "", "")
	}
	wantKind(t, newBrowser(t, s, "192.0.2.9").signIn(" ADA@Example.Org", sitetest.Password), fault.Throttled)
	// Knocking does not lengthen the wait, and after it the right password works.
	s.Clock.Turn(30 * time.Second)
	b := newBrowser(t, s, "192.0.2.3")
	if err := b.signIn(ada.Email, sitetest.Password); err != nil {
		t.Fatalf("after the wait: %v", err)
	}
	// The success has forgiven the account.
	blocked(t, s, ada.Email, "192.0.2.4")
}

// TestThrottleLongest: nobody waits more than 15 minutes, however long somebody else has been
// guessing.
func TestThrottleLongest(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := blocked(t, s, ada.Email, "192.0.2.1")
	var longest time.Duration
	for range 12 {
		f := wantKind(t, b.signIn(ada.Email, wrong), fault.Throttled)
		longest = max(longest, f.RetryAfter)
		s.Clock.Turn(f.RetryAfter)
		wantKind(t, b.signIn(ada.Email, wrong), fault.Invalid)
	}
	if longest != 15*time.Minute {
		t.Errorf("the longest wait is %v, want 15 minutes", longest)
	}
	f := wantKind(t, b.signIn(ada.Email, wrong), fault.Throttled)
	if !strings.Contains(f.Public, "15 minutes") {
		t.Errorf("%q does not say 15 minutes", f.Public)
	}
}

// TestThrottleDevice: who guesses at an account cannot keep its owner out of it.
func TestThrottleDevice(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, bob := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)
	owner := signedIn(t, s, ada)
	others := signedIn(t, s, bob)
	blocked(t, s, ada.Email, "198.51.100.1")

	stranger := newBrowser(t, s, "192.0.2.77")
	wantKind(t, stranger.signIn(ada.Email, sitetest.Password), fault.Throttled)
	// A device cookie is good for its own account alone, as it was given, and not when invented.
	for name, device := range map[string]string{
		"of another account": others.device, "cut": owner.device[:len(owner.device)-1], "none": "",
		"with a line break": owner.device[:10] + "\r\n" + owner.device[12:], "turned": reverse(owner.device),
		"long": strings.Repeat(owner.device, 100),
	} {
		stranger.device = device
		if err := stranger.signIn(ada.Email, sitetest.Password); !fault.Is(err, fault.Throttled) {
			t.Errorf("a device cookie %s: %v", name, err)
		}
	}
	back := newBrowser(t, s, "203.0.113.5") // the owner somewhere else, with the cookie
	back.device = owner.device
	if err := back.signIn("ADA@example.org", sitetest.Password); err != nil {
		t.Fatalf("the owner is kept out: %v", err)
	}
	if back.device != owner.device {
		t.Error("a browser that is known got another device cookie")
	}
	// The owner's share has an end too.
	before := s.Parts.Passwords.Computed()
	free := account.DefaultGuessing().Device.Free + account.DefaultGuessing().Devices.Free
	for range free {
		wantKind(t, back.signIn(ada.Email, wrong), fault.Invalid)
	}
	f := wantKind(t, back.signIn(ada.Email, sitetest.Password), fault.Throttled)
	if n := s.Parts.Passwords.Computed() - before; int(n) != free || f.RetryAfter > 15*time.Minute {
		t.Errorf("%d guesses from a known browser, then a wait of %v", n, f.RetryAfter)
	}
	// Who is signed in stays so, but for the session that the same device had before.
	if back.who() != "Ada" {
		t.Error("the block has reached a session")
	}
}

func reverse(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

func TestThrottleAddress(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := blocked(t, s, "nobody@example.org", "192.0.2.1")
	// Other accounts from the same address are not blocked, and a refused attempt does not count
	// for the address.
	for range 60 {
		wantKind(t, b.signIn("nobody@example.org", wrong), fault.Throttled)
	}
	guess := func(i int) error { return b.signIn(fmt.Sprintf("person%d@example.org", i), wrong) }
	free := account.DefaultGuessing().Network.Free
	for i := range free - 1 - account.DefaultGuessing().Account.Free {
		wantKind(t, guess(i), fault.Invalid)
	}
	// A success from there takes back its own attempt alone: an attacker with an account cannot
	// guess on.
	for range 3 {
		if err := b.signIn(ada.Email, sitetest.Password); err != nil {
			t.Fatal(err)
		}
		b.device = "" // as a browser that has never been here
	}
	wantKind(t, guess(1000), fault.Invalid)
	f := wantKind(t, guess(1001), fault.Throttled)
	for range account.DefaultGuessing().Account.Free { // knocking from a blocked address does not use up an account's attempts
		wantKind(t, b.signIn("cleo@example.org", wrong), fault.Throttled)
	}
	blocked(t, s, "cleo@example.org", "192.0.2.3")
	if f.RetryAfter > 15*time.Minute {
		t.Errorf("a wait of %v", f.RetryAfter)
	}
	b.addr = "192.0.2.2"
	wantKind(t, guess(1002), fault.Invalid)
}

// TestThrottleNetwork: an IPv6 /64 is one address, as is an IPv4 address written as IPv6.
func TestThrottleNetwork(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	for name, addrs := range map[string][2]string{
		"IPv6":   {"2001:db8:1:2:%x::1", "2001:db8:1:3::1"},
		"mapped": {"::ffff:192.0.2.9", "::ffff:192.0.2.10"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBrowser(t, s, "")
			register := func(addr string, i int) error {
				b.addr = addr
				return b.register(newcomer(fmt.Sprintf("%s%d", name, i)))
			}
			free := account.DefaultGuessing().Registration.Free
			for i := range free {
				addr := addrs[0]
				if strings.Contains(addr, "%x") {
					addr = fmt.Sprintf(addr, i)
				}
				if err := register(addr, i); err != nil {
					t.Fatal(err)
				}
			}
			wantKind(t, register(strings.Replace(addrs[0], "%x", "ffff", 1), free), fault.Throttled)
			if err := register(addrs[1], free); err != nil {
				t.Errorf("the neighbour: %v", err)
			}
		})
	}
}

// TestThrottleParallel: guesses sent at once are counted before they are evaluated.
func TestThrottleParallel(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	before := s.Parts.Passwords.Computed()
	var all sync.WaitGroup
	var in atomic.Int32
	for i := range 60 {
		all.Go(func() {
			password := wrong
			if i == 59 {
				password = sitetest.Password
			}
			if newBrowser(t, s, fmt.Sprintf("198.51.100.%d", i)).signIn(ada.Email, password) == nil {
				in.Add(1)
			}
		})
	}
	all.Wait()
	// The right one, if it was among the first, has forgiven those before it.
	limit := int64(account.DefaultGuessing().Account.Free) * int64(1+in.Load())
	if n := s.Parts.Passwords.Computed() - before; n > limit {
		t.Errorf("%d guesses were evaluated, want at most %d", n, limit)
	}
}

// TestShed: what the hasher has no room for is answered at once with a wait, and counts nowhere:
// nothing was guessed.
func TestShed(t *testing.T) {
	t.Parallel()
	hasher, began, release := passhashtest.Held(t, passhash.Config{Slots: 1, Queue: -1, Wait: time.Second})
	s := sitetest.New(t, func(p *server.Parts) { p.Passwords = hasher })
	ada := s.Developer("Ada", account.Member)
	held := make(chan struct{})
	go func() { // a hash that takes its time
		defer close(held)
		_ = hasher.Decoy(context.Background(), "x")
	}()
	<-began
	b := newBrowser(t, s, "192.0.2.1")
	for range account.DefaultGuessing().Account.Free + 5 {
		f := wantKind(t, b.signIn(ada.Email, sitetest.Password), fault.Busy)
		if f.RetryAfter <= 0 || f.Err != nil {
			t.Fatalf("wait %v, cause %v", f.RetryAfter, f.Err)
		}
	}
	b.visit(func(ctx context.Context, v *door.Visit) {
		f := wantKind(t, second(s.Door.Register(ctx, v, newcomer("Eve"))), fault.Busy)
		if f.RetryAfter <= 0 {
			t.Error("no wait is said")
		}
	})
	close(release)
	<-held
	if err := b.signIn(ada.Email, sitetest.Password); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// swept calls, after each sweep, what the context holds for it.
type swept struct{ account.Throttle }

type afterSweep struct{} // the key of that

func (s swept) Sweep(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.Throttle.Sweep(ctx, before, limit)
	if then, ok := ctx.Value(afterSweep{}).(context.CancelFunc); ok {
		then()
	}
	return n, err
}

// TestSweepCounters: what nobody can feel any more is forgotten; what blocks somebody stays.
func TestSweepCounters(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, func(p *server.Parts) { p.Throttle = swept{p.Throttle} })
	blocked(t, s, "nobody@example.org", "192.0.2.1")
	count := func() (n int) {
		if err := s.DB.Main.Read.QueryRow(`SELECT count(*) FROM throttle`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 2 {
		t.Fatalf("%d counters, want one of the account and one of the address", n)
	}
	sweep := func() {
		ctx, cancel := context.WithCancel(t.Context())
		s.Door.SweepCounters(context.WithValue(ctx, afterSweep{}, cancel), time.Hour)
	}
	s.Clock.Turn(account.DefaultGuessing().Account.Forget - time.Second)
	if sweep(); count() != 2 {
		t.Error("a counter went too early")
	}
	s.Clock.Turn(2 * time.Second)
	if sweep(); count() != 0 {
		t.Error("the counters stay for ever")
	}
}

// TestCountersTellNothing: what people type as an address may be a password, so no counter holds
// it.
func TestCountersTellNothing(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	_ = newBrowser(t, s, "192.0.2.123").signIn("canary-typed-in-the-wrong-field", wrong)
	rows, err := s.DB.Main.Read.Query(`SELECT key FROM throttle`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for ; rows.Next(); n++ {
		var key string
		if err := rows.Scan(&key); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(key, "canary") || strings.Contains(key, "192.0.2") {
			t.Errorf("counter %q", key)
		}
	}
	if n == 0 || rows.Err() != nil {
		t.Errorf("%d counters, %v", n, rows.Err())
	}
}
