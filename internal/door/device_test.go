package door_test

import (
	"context"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/session"
)

// known reports whether a browser is a known device: it is let through where new ones are refused.
// It leaves the account's counter as full as it was, or fuller.
func known(t *testing.T, s *sitetest.Site, b *browser, email string) bool {
	t.Helper()
	other := newBrowser(t, s, "198.51.100.200")
	for range account.DefaultGuessing().Account.Free {
		if err := other.signIn(email, wrong); fault.Is(err, fault.Throttled) {
			break
		}
	}
	probe := newBrowser(t, s, "198.51.100.201")
	probe.device = b.device
	return !fault.Is(probe.signIn(email, wrong), fault.Throttled)
}

func shell() *door.Visit { return &door.Visit{Addr: "command line"} }

// TestDeviceEnds: whatever ends all sign-ins of an account ends its devices, but for the browser
// that has just changed the password.
func TestDeviceEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		end  func(t *testing.T, s *sitetest.Site, ada account.Developer, owner *browser) error
		own  bool // the browser that did it is still known
	}{
		{"nothing", func(*testing.T, *sitetest.Site, account.Developer, *browser) error { return nil }, true},
		{"a new password", func(_ *testing.T, _ *sitetest.Site, ada account.Developer, b *browser) error {
			_, err := b.change(ada.ID, door.DeveloperChange{
				Password: ptr(newPassword), CurrentPassword: sitetest.Password,
			})
			return err
		}, true},
		{"a password set on the command line", func(t *testing.T, s *sitetest.Site, ada account.Developer, _ *browser) error {
			_, err := s.Door.ResetPassword(t.Context(), shell(), ada.Email, newPassword)
			return err
		}, false},
		{"disabled and enabled", func(t *testing.T, s *sitetest.Site, ada account.Developer, _ *browser) error {
			admin := signedIn(t, s, s.Developer("Root", account.Admin))
			_, err := admin.change(ada.ID, door.DeveloperChange{Disabled: ptr(true)})
			if err == nil {
				_, err = admin.change(ada.ID, door.DeveloperChange{Disabled: ptr(false)})
			}
			return err
		}, false},
		{"time", func(_ *testing.T, s *sitetest.Site, _ account.Developer, _ *browser) error {
			s.Clock.Turn(account.DefaultGuessing().DeviceAge)
			return nil
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := sitetest.New(t)
			ada := s.Developer("Ada", account.Member)
			owner, phone := signedIn(t, s, ada), signedIn(t, s, ada)
			if err := c.end(t, s, ada, owner); err != nil {
				t.Fatal(err)
			}
			if got := known(t, s, owner, ada.Email); got != c.own {
				t.Errorf("the browser that did it: known %v, want %v", got, c.own)
			}
			if got := known(t, s, phone, ada.Email); got != (c.name == "nothing") {
				t.Errorf("the other one: known %v", got)
			}
		})
	}
}

// TestDeviceRows: what ends devices leaves no rows, nor does anything leave more than the most.
func TestDeviceRows(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, func(p *server.Parts) { p.Throttle = swept{p.Throttle} })
	ada, bob := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)
	rows := func(d account.Developer, want int) {
		t.Helper()
		list, err := s.DB.Devices().List(t.Context(), d.ID)
		if err != nil || len(list) != want {
			t.Errorf("%d devices of %s, want %d: %v", len(list), d.Name, want, err)
		}
	}
	most := account.DefaultGuessing().MostDevices
	first := signedIn(t, s, ada)
	for range most {
		s.Clock.Turn(time.Minute)
		signedIn(t, s, ada)
	}
	rows(ada, most)
	if known(t, s, first, ada.Email) {
		t.Error("the one unused for longest is known still")
	}
	signedIn(t, s, bob)
	s.Clock.Turn(24 * time.Hour)
	owner := signedIn(t, s, ada)
	change := door.DeveloperChange{Password: ptr(newPassword), CurrentPassword: sitetest.Password}
	if _, err := owner.change(ada.ID, change); err != nil {
		t.Fatal(err)
	}
	rows(ada, 1)
	if err := owner.remove(ada.ID); err != nil {
		t.Fatal(err)
	}
	rows(ada, 0)
	rows(bob, 1)
	sweep := func() {
		ctx, cancel := context.WithCancel(t.Context())
		s.Door.SweepCounters(context.WithValue(ctx, afterSweep{}, cancel), time.Hour)
	}
	sweep()
	rows(bob, 1)
	s.Clock.Turn(account.DefaultGuessing().DeviceAge)
	sweep()
	rows(bob, 0)
}

// TestDeviceGuesses: twenty device cookies are no twenty times as many guesses (P2).
func TestDeviceGuesses(t *testing.T) {
	t.Parallel()
	g := account.DefaultGuessing()
	for _, reset := range []bool{false, true} {
		s := sitetest.New(t)
		ada := s.Developer("Ada", account.Member)
		var cookies []string
		for range g.MostDevices {
			cookies = append(cookies, signedIn(t, s, ada).device)
		}
		want := g.MostDevices*g.Device.Free + g.Devices.Free + g.Account.Free
		if reset {
			if _, err := s.Door.ResetPassword(t.Context(), shell(), ada.Email, newPassword); err != nil {
				t.Fatal(err)
			}
			want = g.Account.Free
		}
		before := s.Parts.Passwords.Computed()
		for _, cookie := range cookies {
			b := newBrowser(t, s, "203.0.113.7")
			b.device = cookie
			for range 10 {
				_ = b.signIn(ada.Email, wrong)
			}
		}
		if n := int(s.Parts.Passwords.Computed() - before); n != want {
			t.Errorf("reset %v: %d guesses were judged, want %d", reset, n, want)
		}
	}
}

// TestDeviceSignsInAgain: the session that a device has lost or left ends when it signs in anew;
// those of other devices stay.
func TestDeviceSignsInAgain(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	owner, phone := signedIn(t, s, ada), signedIn(t, s, ada)
	stolen := *owner
	owner.jar = nil // as after the browser was closed
	for range 2 {
		if err := owner.signIn(ada.Email, sitetest.Password); err != nil {
			t.Fatal(err)
		}
	}
	if stolen.who() != "" {
		t.Error("the earlier session of the device lives on")
	}
	if owner.who() != "Ada" || phone.who() != "Ada" {
		t.Errorf("the device is signed in as %q, the other as %q", owner.who(), phone.who())
	}
}

// TestDeviceKeepsNobodyOut: a sign-in needs no row of a device.
func TestDeviceKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	var faults sitetest.Faults
	s := sitetest.New(t, faults.Wrap)
	ada := s.Developer("Ada", account.Member)
	faults.Only("devices.Keep", sitetest.Error)
	b := signedIn(t, s, ada)
	if b.device != "" || b.who() != "Ada" {
		t.Errorf("device %q, signed in as %q", b.device, b.who())
	}
}

// TestThiefOfASession: wrong proofs in a stolen session do not keep its owner, who signs in anew,
// from changing the password (P3).
func TestThiefOfASession(t *testing.T) {
	t.Parallel()
	g := account.DefaultGuessing()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	thief := signedIn(t, s, ada)
	change := door.DeveloperChange{Password: ptr(newPassword), CurrentPassword: wrong}
	s.Clock.Turn(g.Recent + time.Second)
	before := s.Parts.Passwords.Computed()
	for range 20 {
		_, _ = thief.change(ada.ID, change)
	}
	if n := int(s.Parts.Passwords.Computed() - before); n != g.Proofs.Free {
		t.Errorf("%d proofs were judged in an old session, want %d", n, g.Proofs.Free)
	}
	change.CurrentPassword = sitetest.Password
	old := signedIn(t, s, ada)
	if _, err := old.change(ada.ID, change); err != nil {
		t.Fatalf("the owner, who has just signed in: %v", err)
	}
	if thief.who() != "" {
		t.Error("the thief is signed in")
	}
}

// TestIncomplete: a form that is not filled in says so, and costs nothing (P25).
func TestIncomplete(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := newBrowser(t, s, "192.0.2.1")
	before := s.Parts.Passwords.Computed()
	for range 60 {
		for _, c := range []struct {
			email, password string
			fields          []string
		}{
			{"", "", []string{"email", "password"}},
			{" \t", wrong, []string{"email"}},
			{ada.Email, "", []string{"password"}},
		} {
			f := wantKind(t, b.signIn(c.email, c.password), fault.Invalid)
			if len(f.Fields) != len(c.fields) || f.Fields[0].Name != c.fields[0] {
				t.Fatalf("%q: fields %v, want %v", c.email, f.Fields, c.fields)
			}
		}
	}
	if n := s.Parts.Passwords.Computed() - before; n != 0 {
		t.Errorf("%d hashes were computed", n)
	}
	if err := b.signIn(ada.Email, sitetest.Password); err != nil {
		t.Error(err)
	}
}

// TestDeviceKeys: a device stays known over a change of keys, by a cookie that the newest key has
// signed once it has signed in.
func TestDeviceKeys(t *testing.T) {
	t.Parallel()
	const newest = "another secret, of thirty-two bytes"
	dir, cookie := t.TempDir(), ""
	for i, secrets := range [][]string{{sitetest.Secret}, {newest, sitetest.Secret}, {newest}} {
		s := sitetest.Open(t, dir, func(p *server.Parts) {
			var all [][]byte
			for _, secret := range secrets {
				all = append(all, []byte(secret))
			}
			keys, err := session.NewKeyRing(all...)
			if err != nil {
				t.Fatal(err)
			}
			p.Keys = keys
		})
		b := newBrowser(t, s, "192.0.2.1")
		if b.device = cookie; i == 0 {
			s.Developer("Ada", account.Member)
		} else if !known(t, s, b, "ada@example.org") {
			t.Errorf("with keys %d the device is not known", i)
		}
		if err := b.signIn("ada@example.org", sitetest.Password); err != nil {
			t.Fatal(err)
		}
		cookie = b.device
	}
}
