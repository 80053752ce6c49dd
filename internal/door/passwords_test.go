package door_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/passhash"
)

// The same password as different systems send it.
const (
	composed   = "Zoë würfelt späte Äpfel"
	decomposed = "Zoe\u0308 wu\u0308rfelt spa\u0308te A\u0308pfel"
)

// TestOnePasswordTwoSpellings: a password opens the account however the system at hand spells it, and
// nobody learns from the cost whether there is an account (P15).
func TestOnePasswordTwoSpellings(t *testing.T) {
	t.Parallel()
	if composed == decomposed || norm.NFC.String(decomposed) != composed {
		t.Fatal("these are no two spellings of one password")
	}
	plain := func(password string) string { return "plain$$" + password } // Werkzeug's, of what was typed
	for _, tt := range []struct {
		name, stored string
		form         passhash.Form
		typed        string
		hashes       int64 // computed for a sign-in
		fits         bool
	}{
		{"made composed, typed so", "", passhash.Argon2id, composed, 1, true},
		{"made composed, typed decomposed", "", passhash.Argon2id, decomposed, 2, true},
		{"of Flask, composed, typed decomposed", plain(composed), passhash.PBKDF2, decomposed, 3, true},
		{"of Flask, decomposed, typed so", plain(decomposed), passhash.PBKDF2, decomposed, 2, true},
		{"of Flask, decomposed, typed composed", plain(decomposed), passhash.PBKDF2, composed, 1, false},
		{"wrong and composed", "", passhash.Argon2id, composed + "ä", 1, false},
		{"wrong and decomposed", "", passhash.Argon2id, decomposed + "a\u0308", 2, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := hashing(t, passhash.Config{Form: tt.form, Legacy: true})
			if tt.stored == "" {
				tt.stored = withPassword(t, s, decomposed).PasswordHash // new hashes are composed
			}
			ada := withHash(t, s, "Ada", tt.stored)
			before := s.Parts.Passwords.Computed()
			err := newBrowser(t, s, "192.0.2.1").signIn(ada.Email, tt.typed)
			if (err == nil) != tt.fits || err != nil && !fault.Is(err, fault.Invalid) {
				t.Errorf("the sign-in gave %v", err)
			}
			if n := s.Parts.Passwords.Computed() - before; n != tt.hashes {
				t.Errorf("%d hashes were computed, want %d", n, tt.hashes)
			}
			if tt.fits {
				return
			}
			before = s.Parts.Passwords.Computed()
			if err := newBrowser(t, s, "192.0.2.1").signIn("nobody@example.org", tt.typed); !fault.Is(err, fault.Invalid) {
				t.Errorf("the sign-in of nobody gave %v", err)
			}
			if n := s.Parts.Passwords.Computed() - before; n != tt.hashes {
				t.Errorf("%d hashes were computed for nobody, want %d", n, tt.hashes)
			}
		})
	}
}

// TestSpellingIsRenewed: an older hash of what was typed becomes one of the composed form, unless a
// Flask application hashes what is typed.
func TestSpellingIsRenewed(t *testing.T) {
	t.Parallel()
	for form, renewed := range map[passhash.Form]bool{passhash.Argon2id: true, passhash.PBKDF2: false} {
		s := hashing(t, passhash.Config{Form: form})
		hash, err := s.Parts.Passwords.Hash(t.Context(), decomposed)
		if err != nil {
			t.Fatal(err)
		}
		ada := withHash(t, s, "Ada", hash)
		if err := newBrowser(t, s, "192.0.2.1").signIn(ada.Email, decomposed); err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		if n := len(s.Activities(book.ActionPasswordRehashed)); (n == 1) != renewed {
			t.Errorf("%s: %d renewals", form, n)
		}
		if err := newBrowser(t, s, "192.0.2.1").signIn(ada.Email, composed); (err == nil) != renewed {
			t.Errorf("%s: the composed spelling gave %v", form, err)
		}
	}
}

// withPassword makes a developer who has chosen a password here.
func withPassword(t *testing.T, s *sitetest.Site, password string) account.Developer {
	t.Helper()
	dev := s.Developer("Zoe", account.Member)
	if _, err := s.Door.ResetPassword(t.Context(), door.Program(), strings.ToUpper(dev.Email), password); err != nil {
		t.Fatal(err)
	}
	dev, err := s.DB.Accounts().ByID(t.Context(), dev.ID)
	if err != nil {
		t.Fatal(err)
	}
	return dev
}

// TestRulesCountWhatIsHashed: a password is as long as its composed form, wherever one is chosen;
// beside a Flask application as what is typed.
func TestRulesCountWhatIsHashed(t *testing.T) {
	t.Parallel()
	short := norm.NFD.String("éàüöêñçåîÿ")                                                  // 10 letters, 20 code points
	long := norm.NFD.String("천리길도 한걸음부터라는 옛말이 있듯이 가는 말이 고와야 오는 말이 곱고 낮말은 새가 듣고 밤말은 쥐가 듣는다") // 129 code points
	for _, tt := range []struct {
		form     passhash.Form
		password string
		taken    bool
	}{
		{passhash.Argon2id, short, false},
		{passhash.Argon2id, long, true},
		{passhash.PBKDF2, short, true},
		{passhash.PBKDF2, long, false},
	} {
		s := hashing(t, passhash.Config{Form: tt.form})
		in := newcomer("Eve")
		in.Password, in.ConfirmPassword = tt.password, tt.password
		registered := newBrowser(t, s, "192.0.2.1").register(in)
		ada := withHash(t, s, "Ada", sitetest.Hash)
		_, reset := s.Door.ResetPassword(t.Context(), door.Program(), s.Developer("Bob", account.Member).Email, tt.password)
		b := newBrowser(t, s, "192.0.2.2")
		if err := b.signIn(ada.Email, sitetest.Password); err != nil {
			t.Fatal(err)
		}
		_, changed := b.change(ada.ID, door.DeveloperChange{Password: &tt.password, CurrentPassword: sitetest.Password})
		for what, err := range map[string]error{"registered": registered, "reset": reset, "changed": changed} {
			if (err == nil) != tt.taken || err != nil && !fault.Is(err, fault.Invalid) {
				t.Errorf("%s, %d code points, %s: %v", tt.form, utf8.RuneCountInString(tt.password), what, err)
			}
		}
	}
}
