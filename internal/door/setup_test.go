package door_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/sitetest"
)

func (b *browser) setUp(token string, in account.Registration) (err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) { b.device, err = b.site.Door.CompleteSetup(ctx, v, token, in) })
	return err
}

func openSetup(t *testing.T, s *sitetest.Site) string {
	t.Helper()
	token, err := s.Door.OpenSetup(t.Context())
	if err != nil || len(token) < 22 {
		t.Fatalf("setup token %q, %v", token, err)
	}
	return token
}

func TestSetup(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	b := newBrowser(t, s, "192.0.2.1")
	token := openSetup(t, s)
	s.Developer("Taken", account.Member)

	// What breaks a rule leaves the link as it was.
	wantKind(t, b.setUp(token, account.Registration{Name: "Root", Email: "root@example.org", Password: "short"}), fault.Invalid)
	taken := newcomer("Root")
	taken.Email = "taken@example.org"
	wantKind(t, b.setUp(token, taken), fault.Invalid)
	if err := s.Door.CheckSetup(t.Context(), token); err != nil {
		t.Fatalf("the link is gone: %v", err)
	}
	if err := b.setUp(token, newcomer("Root")); err != nil {
		t.Fatal(err)
	}
	if b.who() != "Root" || b.device == "" {
		t.Errorf("signed in is %q, on the device %q", b.who(), b.device)
	}
	root, err := s.DB.Accounts().ByEmail(t.Context(), "root@example.org")
	if err != nil || root.Role != account.Admin {
		t.Fatalf("%+v, %v", root, err)
	}
	wantActivity(t, s, book.ActionSetup, "", root.ID)

	// The same form once more, of a browser that has not seen the first answer: it is in as well.
	again := newBrowser(t, s, "192.0.2.1")
	if err := again.setUp(token, newcomer("Root")); err != nil || again.who() != "Root" {
		t.Errorf("sent twice: %v, signed in is %q", err, again.who())
	}

	b = newBrowser(t, s, "192.0.2.1")
	wantKind(t, b.setUp(token, newcomer("Second")), fault.NotFound)
	if b.who() != "" {
		t.Errorf("signed in is %q", b.who())
	}
	wantActivity(t, s, book.ActionSetupRefused, "", "")
	if token, err := s.Door.OpenSetup(t.Context()); token != "" || err != nil {
		t.Errorf("with an admin there: token %q, %v", token, err)
	}
}

// TestSetupOver: a link that is invented, replaced or too old makes nobody an admin. It costs what a
// sign-in does, and counts as one.
func TestSetupOver(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	b := newBrowser(t, s, "192.0.2.1")
	first := openSetup(t, s)
	second := openSetup(t, s)
	for _, token := range []string{"", "invented", first, second + "x", second[1:]} {
		wantKind(t, s.Door.CheckSetup(t.Context(), token), fault.NotFound)
		wantKind(t, b.setUp(token, newcomer("Root")), fault.NotFound)
	}
	s.Clock.Turn(door.SetupTime)
	wantKind(t, b.setUp(second, newcomer("Root")), fault.NotFound)
	if n, entered := s.Parts.Passwords.Computed(), len(s.Activities(book.ActionSignInFailed)); n != 6 || entered != 6 {
		t.Errorf("%d hashes, %d attempts are entered", n, entered)
	}
	if has, err := s.DB.Accounts().HasAdmin(t.Context()); has || err != nil {
		t.Errorf("an admin: %v, %v", has, err)
	}
}

// TestSetupParallel: two people cannot both use one link.
func TestSetupParallel(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	token := openSetup(t, s)
	var made atomic.Int32
	var all sync.WaitGroup
	for i := range 12 {
		b, in := newBrowser(t, s, "192.0.2.1"), newcomer(fmt.Sprintf("root%d", i))
		all.Go(func() {
			switch err := b.setUp(token, in); {
			case err == nil:
				made.Add(1)
			case !fault.Is(err, fault.NotFound):
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

// TestSetupKept: a stolen database does not open the setup page.
func TestSetupKept(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	token := openSetup(t, s)
	var kept string
	if err := s.DB.Main.Read.QueryRow(`SELECT hex(token_hash) FROM setup`).Scan(&kept); err != nil {
		t.Fatal(err)
	}
	if len(kept) < 32 || kept == fmt.Sprintf("%X", token) {
		t.Errorf("kept as %q", kept)
	}
}
