package door_test

import (
	"context"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

func unfixed(p *server.Parts) { p.Registration = account.Fixed{} }

func (b *browser) decide(in door.JoiningChange) (err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) { _, err = b.site.Door.SetJoining(ctx, v, in) })
	return err
}

// TestJoining: what an admin decides holds at the next registration, and is in the book.
func TestJoining(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, unfixed)
	root, bob := s.Developer("Root", account.Admin), s.Developer("Bob", account.Member)
	admin, stranger := signedIn(t, s, root), newBrowser(t, s, "203.0.113.7")
	if err := stranger.register(newcomer("First")); err != nil {
		t.Errorf("at first: %v", err)
	}
	wantKind(t, signedIn(t, s, bob).decide(door.JoiningChange{Mode: ptr(door.Closed)}), fault.Forbidden)
	for _, mode := range []account.Mode{door.Closed, door.Invite} {
		if err := admin.decide(door.JoiningChange{Mode: &mode}); err != nil {
			t.Fatal(err)
		}
		wantKind(t, newBrowser(t, s, "203.0.113.7").register(newcomer("Second")), fault.Forbidden)
	}
	if e := wantActivity(t, s, book.ActionRegistrationChanged, root.ID, ""); e.Text != "closed → invite" {
		t.Errorf("entered %q", e.Text)
	}
	if err := admin.decide(door.JoiningChange{Mode: ptr(door.Open), Domains: &[]string{"Example.com, example.net"}}); err != nil {
		t.Fatal(err)
	}
	f := wantKind(t, newBrowser(t, s, "203.0.113.7").register(newcomer("Second")), fault.Invalid)
	if len(f.Fields) != 1 || f.Fields[0].Name != "email" || !strings.Contains(f.Public, "example.com or example.net") {
		t.Errorf("told %+v", f)
	}
	in := newcomer("Second")
	in.Email = "second@EXAMPLE.net"
	if err := newBrowser(t, s, "203.0.113.7").register(in); err != nil {
		t.Error(err)
	}
	f = wantKind(t, admin.decide(door.JoiningChange{Mode: ptr(account.Mode("king")), Domains: &[]string{"no domain"}}), fault.Invalid)
	if len(f.Fields) != 2 {
		t.Errorf("told %+v", f.Fields)
	}
}

// TestJoiningFixed: what was decided at the start is nobody's to change; the rest is.
func TestJoiningFixed(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t, func(p *server.Parts) { p.Registration = account.Fixed{Mode: door.Closed} })
	admin := signedIn(t, s, s.Developer("Root", account.Admin))
	wantKind(t, admin.decide(door.JoiningChange{Mode: ptr(door.Open)}), fault.Conflict)
	if err := admin.decide(door.JoiningChange{Approval: ptr(true)}); err != nil {
		t.Error(err)
	}
	j, err := s.Door.Joining(t.Context())
	if err != nil || j.Mode != door.Closed || !j.Approval {
		t.Errorf("%+v %v", j, err)
	}
}

// TestRegisterWaits: with approval nobody is signed in before it, also not by a form that is sent
// twice.
func TestRegisterWaits(t *testing.T) {
	t.Parallel()
	yes := true
	s := sitetest.New(t, func(p *server.Parts) { p.Registration.Approval = &yes })
	b := newBrowser(t, s, "203.0.113.7")
	if err := b.register(newcomer("Eve")); err != nil || b.who() != "" || b.device != "" {
		t.Errorf("%v, signed in as %q", err, b.who())
	}
	dev, err := s.DB.Accounts().ByEmail(t.Context(), "eve@example.org")
	if err != nil || dev.State != account.Waiting {
		t.Fatalf("%+v %v", dev, err)
	}
	if e := wantActivity(t, s, book.ActionRegister, "", dev.ID); e.Text != "waits for approval" {
		t.Errorf("entered %q", e.Text)
	}
	if f := wantKind(t, b.register(newcomer("Eve")), fault.Invalid); !strings.Contains(f.Public, "waits for") || b.who() != "" {
		t.Errorf("sent twice: %q", f.Public)
	}
	other := newcomer("Eve")
	other.Password, other.ConfirmPassword = another, ""
	if f := wantKind(t, b.register(other), fault.Invalid); strings.Contains(f.Public, "waits for") {
		t.Errorf("somebody else is told %q", f.Public)
	}
}
