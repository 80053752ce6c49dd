package door_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// close closes the account of this browser's user, on a route that takes so recent a sign-in.
func (b *browser) close(password string, fresh time.Duration) (err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) {
		v.Fresh = fresh
		err = b.site.Door.CloseAccount(ctx, v, v.Developer.ID, password)
	})
	return err
}

// TestShortName: unique, in one form, and taken only by who proves the password; what one has is no
// change.
func TestShortName(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, bob := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)
	b, other := signedIn(t, s, ada), signedIn(t, s, bob)
	old := *b
	got, err := b.change(ada.ID, door.DeveloperChange{ShortName: ptr(" Ada.L "), CurrentPassword: sitetest.Password})
	if err != nil || got.ShortName != "ada.l" {
		t.Fatalf("%q, %v", got.ShortName, err)
	}
	if e := wantActivity(t, s, book.ActionShortNameChanged, ada.ID, ada.ID); e.Text != "none → ada.l" {
		t.Errorf("entered as %q", e.Text)
	}
	if b.who() != "Ada" || old.who() != "" {
		t.Error("the key of the session is the one of before")
	}
	for name, password := range map[string]string{"ada.l": sitetest.Password, "ADA.L": sitetest.Password, "a@b": sitetest.Password, "bob": ""} {
		_, err := other.change(bob.ID, door.DeveloperChange{ShortName: ptr(name), CurrentPassword: password})
		want := map[bool]string{true: "short_name", false: "current_password"}[password != ""]
		if f := wantKind(t, err, fault.Invalid); len(f.Fields) != 1 || f.Fields[0].Name != want {
			t.Errorf("%q: fields %v", name, f.Fields)
		}
	}
	// A form sends all that the account has; that is no change and takes no proof.
	got, err = b.change(ada.ID, door.DeveloperChange{Name: ptr("Ada L."), Email: ptr(ada.Email + " "), ShortName: ptr("ADA.l")})
	if err != nil || got.Name != "Ada L." || got.ShortName != "ada.l" || got.Email != ada.Email {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err = b.change(ada.ID, door.DeveloperChange{ShortName: ptr(""), CurrentPassword: sitetest.Password}); err != nil || got.ShortName != "" {
		t.Errorf("%q, %v", got.ShortName, err)
	}
	if _, err := other.change(bob.ID, door.DeveloperChange{ShortName: ptr("ada.l"), CurrentPassword: sitetest.Password}); err != nil {
		t.Errorf("a name that is free again: %v", err)
	}
}

// TestShortNameThrottled: whether a name is taken shows, as with addresses, in one count with them.
func TestShortNameThrottled(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, bob := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)
	b, other := signedIn(t, s, ada), signedIn(t, s, bob)
	if _, err := other.change(bob.ID, door.DeveloperChange{ShortName: ptr("bob"), CurrentPassword: sitetest.Password}); err != nil {
		t.Fatal(err)
	}
	for i := range account.DefaultGuessing().AddressChange.Free {
		in := door.DeveloperChange{ShortName: ptr("bob"), CurrentPassword: sitetest.Password}
		if i == 0 {
			in = door.DeveloperChange{Email: ptr("new@example.org"), CurrentPassword: sitetest.Password}
		}
		if _, err := b.change(ada.ID, in); fault.Is(err, fault.Throttled) {
			t.Fatalf("attempt %d: %v", i, err)
		}
	}
	_, err := b.change(ada.ID, door.DeveloperChange{ShortName: ptr("carol"), CurrentPassword: sitetest.Password})
	wantKind(t, err, fault.Throttled)
}

// TestOneAddressForTwo: of two who change to one address at once, one has it.
func TestOneAddressForTwo(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	people := []account.Developer{s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)}
	for _, in := range []door.DeveloperChange{{Email: ptr("one@example.org")}, {ShortName: ptr("one")}} {
		in.CurrentPassword = sitetest.Password
		var wg sync.WaitGroup
		errs := make([]error, len(people))
		for i, d := range people {
			b := signedIn(t, s, d)
			if p, err := s.DB.Accounts().ByID(t.Context(), d.ID); err == nil {
				people[i] = p
			}
			wg.Go(func() { _, errs[i] = b.change(d.ID, in) })
		}
		wg.Wait()
		if n := len(slices.DeleteFunc(slices.Clone(errs), func(err error) bool { return err != nil })); n != 1 {
			t.Errorf("%d have it: %v", n, errs)
		}
		if !slices.ContainsFunc(errs, func(err error) bool { return fault.Is(err, fault.Invalid) }) {
			t.Errorf("the other is told %v", errs)
		}
		for _, d := range people { // each signs in by the address that they have
			now, err := s.DB.Accounts().ByID(t.Context(), d.ID)
			if err != nil {
				t.Fatal(err)
			}
			if now.Email != d.Email {
				if _, err := signedIn(t, s, now).change(d.ID, door.DeveloperChange{Email: ptr(d.Email), CurrentPassword: sitetest.Password}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// TestPasswordTellsHowMany: the others end, and how many they were is told.
func TestPasswordTellsHowMany(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	here, phone, laptop := signedIn(t, s, ada), signedIn(t, s, ada), signedIn(t, s, ada)
	change := func(current string) (n int, err error) {
		here.visit(func(ctx context.Context, v *door.Visit) { n, err = s.Door.ChangePassword(ctx, v, newPassword, current) })
		return n, err
	}
	_, err := change(wrong)
	wantKind(t, err, fault.Invalid)
	if n, err := change(sitetest.Password); err != nil || n != 2 {
		t.Errorf("%d ended: %v", n, err)
	}
	if here.who() != "Ada" || phone.who()+laptop.who() != "" {
		t.Errorf("signed in: %q, %q, %q", here.who(), phone.who(), laptop.who())
	}
}

// TestCloseAccount: signed out everywhere; the entries stay; a session alone is not enough.
func TestCloseAccount(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, bob := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member)
	b, phone := signedIn(t, s, ada), signedIn(t, s, ada)
	entered := len(s.Activities(book.ActionSignIn))
	for _, password := range []string{"", wrong} {
		f := wantKind(t, b.close(password, -1), fault.Invalid)
		if len(f.Fields) != 1 || f.Fields[0].Name != "current_password" {
			t.Errorf("fields %v", f.Fields)
		}
	}
	s.Clock.Turn(11 * time.Minute)
	wantKind(t, b.close("", 10*time.Minute), fault.Invalid)
	b.visit(func(ctx context.Context, v *door.Visit) {
		v.Fresh = -1
		wantKind(t, s.Door.CloseAccount(ctx, v, bob.ID, sitetest.Password), fault.Forbidden)
	})
	if phone.who() != "Ada" {
		t.Fatal("a refused closing has ended a session")
	}
	if err := b.close(sitetest.Password, -1); err != nil {
		t.Fatal(err)
	}
	wantActivity(t, s, book.ActionDeveloperDeleted, ada.ID, ada.ID)
	if b.who()+phone.who() != "" {
		t.Error("still signed in")
	}
	if n := len(s.Activities(book.ActionSignIn)); n != entered {
		t.Errorf("%d entries of sign-ins, %d before", n, entered)
	}
	// A stranger cannot tell it from an account that never was.
	gone := newBrowser(t, s, "198.51.100.1").signIn(ada.Email, sitetest.Password)
	never := newBrowser(t, s, "198.51.100.2").signIn("never@example.org", sitetest.Password)
	if gone == nil || never == nil || gone.Error() != never.Error() {
		t.Errorf("told %v, and of nobody %v", gone, never)
	}
}

// TestCloseThrottled: a wrong password at closing counts as any other proof.
func TestCloseThrottled(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := signedIn(t, s, ada)
	free := account.DefaultGuessing().Session.Free + account.DefaultGuessing().Proofs.Free
	for range free {
		wantKind(t, b.close(wrong, -1), fault.Invalid)
	}
	wantKind(t, b.close(sitetest.Password, -1), fault.Throttled)
	_, err := b.change(ada.ID, door.DeveloperChange{Password: ptr(newPassword), CurrentPassword: sitetest.Password})
	wantKind(t, err, fault.Throttled)
}

// TestLastAdminCloses: refused with the reason; of two at once one stays.
func TestLastAdminCloses(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root := s.Developer("Root", account.Admin)
	alone := signedIn(t, s, root)
	f := wantKind(t, alone.close(sitetest.Password, -1), fault.Conflict)
	if !strings.Contains(f.Public, "last administrator") || alone.who() != "Root" {
		t.Errorf("told %q; signed in: %q", f.Public, alone.who())
	}
	deputy := signedIn(t, s, s.Developer("Deputy", account.Admin))
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, b := range []*browser{alone, deputy} {
		wg.Go(func() { errs[i] = b.close(sitetest.Password, -1) })
	}
	wg.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Errorf("both closed, or none: %v", errs)
	}
}

// TestOwnData: profile, sessions, devices, and one's own entries alone, an admin's too.
func TestOwnData(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root, ada := s.Developer("Root", account.Admin), s.Developer("Ada", account.Member)
	b, phone := signedIn(t, s, root), signedIn(t, s, root)
	signedIn(t, s, ada)
	for range door.MaxPage + 10 {
		request(t, s, root.ID)
		request(t, s, ada.ID)
	}
	var data door.OwnData
	take := func(password string) (err error) {
		b.visit(func(ctx context.Context, v *door.Visit) {
			v.Fresh = 10 * time.Minute
			data, err = s.Door.OwnData(ctx, v, password)
		})
		return err
	}
	if err := take(""); err != nil {
		t.Fatal(err)
	}
	if data.Profile.ID != root.ID || len(data.Sessions.Live) != 2 || len(data.Devices) != 2 {
		t.Errorf("%+v", data)
	}
	wantActivity(t, s, book.ActionDataTaken, root.ID, root.ID)
	n, before := 0, ""
	for {
		var list []book.Entry
		var err error
		b.visit(func(ctx context.Context, v *door.Visit) { list, before, err = s.Door.OwnEntries(ctx, v, before) })
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if n++; e.User != root.ID {
				t.Fatalf("an entry of %q", e.User)
			}
		}
		if before == "" {
			break
		}
	}
	if n < door.MaxPage+10 {
		t.Errorf("%d entries", n)
	}
	s.Clock.Turn(11 * time.Minute)
	wantKind(t, take(""), fault.Invalid)
	wantKind(t, take(wrong), fault.Invalid)
	if err := take(sitetest.Password); err != nil {
		t.Error(err)
	}
	if phone.who() != "Root" {
		t.Error("the phone is signed out")
	}
}
