package door_test

import (
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
	"github.com/doorbook/doorbook/passhash/passhashtest"
)

// sitetest.Password as Werkzeug hashes it.
const (
	pbkdf2Hash = "pbkdf2:sha1:1000$AbCdEfGh$146380082f2778e167bd7534c2310a96523ca1c0"
	scryptHash = "scrypt:1024:8:1$AbCdEfGh$cb508fd36c6ea54e332d596cd39c8516ae5e4dc92c44777cfc1cd0e091bb41bc" +
		"f3e58bbc35fcbcd15e7634aa73da06cb23b73255bc33496c28ab558249fdf1e7"
)

// hashing gives a site that hashes passwords so.
func hashing(t *testing.T, c passhash.Config) *sitetest.Site {
	t.Helper()
	hasher := passhashtest.New(t, c)
	return sitetest.New(t, func(p *server.Parts) { p.Passwords = hasher })
}

// withHash makes a developer whose stored hash is this one.
func withHash(t *testing.T, s *sitetest.Site, name, hash string) account.Developer {
	t.Helper()
	d := s.Developer(name, account.Member)
	d, err := s.DB.Accounts().Update(t.Context(), account.Actor{}, d.ID, account.Change{PasswordHash: &hash}, s.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestSignInWithWerkzeugHash: an account that comes from Flask signs in with the password it has,
// and gets a better hash at once, unless a Flask application beside us has to go on reading it.
func TestSignInWithWerkzeugHash(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, stored string
		config       passhash.Config
		becomes      string // what the hash begins with afterwards; empty: it is left alone
	}{
		{"pbkdf2", pbkdf2Hash, passhash.Config{}, sitetest.HashPrefix},
		{"scrypt", scryptHash, passhash.Config{}, sitetest.HashPrefix},
		{"legacy", "plain$$" + sitetest.Password, passhash.Config{Legacy: true}, sitetest.HashPrefix},
		{"pbkdf2 beside Flask", pbkdf2Hash, passhash.Config{Form: passhash.PBKDF2}, ""},
		{"scrypt beside Flask", scryptHash, passhash.Config{Form: passhash.PBKDF2}, ""},
		{"pbkdf2 beside a newer Flask", pbkdf2Hash, passhash.Config{Form: passhash.Scrypt}, ""},
		{"argon2id beside Flask", sitetest.Hash, passhash.Config{Form: passhash.PBKDF2}, "pbkdf2:sha256:1$"},
		{"argon2id beside a newer Flask", sitetest.Hash, passhash.Config{Form: passhash.Scrypt}, "scrypt:128:8:1$"},
		{
			"legacy beside Flask", "plain$$" + sitetest.Password,
			passhash.Config{Form: passhash.PBKDF2, Legacy: true},
			"pbkdf2:sha256:1$",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := hashing(t, tt.config)
			ada := withHash(t, s, "Ada", tt.stored)
			for _, attempt := range []struct {
				password string
				want     error
				renews   bool
			}{
				{wrong, &fault.Error{Kind: fault.Invalid, Public: door.WrongCredentials}, false},
				{sitetest.Password, nil, tt.becomes != ""},
				{sitetest.Password, nil, false}, // with the hash that the first one left behind
			} {
				before, renewed := s.Parts.Passwords.Computed(), len(s.Activities(book.ActionPasswordRehashed))
				err := newBrowser(t, s, "192.0.2.1").signIn(ada.Email, attempt.password)
				if diff := cmp.Diff(attempt.want, err); diff != "" {
					t.Fatalf("(-want +got):\n%s", diff)
				}
				want := 1
				if attempt.renews {
					want = 2
				}
				if n := s.Parts.Passwords.Computed() - before; n != int64(want) {
					t.Errorf("%d hashes were computed, want %d", n, want)
				}
				if n := len(s.Activities(book.ActionPasswordRehashed)) - renewed; n != want-1 {
					t.Errorf("renewals entered: %d, want %d", n, want-1)
				}
			}
			now, err := s.DB.Accounts().ByID(t.Context(), ada.ID)
			if err != nil {
				t.Fatal(err)
			}
			if tt.becomes == "" && now.PasswordHash != tt.stored || !strings.HasPrefix(now.PasswordHash, tt.becomes) {
				t.Errorf("the stored hash is now %s", now.PasswordHash)
			}
		})
	}
}

// TestOneHashWhateverTheForm: an unknown address and a hash that cannot be read, or must not be
// computed, cost one hash of the configured form, and are answered as a wrong password is.
func TestOneHashWhateverTheForm(t *testing.T) {
	t.Parallel()
	unreadable := map[string]string{
		"time":        "pbkdf2:sha256:4000000000$AbCdEfGh$" + strings.Repeat("00", 32),
		"memory":      "scrypt:1048576:8:1$AbCdEfGh$" + strings.Repeat("00", 64),
		"no cost":     "pbkdf2:sha1" + strings.TrimPrefix(pbkdf2Hash, "pbkdf2:sha1:1000"),
		"cut":         pbkdf2Hash[:len(pbkdf2Hash)-2],
		"legacy":      "plain$$" + sitetest.Password,
		"no password": "",
	}
	for _, form := range []passhash.Form{passhash.Argon2id, passhash.PBKDF2} {
		s := hashing(t, passhash.Config{Form: form})
		emails := map[string]string{"unknown": "nobody@example.org"}
		for name, hash := range unreadable {
			emails[name] = withHash(t, s, name, hash).Email
		}
		for name, email := range emails {
			before := s.Parts.Passwords.Computed()
			err := newBrowser(t, s, "192.0.2.1").signIn(email, sitetest.Password)
			if diff := cmp.Diff(error(&fault.Error{Kind: fault.Invalid, Public: door.WrongCredentials}), err); diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", form, name, diff)
			}
			if n := s.Parts.Passwords.Computed() - before; n != 1 {
				t.Errorf("%s, %s: %d hashes were computed, want 1", form, name, n)
			}
			s.Clock.Turn(account.DefaultGuessing().Account.Forget) // fresh counters for the next
		}
		if n := strings.Count(s.Log.String(), "cannot be read"); n != len(unreadable)-1 { // who has no password yet is no news
			t.Errorf("%s: %d lines tell the operator, want %d", form, n, len(unreadable)-1)
		}
		if strings.Contains(s.Log.String(), "AbCdEfGh") || strings.Contains(s.Log.String(), sitetest.Password) {
			t.Errorf("%s: a hash is in the log", form)
		}
	}
}

// TestNewHashesBesideFlask: whoever registers or changes a password here can sign in there.
func TestNewHashesBesideFlask(t *testing.T) {
	t.Parallel()
	s := hashing(t, passhash.Config{Form: passhash.PBKDF2})
	ada := withHash(t, s, "Ada", scryptHash)
	b := signedIn(t, s, ada)
	in := door.DeveloperChange{Password: ptr(newPassword), CurrentPassword: sitetest.Password}
	if _, err := b.change(ada.ID, in); err != nil {
		t.Fatal(err)
	}
	eve := newcomer("eve")
	if err := newBrowser(t, s, "192.0.2.1").register(eve); err != nil {
		t.Fatal(err)
	}
	for _, email := range []string{ada.Email, eve.Email} {
		d, err := s.DB.Accounts().ByEmail(t.Context(), email)
		if err != nil || !strings.HasPrefix(d.PasswordHash, "pbkdf2:sha256:1$") {
			t.Errorf("%s: hash %s, error %v", email, d.PasswordHash, err)
		}
	}
}
