package door_test

import (
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/sitetest"
)

const newPassword = "quiet heron walks at noon"

// TestChangePassword: it takes the current one (ASVS 6.2.3), ends all other sessions (7.4.3) and
// gives this one a new key.
func TestChangePassword(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b, phone, laptop := signedIn(t, s, ada), signedIn(t, s, ada), signedIn(t, s, ada)

	for _, current := range []string{wrong, newPassword} {
		before := s.Parts.Passwords.Computed()
		_, err := b.change(ada.ID, door.DeveloperChange{Password: ptr(newPassword), CurrentPassword: current})
		f := wantKind(t, err, fault.Invalid)
		if len(f.Fields) != 1 || f.Fields[0].Name != "current_password" {
			t.Errorf("fields %v", f.Fields)
		}
		if n := s.Parts.Passwords.Computed() - before; n != 1 {
			t.Errorf("%d hashes", n)
		}
		wantActivity(t, s, book.ActionPasswordChangeFailed, ada.ID, ada.ID)
	}
	// What was not filled in is no attempt.
	before := s.Parts.Passwords.Computed()
	_, err := b.change(ada.ID, door.DeveloperChange{Password: ptr(newPassword)})
	if f := wantKind(t, err, fault.Invalid); f.Fields[0].Name != "current_password" || s.Parts.Passwords.Computed() != before {
		t.Errorf("without one: fields %v, %d hashes", f.Fields, s.Parts.Passwords.Computed()-before)
	}
	// A new one that breaks a rule is refused before the current one is looked at.
	_, err = b.change(ada.ID, door.DeveloperChange{Password: ptr("short"), CurrentPassword: wrong})
	if f := wantKind(t, err, fault.Invalid); f.Fields[0].Name != "password" {
		t.Errorf("fields %v", f.Fields)
	}
	if phone.who() != "Ada" {
		t.Error("a refused change has ended a session")
	}

	old := *b
	if _, err := b.change(ada.ID, door.DeveloperChange{Password: ptr(newPassword), CurrentPassword: sitetest.Password}); err != nil {
		t.Fatal(err)
	}
	wantActivity(t, s, book.ActionPasswordChanged, ada.ID, ada.ID)
	wantActivity(t, s, book.ActionSessionEnded, ada.ID, ada.ID)
	if b.who() != "Ada" || old.who() != "" || phone.who() != "" || laptop.who() != "" {
		t.Errorf("this session %q, its old key %q, the phone %q, the laptop %q", b.who(), old.who(), phone.who(), laptop.who())
	}
	phone.device = ""
	wantKind(t, phone.signIn(ada.Email, sitetest.Password), fault.Invalid)
	if err := phone.signIn(ada.Email, newPassword); err != nil {
		t.Error(err)
	}
}

// TestProveThrottled: with a session alone nobody guesses the password on, and strangers' guesses
// at the account keep nobody from changing it.
func TestProveThrottled(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := signedIn(t, s, ada)
	blocked(t, s, ada.Email, "198.51.100.1")
	in := door.DeveloperChange{Email: ptr(" ada.new@example.org\r\n"), CurrentPassword: sitetest.Password}
	now, err := b.change(ada.ID, in)
	if err != nil {
		t.Fatalf("a stranger keeps the owner from a change: %v", err)
	}
	if now.Email != "ada.new@example.org" {
		t.Errorf("the address is kept as %q", now.Email)
	}
	wantKind(t, newBrowser(t, s, "198.51.100.2").signIn(ada.Email, wrong), fault.Throttled) // not forgiven by that

	in = door.DeveloperChange{Email: ptr("ada.newer@example.org"), CurrentPassword: wrong}
	before := s.Parts.Passwords.Computed()
	free := account.DefaultGuessing().Session.Free + account.DefaultGuessing().Proofs.Free
	for range free {
		_, err := b.change(ada.ID, in)
		wantKind(t, err, fault.Invalid)
	}
	in.CurrentPassword = sitetest.Password
	_, err = b.change(ada.ID, in)
	wantKind(t, err, fault.Throttled)
	if n := s.Parts.Passwords.Computed() - before; int(n) != free {
		t.Errorf("%d guesses were evaluated", n)
	}
}

// TestResetPassword is the command line's way: it needs no current password and leaves nobody
// signed in.
func TestResetPassword(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := signedIn(t, s, ada)
	if _, err := s.Door.ResetPassword(t.Context(), shell(), "ADA@example.org", newPassword); err != nil {
		t.Fatal(err)
	}
	if e := s.Activities(book.ActionPasswordChanged); len(e) != 1 || e[0].Target != ada.ID || e[0].ClientAddr != book.CommandLine {
		t.Errorf("entries %+v", e)
	}
	if b.who() != "" {
		t.Error("a session lives on")
	}
	if err := b.signIn(ada.Email, newPassword); err != nil {
		t.Error(err)
	}
	for email, kind := range map[string]fault.Kind{"nobody@example.org": fault.NotFound, "nonsense": fault.Invalid} {
		if _, err := s.Door.ResetPassword(t.Context(), shell(), email, newPassword); !fault.Is(err, kind) {
			t.Errorf("%s: %v", email, err)
		}
	}
	if _, err := s.Door.ResetPassword(t.Context(), shell(), ada.Email, "short"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a short one: %v", err)
	}
}

// TestChangePasswordOutage: once the password is changed the other sessions are worth nothing, also
// when they could not be ended.
func TestChangePasswordOutage(t *testing.T) {
	t.Parallel()
	var faults sitetest.Faults
	s := sitetest.New(t, faults.Wrap)
	ada := s.Developer("Ada", account.Member)
	b, phone := signedIn(t, s, ada), signedIn(t, s, ada)
	faults.Only("sessions.BySubject", sitetest.Error)
	_, err := b.change(ada.ID, door.DeveloperChange{Password: ptr(newPassword), CurrentPassword: sitetest.Password})
	wantKind(t, err, fault.Busy)
	faults.Only("", "")
	if who := phone.who(); who != "" {
		t.Errorf("the phone is still signed in as %q", who)
	}
	wantKind(t, newBrowser(t, s, "192.0.2.1").signIn(ada.Email, sitetest.Password), fault.Invalid)
}
