package door_test

import (
	"context"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/sitetest"
)

func (b *browser) confirm(password string) (err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) { err = b.site.Door.Confirm(ctx, v, password) })
	return err
}

// mustConfirm reports whether the browser's sign-in is too old for an ask.
func (b *browser) mustConfirm(within time.Duration) (must bool) {
	b.t.Helper()
	b.visit(func(_ context.Context, v *door.Visit) {
		text := b.site.Door.SignAsk(door.Ask{Host: wiki, Within: within})
		ask, ok := b.site.Door.ReadAsk(text)
		if !ok || ask.Within != within {
			b.t.Errorf("read %+v", ask)
		}
		must = b.site.Door.MustConfirm(v, ask)
	})
	return must
}

// TestConfirm: the password is confirmed at home, by whoever is signed in; then the sign-in is as
// recent as that, the session has another key, and the book has it. Guard: proof.go.
func TestConfirm(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	home := signedIn(t, s, ada)
	there := home.at(wiki)
	if home.mustConfirm(0) || home.mustConfirm(time.Minute) {
		t.Error("who has just signed in is asked")
	}
	s.Clock.Turn(20 * time.Minute)
	if home.mustConfirm(0) || home.mustConfirm(30*time.Minute) || !home.mustConfirm(15*time.Minute) {
		t.Error("20 minutes later")
	}
	wantKind(t, home.confirm(""), fault.Invalid)
	wantKind(t, home.confirm(wrong), fault.Invalid)
	wantKind(t, newBrowser(t, s, "192.0.2.9").confirm(sitetest.Password), fault.Unauthorized)
	wantKind(t, there.confirm(sitetest.Password), fault.Forbidden)
	if !home.mustConfirm(15*time.Minute) || len(s.Activities(book.ActionPasswordConfirmed)) > 0 {
		t.Error("confirmed by what was refused")
	}
	key := home.jar.Value
	if err := home.confirm(sitetest.Password); err != nil {
		t.Fatal(err)
	}
	if home.mustConfirm(15*time.Minute) || home.jar.Value == key {
		t.Error("nothing has come of it")
	}
	wantActivity(t, s, book.ActionPasswordConfirmed, ada.ID, ada.ID)
}

// TestPersonAt: admins find who has an address, and how many are in a group; nobody else does.
// Guard: people.go.
func TestPersonAt(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root, ada := s.Developer("Root", account.Admin), s.Developer("Ada", account.Member)
	off := account.Disabled
	bob := s.Developer("Bob", account.Member)
	for id, c := range map[string]account.Change{ada.ID: {Groups: &[]string{"ops"}}, bob.ID: {Groups: &[]string{"ops"}, State: &off}} {
		if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, id, c, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	signedIn(t, s, root).visit(func(ctx context.Context, v *door.Visit) {
		if d, err := s.Door.PersonAt(ctx, v, " ADA@Example.org"); err != nil || d.ID != ada.ID {
			t.Errorf("%v, %v", d.ID, err)
		}
		_, err := s.Door.PersonAt(ctx, v, "nobody@example.org")
		wantKind(t, err, fault.NotFound)
		_, err = s.Door.PersonAt(ctx, v, "no address")
		wantKind(t, err, fault.Invalid)
		for group, want := range map[string]int{"": 2, "ops": 1, "dev": 0} { // who is disabled does not count
			if n, more, err := s.Door.CountPeople(ctx, v, group); n != want || more || err != nil {
				t.Errorf("%q: %d, %v, %v", group, n, more, err)
			}
		}
	})
	signedIn(t, s, ada).visit(func(ctx context.Context, v *door.Visit) {
		_, err := s.Door.PersonAt(ctx, v, root.Email)
		wantKind(t, err, fault.Forbidden)
		_, _, err = s.Door.CountPeople(ctx, v, "")
		wantKind(t, err, fault.Forbidden)
	})
}
