package door_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestChangeAddress: the proof that it takes gives the session a new key (ASVS 7.2.4).
// Guard: developers.go, Door.follow, the Renew for an address.
func TestChangeAddress(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := signedIn(t, s, ada)
	old := *b
	changed, err := b.change(ada.ID, door.DeveloperChange{Email: ptr("ada@example.com"), CurrentPassword: sitetest.Password})
	if err != nil || changed.Email != "ada@example.com" {
		t.Fatal(changed.Email, err)
	}
	if e := wantActivity(t, s, book.ActionEmailChanged, ada.ID, ada.ID); e.Text != ada.Email+" → ada@example.com" {
		t.Errorf("entered as %q", e.Text)
	}
	if b.who() != "Ada" || old.who() != "" {
		t.Errorf("this session %q, its old key %q", b.who(), old.who())
	}
}

// TestChangeAddressThrottled: whether an address is taken shows, so nobody tries out a list,
// password or not. Guard: developers.go, Door.ChangeDeveloper, the counter of address changes.
func TestChangeAddressThrottled(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := signedIn(t, s, ada)
	free := account.DefaultGuessing().Registration.Free
	for i := range free + 1 {
		_, err := b.change(ada.ID, door.DeveloperChange{Email: ptr(fmt.Sprintf("ada%d@example.com", i)), CurrentPassword: sitetest.Password})
		switch {
		case i < free && err != nil:
			t.Fatalf("change %d: %v", i, err)
		case i == free:
			wantKind(t, err, fault.Throttled)
		}
	}
}

// TestResetLiftsThePause: strangers who guess at an account cannot keep an owner out who has asked
// for a new password. Guard: developers.go, Door.ResetPassword, forgive.
func TestResetLiftsThePause(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := newBrowser(t, s, "192.0.2.1")
	for range account.DefaultGuessing().Account.Free {
		_ = b.signIn(ada.Email, wrong)
	}
	wantKind(t, b.signIn(ada.Email, sitetest.Password), fault.Throttled)
	if _, err := s.Door.ResetPassword(t.Context(), door.Program(), ada.Email, newPassword); err != nil {
		t.Fatal(err)
	}
	if err := b.signIn(ada.Email, newPassword); err != nil {
		t.Error(err)
	}
}

// TestCauses: why a request failed is for those who run the program; its owner learns that it did
// (ASVS 16.5.1). Guard: entries.go, Door.Entries, the Text of errors.
func TestCauses(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, root := s.Developer("Ada", account.Member), s.Developer("Root", account.Admin)
	e := book.Entry{
		ID: id.New(time.Now()), Type: book.Error, CreatedAt: time.Now(), User: ada.ID, Action: book.ActionSaveFailed, Text: "/var/lib/doorbook.db is full",
	}
	if err := s.Parts.Entries.Append(t.Context(), []book.Entry{e}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		who  account.Developer
		want string
	}{{ada, ""}, {root, e.Text}, {ada, ""}} {
		signedIn(t, s, c.who).visit(func(ctx context.Context, v *door.Visit) {
			list, _, err := s.Door.Entries(ctx, v, book.Query{Type: book.Error, Limit: 10})
			if err != nil || len(list) != 1 || list[0].Action != e.Action || list[0].Text != c.want {
				t.Errorf("%s sees %+v, %v", c.who.Name, list, err)
			}
		})
	}
}
