package door_test

import (
	"context"
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

const another = "marble fox dances at noon"

// linkFor lets an admin make a link for a new password.
func (b *browser) linkFor(target string) (l door.NewLink, err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) { l, err = b.site.Door.NewPasswordLink(ctx, v, target, "") })
	return l, err
}

func (b *browser) invite(in door.Invitation) (l door.NewLink, err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) { l, err = b.site.Door.Invite(ctx, v, in) })
	return l, err
}

func (b *browser) use(token string, in account.Registration) (used door.LinkUsed, err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) { used, err = b.site.Door.UseLink(ctx, v, token, in) })
	return used, err
}

// TestPasswordLink: a link is good once, for half an hour, by looking at it any number of times; it
// ends all sessions and the old password. Nobody else knows the new one.
func TestPasswordLink(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root, bob := s.Developer("Root", account.Admin), s.Developer("Bob", account.Member)
	admin, old := signedIn(t, s, root), signedIn(t, s, bob)
	l, err := admin.linkFor(bob.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantActivity(t, s, book.ActionLinkMade, root.ID, bob.ID)
	for range 3 {
		if of, err := s.Door.Link(t.Context(), l.Token); err != nil || of.Email != bob.Email || of.Invitation {
			t.Fatalf("looked at: %+v %v", of, err)
		}
	}
	if old.who() != "Bob" {
		t.Fatal("looking at a link, or making it, ended a session")
	}
	new := newBrowser(t, s, "192.0.2.77")
	_, err = new.use(l.Token, account.Registration{Password: "short"})
	if f := wantKind(t, err, fault.Invalid); f.Fields[0].Name != "password" {
		t.Errorf("a short password: %+v", f.Fields)
	}
	used, err := new.use(l.Token, account.Registration{Password: another})
	if err != nil || used.Ended != 1 || used.Invitation || new.who() != "" {
		t.Fatalf("used: %+v %v, signed in as %q", used, err, new.who())
	}
	if old.who() != "" {
		t.Error("the old session goes on")
	}
	wantActivity(t, s, book.ActionLinkUsed, "", bob.ID)
	wantKind(t, new.signIn(bob.Email, sitetest.Password), fault.Invalid)
	if err := new.signIn(bob.Email, another); err != nil {
		t.Fatal(err)
	}
	_, err = newBrowser(t, s, "192.0.2.78").use(l.Token, account.Registration{Password: sitetest.Password})
	wantKind(t, err, fault.NotFound)
	wantActivity(t, s, book.ActionLinkRefused, "", "")
	for _, e := range s.Entries("") {
		if strings.Contains(e.Text+e.URL+e.Body, l.Token) {
			t.Errorf("the token is in the book: %+v", e)
		}
	}
}

// TestLinkOver: what is late, replaced, withdrawn, of an account that is disabled or gone, or no
// token of ours is answered alike; the last costs no look at the databases.
func TestLinkOver(t *testing.T) {
	t.Parallel()
	faults := &sitetest.Faults{}
	s := sitetest.New(t, faults.Wrap)
	root := s.Developer("Root", account.Admin)
	admin := signedIn(t, s, root)
	for name, spoil := range map[string]func(t *testing.T, bob account.Developer){
		"late":     func(*testing.T, account.Developer) { s.Clock.Turn(door.PasswordLinkTime) },
		"replaced": func(t *testing.T, bob account.Developer) { mustLink(t, admin, bob) },
		"disabled": func(t *testing.T, bob account.Developer) { mustChange(t, admin, bob, true) },
		"enabled again": func(t *testing.T, bob account.Developer) {
			mustChange(t, admin, bob, true)
			mustChange(t, admin, bob, false)
		},
		"deleted": func(t *testing.T, bob account.Developer) {
			if err := admin.remove(bob.ID); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			admin = signedIn(t, s, root)
			bob := s.Developer("Bob "+name, account.Member)
			token := mustLink(t, admin, bob)
			spoil(t, bob)
			_, err := s.Door.Link(t.Context(), token)
			f := wantKind(t, err, fault.NotFound)
			_, err = newBrowser(t, s, "192.0.2.9").use(token, account.Registration{Password: another})
			if g := wantKind(t, err, fault.NotFound); f.Public != g.Public || f.Public != "This link has been used or is too old." {
				t.Errorf("told %q and %q", f.Public, g.Public)
			}
		})
	}
	for _, token := range []string{
		"", "A", strings.Repeat("A", 25), strings.Repeat("A", 27), strings.Repeat("a", 26), strings.Repeat("A", 25) + "\n",
		strings.Repeat("A", 25) + "1", strings.Repeat("é", 13), strings.Repeat("A", 1<<16),
	} {
		faults.Plan(0, 0, sitetest.Error)
		_, err := s.Door.Link(t.Context(), token)
		wantKind(t, err, fault.NotFound)
		if calls := faults.Calls(); len(calls) > 0 {
			t.Errorf("%.30q asks the databases: %v", token, calls)
		}
	}
}

// TestLinkOfFormerAdmin: what an admin has made is void once they are none, so that nobody comes back
// by it. Links of the command line have no maker. Guard: door.linked.
func TestLinkOfFormerAdmin(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root := signedIn(t, s, s.Developer("Root", account.Admin))
	bob := s.Developer("Bob", account.Member)
	for name, end := range map[string]door.DeveloperChange{
		"member": {Role: new(account.Member)}, "disabled": {Disabled: new(true)}, "deleted": {},
	} {
		eve := s.Developer("Eve "+name, account.Admin)
		admin := signedIn(t, s, eve)
		made, err := admin.invite(door.Invitation{Email: name + "@example.com", Role: account.Admin})
		if err != nil {
			t.Fatal(err)
		}
		token := mustLink(t, admin, bob)
		if _, err = root.change(eve.ID, end); err == nil && name == "deleted" {
			err = root.remove(eve.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{made.Token, token} {
			_, err := s.Door.Link(t.Context(), token)
			wantKind(t, err, fault.NotFound)
			_, err = newBrowser(t, s, "192.0.2.9").use(token, account.Registration{Name: "Eve", Password: another})
			wantKind(t, err, fault.NotFound)
		}
	}
}

// TestLinkOfSomebodyElse: who is signed in and takes another account by a link is signed out, and the
// history says so. Guard: letIn.
func TestLinkOfSomebodyElse(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	admin := signedIn(t, s, s.Developer("Root", account.Admin))
	bob := s.Developer("Bob", account.Member)
	b := signedIn(t, s, bob)
	made, err := admin.invite(door.Invitation{Email: "zoe@example.org"})
	if err == nil {
		_, err = b.use(made.Token, account.Registration{Name: "Zoe", Password: another})
	}
	if err != nil || b.who() != "Zoe" {
		t.Fatalf("%v, signed in as %q", err, b.who())
	}
	wantActivity(t, s, book.ActionSignOut, bob.ID, bob.ID)
	h, err := s.Door.History(t.Context(), door.Program(), bob.ID)
	if err != nil || len(h.Live) != 0 || len(h.Ended) != 1 || h.Ended[0].Reason != account.SignedOut {
		t.Errorf("%+v %v", h, err)
	}
}

func mustLink(t *testing.T, admin *browser, of account.Developer) (token string) {
	t.Helper()
	l, err := admin.linkFor(of.ID)
	if err != nil {
		t.Fatal(err)
	}
	return l.Token
}

func mustChange(t *testing.T, admin *browser, of account.Developer, disabled bool) {
	t.Helper()
	if _, err := admin.change(of.ID, door.DeveloperChange{Disabled: &disabled}); err != nil {
		t.Fatal(err)
	}
}

// TestLinkRefused: who may make none, and for whom.
func TestLinkRefused(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root, bob, eve := s.Developer("Root", account.Admin), s.Developer("Bob", account.Member), s.Developer("Eve", account.Member)
	_, err := signedIn(t, s, bob).linkFor(eve.ID)
	wantKind(t, err, fault.Forbidden)
	_, err = signedIn(t, s, bob).linkFor(bob.ID)
	wantKind(t, err, fault.Forbidden)
	_, err = newBrowser(t, s, "192.0.2.9").linkFor(eve.ID)
	wantKind(t, err, fault.Forbidden)
	admin := signedIn(t, s, root)
	_, err = admin.linkFor(root.ID)
	wantKind(t, err, fault.Conflict)
	mustChange(t, admin, eve, true)
	_, err = admin.linkFor(eve.ID)
	wantKind(t, err, fault.Conflict)
	admin.visit(func(ctx context.Context, v *door.Visit) {
		v.Fresh = time.Minute
		s.Clock.Turn(2 * time.Minute)
		_, err = s.Door.NewPasswordLink(ctx, v, bob.ID, "")
		wantKind(t, err, fault.Invalid)
		if _, err = s.Door.NewPasswordLink(ctx, v, bob.ID, sitetest.Password); err != nil {
			t.Error(err)
		}
	})
}

// TestInvitation: who is invited cannot sign in, nor be taken over by a registration; the link
// makes the account theirs, once, whatever the number of browsers.
func TestInvitation(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root := s.Developer("Root", account.Admin)
	admin := signedIn(t, s, root)
	l, err := admin.invite(door.Invitation{Email: "Zoe@Example.org", Role: account.Admin, Groups: []string{"Staff"}})
	if err != nil {
		t.Fatal(err)
	}
	wantActivity(t, s, book.ActionInvited, root.ID, l.Of.ID)
	if l.Expires.Sub(s.Clock.Now()) != door.InvitationTime {
		t.Errorf("good until %v", l.Expires)
	}
	_, err = admin.invite(door.Invitation{Email: "zoe@example.org"})
	if f := wantKind(t, err, fault.Invalid); f.Fields[0].Name != "email" {
		t.Errorf("%+v", f.Fields)
	}
	stranger := newBrowser(t, s, "198.51.100.1")
	for _, password := range []string{"", " ", sitetest.Password} {
		wantKind(t, stranger.signIn("zoe@example.org", password), fault.Invalid)
	}
	if text := s.Log.String(); strings.Contains(text, "cannot be read") {
		t.Errorf("logged: %s", text)
	}
	stranger.visit(func(ctx context.Context, v *door.Visit) {
		_, err = s.Door.Register(ctx, v, account.Registration{Name: "Zoe", Email: "zoe@example.org", Password: another})
	})
	wantKind(t, err, fault.Invalid)

	const many = 6
	var taken sync.Map
	var all sync.WaitGroup
	for i := range many {
		b := newBrowser(t, s, "203.0.113.5")
		all.Go(func() {
			if _, err := b.use(l.Token, account.Registration{Name: "Zoë", Skills: []string{"go"}, Password: another}); err == nil {
				taken.Store(i, b)
			}
		})
	}
	all.Wait()
	n := 0
	taken.Range(func(_, b any) bool {
		n++
		if who := b.(*browser).who(); who != "Zoë" {
			t.Errorf("signed in as %q", who)
		}
		return true
	})
	if n != 1 {
		t.Errorf("accepted %d times", n)
	}
	got, err := s.DB.Accounts().ByID(t.Context(), l.Of.ID)
	if err != nil || got.State != account.Active || got.Role != account.Admin || strings.Join(got.Groups, "+") != "staff" || got.Link.Hash != nil {
		t.Errorf("%+v %v", got, err)
	}
	wantActivity(t, s, book.ActionInvitationTaken, "", l.Of.ID)
}

// TestInvitationAnew: a new link voids the old one; one that is withdrawn leaves nothing; one that
// was accepted is none to withdraw.
func TestInvitationAnew(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root := s.Developer("Root", account.Admin)
	admin := signedIn(t, s, root)
	first, err := admin.invite(door.Invitation{Email: "zoe@example.org", Name: "Zoë"})
	if err != nil {
		t.Fatal(err)
	}
	var second door.NewLink
	admin.visit(func(ctx context.Context, v *door.Visit) { second, err = s.Door.InviteAgain(ctx, v, first.Of.ID, "") })
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Door.Link(t.Context(), first.Token)
	wantKind(t, err, fault.NotFound)
	if of, err := s.Door.Link(t.Context(), second.Token); err != nil || !of.Invitation || of.Name != "Zoë" {
		t.Errorf("%+v %v", of, err)
	}
	withdraw := func() (err error) {
		admin.visit(func(ctx context.Context, v *door.Visit) { _, err = s.Door.WithdrawInvitation(ctx, v, first.Of.ID, "") })
		return err
	}
	if err := withdraw(); err != nil {
		t.Fatal(err)
	}
	wantActivity(t, s, book.ActionInvitationGone, root.ID, first.Of.ID)
	_, err = newBrowser(t, s, "203.0.113.5").use(second.Token, account.Registration{Name: "Zoë", Password: another})
	wantKind(t, err, fault.NotFound)
	wantKind(t, withdraw(), fault.NotFound)
	third, err := admin.invite(door.Invitation{Email: "zoe@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	first = third
	if _, err := newBrowser(t, s, "203.0.113.5").use(third.Token, account.Registration{Name: "Zoë", Password: another}); err != nil {
		t.Fatal(err)
	}
	wantKind(t, withdraw(), fault.Conflict)
}

// TestInviteRefused: every broken field is named, and a member invites nobody.
func TestInviteRefused(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root, bob := s.Developer("Root", account.Admin), s.Developer("Bob", account.Member)
	_, err := signedIn(t, s, bob).invite(door.Invitation{Email: "zoe@example.org"})
	wantKind(t, err, fault.Forbidden)
	_, err = signedIn(t, s, root).invite(door.Invitation{
		Email: "nonsense", Name: "a\x00b", Role: "king", Groups: []string{strings.Repeat("g", 100)},
	})
	f := wantKind(t, err, fault.Invalid)
	var names []string
	for _, field := range f.Fields {
		names = append(names, field.Name)
	}
	if got := strings.Join(names, " "); got != "email name groups role" {
		t.Errorf("told of %s", got)
	}
}

// TestApprove: who waits is told so with the right password alone, and is let in once approved.
func TestApprove(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root, zoe := s.Developer("Root", account.Admin), s.Developer("Zoe", account.Member)
	waiting := account.Waiting
	if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, zoe.ID, account.Change{State: &waiting}, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t, s, "203.0.113.5")
	if f := wantKind(t, b.signIn(zoe.Email, "not the right one at all"), fault.Invalid); f.Public != door.WrongCredentials {
		t.Errorf("a wrong password is told %q", f.Public)
	}
	if f := wantKind(t, b.signIn(zoe.Email, sitetest.Password), fault.Invalid); !strings.Contains(f.Public, "waits for") {
		t.Errorf("the right one is told %q", f.Public)
	}
	if b.who() != "" {
		t.Fatal("signed in")
	}
	admin := signedIn(t, s, root)
	approve := func() (err error) {
		admin.visit(func(ctx context.Context, v *door.Visit) { _, err = s.Door.Approve(ctx, v, zoe.ID, "") })
		return err
	}
	if err := approve(); err != nil {
		t.Fatal(err)
	}
	wantActivity(t, s, book.ActionApproved, root.ID, zoe.ID)
	wantKind(t, approve(), fault.Conflict)
	if err := b.signIn(zoe.Email, sitetest.Password); err != nil {
		t.Error(err)
	}
}
