package door_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/passhash"
)

// TestSignInAnswersAlike: nobody learns from an answer, from what it cost, or from what it left
// behind, who has an account here (ASVS 6.3.8).
func TestSignInAnswersAlike(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ctx := t.Context()
	ada := s.Developer("Ada", account.Member)
	gone := s.Developer("Gone", account.Member)
	if _, err := s.DB.Accounts().Update(ctx, account.Actor{}, gone.ID, account.Change{State: ptr(account.Disabled)}, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	broken := map[string]account.Developer{}
	for i, hash := range []string{"", "plain text", "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA", "$2b$12$" + strings.Repeat("a", 53)} {
		d := s.Developer("Broken "+string(rune('A'+i)), account.Member)
		if _, err := s.DB.Accounts().Update(ctx, account.Actor{}, d.ID, account.Change{PasswordHash: &hash}, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		broken[hash] = d
	}
	cases := []struct {
		name, email, password string
		target                string // of the entry
	}{
		{"unknown address", "nobody@example.org", sitetest.Password, ""},
		{"wrong password", ada.Email, "not the password of Ada", ada.ID},
		{"password of white space", ada.Email, " ", ada.ID},
		{"password in other case", ada.Email, strings.ToUpper(sitetest.Password), ada.ID},
		{"password with a space more", ada.Email, sitetest.Password + " ", ada.ID},
		{"password cut", ada.Email, sitetest.Password[:len(sitetest.Password)-1], ada.ID},
		{"password with NUL", ada.Email, sitetest.Password + "\x00", ada.ID},
		{"endless password", "nobody@example.org", strings.Repeat("x", 60<<10), ""},
		{"endless password of an account", ada.Email, strings.Repeat("x", 60<<10), ada.ID},
		{"disabled account", gone.Email, sitetest.Password, gone.ID},
		{"disabled account, wrong password", gone.Email, "not it, not it, not it", gone.ID},
		{"no @", "ada", sitetest.Password, ""},
		{"dotted I", "ad\u0130@example.org", sitetest.Password, ""},
		{"two addresses", "ada@example.org,nobody@example.org", sitetest.Password, ""},
		{"line break", "ada@example.org\r\nX: y", sitetest.Password, ""},
		{"NUL", "\x00", sitetest.Password, ""},
		{"SQL", "' OR 1=1 --", sitetest.Password, ""},
	}
	for hash, d := range broken {
		cases = append(cases, struct{ name, email, password, target string }{"stored hash " + hash, d.Email, sitetest.Password, d.ID})
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s.Clock.Turn(account.DefaultGuessing().Account.Forget) // every case begins with fresh counters
			b := newBrowser(t, s, "192.0.2.1")
			before, entered := s.Parts.Passwords.Computed(), len(s.Activities(book.ActionSignInFailed))
			err := b.signIn(c.email, c.password)
			want := &fault.Error{Kind: fault.Invalid, Public: door.WrongCredentials}
			if diff := cmp.Diff(want, err); diff != "" {
				t.Errorf("case %d (-want +got):\n%s", i, diff)
			}
			if n := s.Parts.Passwords.Computed() - before; n != 1 {
				t.Errorf("%d hashes were computed, want 1", n)
			}
			if who := b.who(); who != "" || b.jar != nil || b.device != "" {
				t.Errorf("signed in as %q, cookie %v, device %q", who, b.jar, b.device)
			}
			if n := len(s.Activities(book.ActionSignInFailed)) - entered; n != 1 {
				t.Fatalf("%d entries, want 1", n)
			}
			e := wantActivity(t, s, book.ActionSignInFailed, "", c.target)
			if e.Text != "" || e.UserName != "" {
				t.Errorf("the entry says more than it should: %+v", e)
			}
		})
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	for _, email := range []string{ada.Email, "ADA@Example.ORG", "  ada@example.org\t"} {
		b := newBrowser(t, s, "192.0.2.1")
		before := s.Parts.Passwords.Computed()
		if err := b.signIn(email, sitetest.Password); err != nil {
			t.Fatalf("%q: %v", email, err)
		}
		if n := s.Parts.Passwords.Computed() - before; n != 1 {
			t.Errorf("%d hashes were computed, want 1", n)
		}
		if b.who() != "Ada" {
			t.Errorf("%q: signed in as %q", email, b.who())
		}
		wantActivity(t, s, book.ActionSignIn, ada.ID, ada.ID)
		b.visit(func(_ context.Context, v *door.Visit) {
			got, _ := door.LoggedInUser.Get(v.Session)
			want := door.Profile{ID: ada.ID, Name: "Ada", Email: ada.Email, Skills: []string{"go"}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("what the session knows (-want +got):\n%s", diff)
			}
			if v.SessionID == "" || v.SessionID != s.Door.SessionName(v) {
				t.Errorf("session name %q", v.SessionID)
			}
		})
	}
}

// TestRehash: a hash of other parameters is replaced at sign-in, and stays good when that fails.
// Hashes cost here what they cost outside of tests.
func TestRehash(t *testing.T) {
	t.Parallel()
	hasher, err := passhash.New(passhash.Config{})
	if err != nil {
		t.Fatal(err)
	}
	old, err := passhash.New(passhash.Config{Params: passhash.Params{MemoryKiB: 12 << 10, Time: 3, Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := old.Hash(t.Context(), sitetest.Password)
	if err != nil {
		t.Fatal(err)
	}
	update := 0 // which call it is
	for _, works := range []bool{true, false} {
		var faults sitetest.Faults
		s := sitetest.New(t, faults.Wrap, func(p *server.Parts) { p.Passwords = hasher })
		ada := s.Developer("Ada", account.Member)
		if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, ada.ID, account.Change{PasswordHash: &hash}, s.Clock.Now()); err != nil {
			t.Fatal(err)
		}
		b := newBrowser(t, s, "192.0.2.1")
		if faults.Plan(0, 0, ""); !works {
			faults.Plan(update, 1, sitetest.Error)
		}
		if err := b.signIn(ada.Email, sitetest.Password); err != nil {
			t.Fatal(err)
		}
		if update = 1 + slices.Index(faults.Calls(), "accounts.Update"); update == 0 {
			t.Fatalf("the hash was not stored: %q", faults.Calls())
		}
		faults.Plan(0, 0, "")
		now, err := s.DB.Accounts().ByID(t.Context(), ada.ID)
		if err != nil {
			t.Fatal(err)
		}
		if renewed := now.PasswordHash != hash; renewed != works {
			t.Errorf("renewed: %v, want %v", renewed, works)
		}
		if b.who() != "Ada" {
			t.Error("a fresh hash of the same password has signed its owner out")
		}
		if err := newBrowser(t, s, "192.0.2.2").signIn(ada.Email, sitetest.Password); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	}
}

// meanwhile lets something happen between the look-up of an account at sign-in and the end of
// hashing.
type meanwhile struct {
	account.Repository
	do func()
}

func (m *meanwhile) ByEmail(ctx context.Context, key string) (account.Developer, error) {
	d, err := m.Repository.ByEmail(ctx, key)
	if do := m.do; do != nil {
		m.do = nil
		do()
	}
	return d, err
}

// TestSignInMeanwhile: an old password opens nothing once its change was acknowledged, even if its
// hash was already under way; and the same holds for an account that is disabled or removed.
func TestSignInMeanwhile(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*sitetest.Site, account.Developer) error{
		"password changed": func(s *sitetest.Site, d account.Developer) error {
			_, err := s.Door.ResetPassword(context.Background(), door.Program(), d.Email, "quiet heron walks at noon")
			return err
		},
		"disabled": func(s *sitetest.Site, d account.Developer) error {
			_, err := s.DB.Accounts().Update(context.Background(), account.Actor{}, d.ID, account.Change{State: ptr(account.Disabled)}, s.Clock.Now())
			return err
		},
		"removed": func(s *sitetest.Site, d account.Developer) error {
			return s.DB.Accounts().Delete(context.Background(), account.Actor{}, d.ID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := &meanwhile{}
			s := sitetest.New(t, func(p *server.Parts) { m.Repository, p.Accounts = p.Accounts, m })
			ada := s.Developer("Ada", account.Member)
			m.do = func() {
				if err := change(s, ada); err != nil {
					t.Error(err)
				}
			}
			b := newBrowser(t, s, "192.0.2.1")
			_ = b.signIn(ada.Email, sitetest.Password) // refused at once, or at the next request
			if m.do != nil {
				t.Fatal("nothing happened meanwhile")
			}
			if who := b.who(); who != "" {
				t.Errorf("signed in as %q", who)
			}
		})
	}
}

// TestRehashMeanwhile: a fresh hash of the old password does not replace that of a new one.
func TestRehashMeanwhile(t *testing.T) {
	t.Parallel()
	hash := scryptHash
	const next = "quiet heron walks at noon"
	m := &meanwhile{}
	s := sitetest.New(t, func(p *server.Parts) { m.Repository, p.Accounts = p.Accounts, m })
	ada := s.Developer("Ada", account.Member)
	if _, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, ada.ID, account.Change{PasswordHash: &hash}, s.Clock.Now()); err != nil {
		t.Fatal(err)
	}
	m.do = func() {
		if _, err := s.Door.ResetPassword(t.Context(), door.Program(), ada.Email, next); err != nil {
			t.Error(err)
		}
	}
	_ = newBrowser(t, s, "192.0.2.1").signIn(ada.Email, sitetest.Password)
	wantKind(t, newBrowser(t, s, "192.0.2.1").signIn(ada.Email, sitetest.Password), fault.Invalid)
	if err := newBrowser(t, s, "192.0.2.1").signIn(ada.Email, next); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := signedIn(t, s, ada)
	thief := *b
	b.visit(func(ctx context.Context, v *door.Visit) { s.Door.SignOut(ctx, v) })
	wantActivity(t, s, book.ActionSignOut, ada.ID, ada.ID)
	if b.who() != "" || thief.who() != "" {
		t.Error("the session lives on")
	}
	entered := len(s.Activities(book.ActionSignOut))
	b.visit(func(ctx context.Context, v *door.Visit) { s.Door.SignOut(ctx, v) })
	if n := len(s.Activities(book.ActionSignOut)); n != entered {
		t.Error("a stranger's sign-out is entered")
	}
}

// TestNewKeyAtSignIn: what was planted before the sign-in is worth nothing after it (ASVS 7.2.4).
func TestNewKeyAtSignIn(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	b := newBrowser(t, s, "192.0.2.1")
	b.visit(func(_ context.Context, v *door.Visit) { v.Session.Flash("info", "hello") })
	planted := *b
	if planted.jar == nil {
		t.Fatal("there is no session to plant")
	}
	if err := b.signIn(ada.Email, sitetest.Password); err != nil {
		t.Fatal(err)
	}
	if b.who() != "Ada" || planted.who() != "" {
		t.Errorf("the new key opens %q, the planted one %q", b.who(), planted.who())
	}
}
