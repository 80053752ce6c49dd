package door_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// newcomer is a registration that breaks no rule.
func newcomer(name string) account.Registration {
	return account.Registration{
		Name: name, Skills: []string{"go, sql"}, Email: name + "@example.org",
		Password: sitetest.Password, ConfirmPassword: sitetest.Password,
	}
}

func (b *browser) register(in account.Registration) (err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) { b.device, err = b.site.Door.Register(ctx, v, in) })
	return err
}

func TestRegister(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	b := newBrowser(t, s, "192.0.2.1")
	if err := b.register(newcomer("Eve")); err != nil {
		t.Fatal(err)
	}
	if b.who() != "Eve" || b.device == "" {
		t.Errorf("signed in is %q, on the device %q", b.who(), b.device)
	}
	dev, err := s.DB.Accounts().ByEmail(t.Context(), "eve@example.org")
	if err != nil {
		t.Fatal(err)
	}
	now := s.Clock.Now()
	want := account.Developer{
		ID: dev.ID, Name: "Eve", Email: "Eve@example.org", EmailKey: "eve@example.org", Skills: []string{"go", "sql"},
		PasswordHash: dev.PasswordHash, Role: account.Member, CreatedAt: now, UpdatedAt: now,
	}
	if diff := cmp.Diff(want, dev); diff != "" {
		t.Errorf("the account (-want +got):\n%s", diff)
	}
	wantActivity(t, s, book.ActionRegister, "", dev.ID)
	if err := b.signIn("eve@example.org", sitetest.Password); err != nil {
		t.Errorf("sign-in: %v", err)
	}
}

func TestRegisterTaken(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Admin)
	b := newBrowser(t, s, "192.0.2.1")
	in := newcomer("Mallory")
	in.Email, in.Password, in.ConfirmPassword = " ADA@EXAMPLE.ORG ", wrong, wrong
	before := s.Parts.Passwords.Computed()
	f := wantKind(t, b.register(in), fault.Invalid)
	if len(f.Fields) != 1 || f.Fields[0].Name != "email" {
		t.Errorf("fields %v", f.Fields)
	}
	if n := s.Parts.Passwords.Computed() - before; n != 2 || b.who() != "" {
		t.Errorf("%d hashes, signed in is %q", n, b.who())
	}
	wantActivity(t, s, book.ActionRegisterRefused, "", "")
	wantActivity(t, s, book.ActionSignInFailed, "", ada.ID)
	if now, err := s.DB.Accounts().ByID(t.Context(), ada.ID); err != nil || now.PasswordHash != ada.PasswordHash || now.Name != "Ada" {
		t.Errorf("the account that was there: %+v, %v", now, err)
	}
}

// TestRegisterBroken: what breaks a rule costs no hash and no attempt.
func TestRegisterBroken(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	b := newBrowser(t, s, "192.0.2.1")
	for range account.DefaultGuessing().Registration.Free + 5 {
		f := wantKind(t, b.register(account.Registration{Email: "x", Password: "short", ConfirmPassword: "other"}), fault.Invalid)
		var names []string
		for _, field := range f.Fields {
			names = append(names, field.Name)
		}
		if diff := cmp.Diff([]string{"name", "email", "password", "confirm_password"}, names); diff != "" {
			t.Fatalf("fields (-want +got):\n%s", diff)
		}
	}
	if n := s.Parts.Passwords.Computed(); n != 0 {
		t.Errorf("%d hashes", n)
	}
	if err := b.register(newcomer("Eve")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestRegisterThrottled(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	b := newBrowser(t, s, "192.0.2.1")
	for i := range account.DefaultGuessing().Registration.Free {
		if err := newBrowser(t, s, b.addr).register(newcomer(fmt.Sprintf("eve%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	f := wantKind(t, b.register(newcomer("one.more")), fault.Throttled)
	e := wantActivity(t, s, book.ActionRegisterRefused, "", "")
	if e.Text == "" || len(s.Activities(book.ActionSignInThrottled)) > 0 {
		t.Error("a throttled registration is not told from other refusals")
	}
	b.addr = "192.0.2.2"
	if err := b.register(newcomer("from.elsewhere")); err != nil {
		t.Errorf("from another address: %v", err)
	}
	b.addr = "192.0.2.1"
	s.Clock.Turn(f.RetryAfter)
	if err := b.register(newcomer("one.more")); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

func TestRegistrationClosed(t *testing.T) {
	t.Parallel()
	for _, setting := range []door.Registration{door.Closed, door.Invite, "nonsense"} {
		s := sitetest.New(t, func(p *server.Parts) { p.Registration.Mode = setting })
		b := newBrowser(t, s, "192.0.2.1")
		wantKind(t, b.register(newcomer("Eve")), fault.Forbidden)
		wantActivity(t, s, book.ActionRegisterRefused, "", "")
		if n := s.Parts.Passwords.Computed(); n != 0 {
			t.Errorf("%d hashes", n)
		}
		if list, err := s.DB.Accounts().List(t.Context(), "", 10); err != nil || len(list) > 0 {
			t.Errorf("%q: %v, %v", setting, list, err)
		}
		// The command line and admins still can.
		if _, err := s.Door.AddDeveloper(t.Context(), door.Program(), newcomer("Eve"), account.Member, ""); err != nil {
			t.Error(err)
		}
	}
}

// TestRegisterParallel: of many who want one address, in whatever spelling, one gets it.
func TestRegisterParallel(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	var made atomic.Int32
	var all sync.WaitGroup
	for i := range 24 {
		in := newcomer("Eve")
		in.Email = []string{"eve@example.org", "EVE@example.org", " eve@EXAMPLE.org"}[i%3]
		in.Password = fmt.Sprintf("%d %s", i, in.Password)
		in.ConfirmPassword = in.Password
		b := newBrowser(t, s, fmt.Sprintf("198.51.100.%d", i))
		all.Go(func() {
			switch err := b.register(in); {
			case err == nil:
				made.Add(1)
			case !fault.Is(err, fault.Invalid):
				t.Error(err)
			}
		})
	}
	all.Wait()
	list, err := s.DB.Accounts().List(t.Context(), "", 100)
	if err != nil || len(list) != 1 || made.Load() != 1 {
		t.Errorf("%d accounts, %d were told so, %v", len(list), made.Load(), err)
	}
}

// TestRegisterTwice: a form that is sent twice, at once or one after the other, makes one account, and
// whichever answer the browser shows, its owner is in.
func TestRegisterTwice(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	var all sync.WaitGroup
	for range 2 {
		b := newBrowser(t, s, "192.0.2.1")
		all.Go(func() {
			if err := b.register(newcomer("Eve")); err != nil || b.who() != "Eve" {
				t.Errorf("%v, signed in is %q", err, b.who())
			}
		})
	}
	all.Wait()
	list, err := s.DB.Accounts().List(t.Context(), "", 100)
	if err != nil || len(list) != 1 {
		t.Errorf("%d accounts, %v", len(list), err)
	}
}

// TestLookalikes: an address that somebody could fold into Ada's is refused, or is an account of
// its own.
func TestLookalikes(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	s.Developer("Ada", account.Admin)
	for i, email := range []string{
		"ad\u0430@example.org", "ada\u200b@example.org", "ada\uff20example.org", "ada@example.org.", "ada@@example.org",
		`"ada"@example.org`, "ada@example.org\x00", "ada@example.org\n", "a\u0308da@example.org", "<ada@example.org>", "ada+x@example.org",
	} {
		in := newcomer(fmt.Sprintf("Eve%d", i))
		in.Email, in.Password, in.ConfirmPassword = email, newPassword, newPassword
		b := newBrowser(t, s, fmt.Sprintf("198.51.100.%d", i))
		if err := b.register(in); err != nil {
			wantKind(t, err, fault.Invalid)
			continue
		}
		if err := b.signIn(email, newPassword); err != nil || b.who() == "Ada" {
			t.Errorf("%q: %v, signed in as %q", email, err, b.who())
		}
	}
}
