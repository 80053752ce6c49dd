package door_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/passhash/passhashtest"
)

// TestSignInAfterFailures: a success after failures is an event of its own that says how many.
// Guard: failures.go, noteSignIn.
func TestSignInAfterFailures(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := newBrowser(t, s, "192.0.2.1")
	for range 3 {
		_ = b.signIn(ada.Email, wrong)
	}
	if e := wantActivity(t, s, book.ActionSignInFailed, "", ada.ID); e.TargetName != "Ada" {
		t.Errorf("of %q", e.TargetName)
	}
	for range 2 { // it is told once
		if err := b.signIn(ada.Email, sitetest.Password); err != nil {
			t.Fatal(err)
		}
	}
	e := wantActivity(t, s, book.ActionSignInAfterFailures, ada.ID, ada.ID)
	after, without := s.Activities(book.ActionSignInAfterFailures), s.Activities(book.ActionSignIn)
	if e.Text != "3 failed attempts" || len(after) != 1 || len(without) != 1 {
		t.Errorf("%q, %d sign-ins after failures and %d without", e.Text, len(after), len(without))
	}
}

// TestSessionVoid: a session that ends because its account did is told with the reason.
// Guard: door.go, Identify.
func TestSessionVoid(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := signedIn(t, s, ada)
	disabled := account.Disabled
	_, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, ada.ID, account.Change{State: &disabled}, s.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if b.who() != "" {
		t.Fatal("signed in")
	}
	if e := wantActivity(t, s, book.ActionSessionVoid, "", ada.ID); e.Text != "the account is disabled" {
		t.Errorf("%q", e.Text)
	}
}

// TestAudience: what the table shows to admins alone is not in its owner's list.
// Guard: entries.go, asOwner.
func TestAudience(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, root := s.Developer("Ada", account.Member), s.Developer("Root", account.Admin)
	e := book.Entry{
		ID: id.New(s.Clock.Now()), Type: book.Activity, CreatedAt: s.Clock.Now(), User: ada.ID,
		Action: book.ActionPasswordRehashed, Target: ada.ID,
	}
	if err := s.DB.Entries().Append(t.Context(), []book.Entry{e}); err != nil {
		t.Fatal(err)
	}
	for d, want := range map[*account.Developer]bool{&ada: false, &root: true} {
		list, err := signedIn(t, s, *d).entries(book.Query{Limit: 100})
		has := slices.ContainsFunc(list, func(got book.Entry) bool { return got.ID == e.ID })
		if err != nil || has != want || len(list) == 0 {
			t.Errorf("%s sees it: %v, %v", d.Name, has, err)
		}
	}
}

// TestHungUpCounts: whoever goes away while the password is compared has used up the attempt all
// the same, and it is told. Guard: signin.go, SignIn; passhash, gate.
func TestHungUpCounts(t *testing.T) {
	t.Parallel()
	hasher, began, release := passhashtest.Held(t, passhash.Config{Slots: 1, Wait: time.Minute})
	s := sitetest.New(t, func(p *server.Parts) { p.Passwords = hasher })
	ada := s.Developer("Ada", account.Member)
	b := newBrowser(t, s, "192.0.2.1")
	b.visit(func(ctx context.Context, v *door.Visit) {
		ctx, hangUp := context.WithCancel(ctx)
		go func() {
			<-began
			hangUp()
			close(release)
		}()
		_, err := s.Door.SignIn(ctx, v, door.Credentials{Email: ada.Email, Password: wrong})
		wantKind(t, err, fault.Invalid)
	})
	wantActivity(t, s, book.ActionSignInFailed, "", ada.ID)
	if err := b.signIn(ada.Email, sitetest.Password); err != nil {
		t.Fatal(err)
	}
	if e := wantActivity(t, s, book.ActionSignInAfterFailures, ada.ID, ada.ID); e.Text != "1 failed attempt" {
		t.Errorf("%q", e.Text)
	}
}
