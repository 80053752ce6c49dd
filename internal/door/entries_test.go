package door_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// request enters the request of somebody and gives its id.
func request(t *testing.T, s *sitetest.Site, user string) string {
	t.Helper()
	now := s.Clock.Now()
	e := book.Entry{ID: id.New(now), Type: book.Request, CreatedAt: now, Method: "GET", URL: "/", Status: 200, User: user}
	if err := s.DB.Entries().Append(t.Context(), []book.Entry{e}); err != nil {
		t.Fatal(err)
	}
	return e.ID
}

func (b *browser) entries(q book.Query) (list []book.Entry, err error) {
	b.t.Helper()
	b.visit(func(ctx context.Context, v *door.Visit) { list, _, err = b.site.Door.Entries(ctx, v, q) })
	return list, err
}

// TestCausesStay: a member does not read why something failed, and that they asked takes it from
// nobody else: the newest entries are remembered for all.
func TestCausesStay(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	s.Developer("Root", account.Admin) // so that Ada need not stay one
	browser := signedIn(t, s, ada)
	now, q := s.Clock.Now(), book.Query{User: ada.ID, Type: book.Error, Limit: 10}
	e := book.Entry{ID: id.New(now), Type: book.Error, CreatedAt: now, User: ada.ID, Text: "the disk is full"}
	if err := s.DB.Entries().Append(t.Context(), []book.Entry{e}); err != nil {
		t.Fatal(err)
	}
	for role, want := range map[account.Role]string{account.Member: "", account.Admin: e.Text} {
		for _, first := range []account.Role{account.Member, role} {
			if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, ada.ID, account.Change{Role: &first}, now); err != nil {
				t.Fatal(err)
			}
			list, err := browser.entries(q)
			if err != nil || len(list) != 1 || first == role && list[0].Text != want {
				t.Errorf("%s after a member: %+v, %v; want the text %q", first, list, err, want)
			}
		}
	}
}

// TestEntries: a member reads their own entries, whatever they ask for; an admin everybody's; a
// stranger none.
func TestEntries(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada, bob, root := s.Developer("Ada", account.Member), s.Developer("Bob", account.Member), s.Developer("Root", account.Admin)
	for _, user := range []string{ada.ID, bob.ID, root.ID, ""} {
		request(t, s, user)
	}
	member := signedIn(t, s, ada)
	for _, q := range []book.Query{{Limit: 100}, {Limit: 100, User: bob.ID}, {Limit: 100, User: root.ID, Type: book.Request}} {
		list, err := member.entries(q)
		if err != nil || len(list) == 0 {
			t.Fatalf("%d, %v", len(list), err)
		}
		for _, e := range list {
			if e.User != ada.ID {
				t.Errorf("%+v: a member reads %+v", q, e)
			}
		}
	}
	users := map[string]bool{}
	list, err := signedIn(t, s, root).entries(book.Query{Limit: 100})
	for _, e := range list {
		users[e.User] = true
	}
	if err != nil || len(users) != 4 {
		t.Errorf("an admin reads of %v, %v", users, err)
	}
	_, err = newBrowser(t, s, "192.0.2.1").entries(book.Query{Limit: 100})
	wantKind(t, err, fault.Unauthorized)
	_, err = member.entries(book.Query{Limit: 10, Before: "invented"})
	wantKind(t, err, fault.Malformed)
}

func TestHideAndDelete(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	root := s.Developer("Root", account.Admin)
	b := signedIn(t, s, root)
	one, two := request(t, s, ""), request(t, s, "")
	b.visit(func(ctx context.Context, v *door.Visit) {
		if e, err := s.Door.HideEntry(ctx, v, one); err != nil || e.ID != one {
			t.Errorf("hide: %+v, %v", e, err)
		}
		wantActivity(t, s, book.ActionEntryHidden, root.ID, one)
		if _, err := s.Door.HideEntry(ctx, v, one); !fault.Is(err, fault.NotFound) {
			t.Errorf("hide again: %v", err)
		}
		if err := s.Door.DeleteEntry(ctx, v, two); err != nil {
			t.Errorf("delete: %v", err)
		}
		wantActivity(t, s, book.ActionEntryDeleted, root.ID, two)
		if err := s.Door.DeleteEntry(ctx, v, two); !fault.Is(err, fault.NotFound) {
			t.Errorf("delete again: %v", err)
		}
		if err := s.Door.DeleteEntry(ctx, v, one); err != nil {
			t.Errorf("delete what is hidden: %v", err)
		}
		// The traces stay.
		for _, e := range s.Entries(book.Activity) {
			if err := s.Door.DeleteEntry(ctx, v, e.ID); !fault.Is(err, fault.Conflict) {
				t.Errorf("delete %s: %v", e.Action, err)
			}
			if _, err := s.Door.HideEntry(ctx, v, e.ID); !fault.Is(err, fault.Conflict) {
				t.Errorf("hide %s: %v", e.Action, err)
			}
		}
		for _, target := range []string{"", "x", "000000000000000000000000", strings.Repeat("F", 24)} {
			if err := s.Door.DeleteEntry(ctx, v, target); !fault.Is(err, fault.NotFound) {
				t.Errorf("delete %q: %v", target, err)
			}
			if _, err := s.Door.HideEntry(ctx, v, target); !fault.Is(err, fault.NotFound) {
				t.Errorf("hide %q: %v", target, err)
			}
		}
	})
}

// TestNoSecrets: whatever people type, right or wrong, and whatever was done with it, no secret is
// in any entry, in the log, or in a database file.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := newBrowser(t, s, "192.0.2.1")
	const canary = "canary singing in the coal mine"
	for _, typed := range [][2]string{
		{ada.Email, canary}, {canary, canary}, {canary + "@example.org", canary}, {"canary.singing@example.org", canary},
	} {
		_ = b.signIn(typed[0], typed[1])
	}
	in := newcomer("Eve")
	in.Password, in.ConfirmPassword = canary, canary
	if err := b.register(in); err != nil {
		t.Fatal(err)
	}
	in.ConfirmPassword = canary + "!"
	_ = b.register(in)
	token := openSetup(t, s)
	_ = b.setUp(token, account.Registration{Name: canary, Email: canary, Password: canary})
	_ = b.setUp(canary, in)
	if err := b.signIn("eve@example.org", canary); err != nil {
		t.Fatal(err)
	}
	eve, err := s.DB.Accounts().ByEmail(t.Context(), "eve@example.org")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = b.change(eve.ID, door.DeveloperChange{Password: ptr(canary + " two"), CurrentPassword: canary + " wrong"})
	if _, err := b.change(eve.ID, door.DeveloperChange{Password: ptr(canary + " two"), CurrentPassword: canary}); err != nil {
		t.Fatal(err)
	}
	b.visit(func(_ context.Context, v *door.Visit) {
		if b.jar == nil || v.SessionID == "" || strings.Contains(b.jar.Value, v.SessionID) {
			t.Errorf("the session's name %q tells of its key", v.SessionID)
		}
	})

	secrets := []string{"canary", b.jar.Value, b.device, token}
	entered, err := json.Marshal(s.Entries(""))
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"the log": s.Log.String(), "the entries": string(entered)}
	files, err := filepath.Glob(filepath.Join(s.Dir, "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.Base(file)] = string(content)
	}
	for where, text := range texts {
		for _, secret := range secrets {
			if secret == "" || strings.Contains(text, secret) {
				t.Errorf("%s holds %q", where, secret)
			}
		}
	}
}
