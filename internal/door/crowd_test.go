package door_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/passhash/passhashtest"
	"github.com/doorbook/doorbook/session"
)

// TestCrowd: one network takes few places at the door, new browsers never all of them; a known
// device finds a place in the midst of a storm from its own network (P4).
func TestCrowd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	before := sitetest.Open(t, dir)
	ada := before.Developer("Ada", account.Member)
	cookie := signedIn(t, before, ada).device

	places := account.DefaultGuessing().Door
	hasher, began, release := passhashtest.Held(t, passhash.Config{
		Slots: places.All, Queue: -1, Wait: time.Minute,
	})
	s := sitetest.Open(t, dir, func(p *server.Parts) { p.Passwords = hasher })
	var all sync.WaitGroup
	n := 0
	comes := func(network int, device string) *browser {
		n++
		b := newBrowser(t, s, fmt.Sprintf("192.0.2.%d", network))
		b.device = device
		return b
	}
	enters := func(b *browser, email, password string) {
		all.Go(func() {
			if err := b.signIn(email, password); fault.Is(err, fault.Busy) {
				t.Errorf("%s finds no place", email)
			}
		})
		<-began
	}
	stranger := func(network int) {
		enters(comes(network, ""), fmt.Sprintf("person%d@example.org", n), wrong)
	}
	refused := func(b *browser, email string) {
		t.Helper()
		answer := make(chan error, 1)
		all.Go(func() { answer <- b.signIn(email, wrong) })
		select {
		case err := <-answer:
			if f := wantKind(t, err, fault.Busy); f.RetryAfter <= 0 {
				t.Error("no wait is said")
			}
		case <-began:
			t.Errorf("%s finds a place at %s", email, b.addr)
		}
	}
	for range places.Network {
		stranger(1)
	}
	refused(comes(1, ""), "one.more@example.org")
	comes(1, "").visit(func(ctx context.Context, v *door.Visit) {
		wantKind(t, second(s.Door.Register(ctx, v, newcomer("Eve"))), fault.Busy)
	})
	for i := range places.All - places.Kept - places.Network {
		stranger(2 + i/places.Network)
	}
	refused(comes(99, ""), "one.more@example.org")
	for range places.Device {
		enters(comes(1, cookie), ada.Email, sitetest.Password)
	}
	refused(comes(1, cookie), ada.Email)
	close(release)
	all.Wait()
	for range places.Network + 1 { // every place was given back
		if err := comes(99, "").signIn(ada.Email, sitetest.Password); err != nil {
			t.Fatal(err)
		}
	}
}

// TestBlockedNetwork: fifty failures behind one address do not keep out a known device there, nor
// for long somebody with the right password.
func TestBlockedNetwork(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, bob := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)
	owner := signedIn(t, s, ada)
	attacker := newBrowser(t, s, owner.addr)
	for i := range account.DefaultGuessing().Network.Free {
		wantKind(t, attacker.signIn(fmt.Sprintf("person%d@example.org", i), wrong), fault.Invalid)
	}
	wantKind(t, newBrowser(t, s, owner.addr).signIn(ada.Email, sitetest.Password), fault.Throttled)
	owner.jar = nil
	if err := owner.signIn(ada.Email, sitetest.Password); err != nil {
		t.Errorf("a known device: %v", err)
	}
	f := wantKind(t, newBrowser(t, s, owner.addr).signIn(bob.Email, sitetest.Password), fault.Throttled)
	s.Clock.Turn(f.RetryAfter)
	if err := newBrowser(t, s, owner.addr).signIn(bob.Email, sitetest.Password); err != nil {
		t.Errorf("the right password after the wait that was said: %v", err)
	}
}

// TestHangUp: an attempt that was judged counts although the browser has gone; one that was not
// does not.
func TestHangUp(t *testing.T) {
	t.Parallel()
	hasher, began, release := passhashtest.Held(t, passhash.Config{Slots: 1, Queue: 5, Wait: time.Minute})
	s := sitetest.New(t, func(p *server.Parts) { p.Passwords = hasher })
	ada := s.Developer("Ada", account.Member)
	failures := func() (n int) {
		const query = `SELECT coalesce(sum(failures), 0) FROM throttle WHERE key LIKE 'account:%'`
		if err := s.DB.Main.Read.QueryRow(query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	attempt := func(ctx context.Context) chan error {
		done := make(chan error, 1)
		h := s.Sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			v := &door.Visit{Addr: "192.0.2.1", Session: session.From(r.Context())}
			_, err := s.Door.SignIn(r.Context(), v, door.Credentials{Email: ada.Email, Password: wrong})
			done <- err
		}))
		go h.ServeHTTP(httptest.NewRecorder(),
			httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil))
		return done
	}
	ctx, hangUp := context.WithCancel(t.Context())
	judged := attempt(ctx)
	<-began
	waits, gone := context.WithCancel(t.Context())
	waiting := attempt(waits)
	for failures() < 2 {
		runtime.Gosched() // it is counted, and then waits for the slot of the first
	}
	gone()
	if err := <-waiting; err == nil {
		t.Error("the one that waited was let in")
	}
	if n := failures(); n != 1 {
		t.Errorf("%d failures count, want that of the one who is being judged", n)
	}
	hangUp()
	close(release)
	wantKind(t, <-judged, fault.Invalid)
	if n := failures(); n != 1 {
		t.Errorf("%d failures count after the judgement, want 1", n)
	}
}
