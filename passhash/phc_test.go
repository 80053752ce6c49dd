package passhash_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/passhash"
)

const (
	salt = "c29tZXNhbHRzb21lc2FsdA"                      // somesaltsomesalt
	tag  = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4" // 32 bytes
	good = "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + tag
)

var malformed = []string{
	"",
	"$",
	"$$$$$",
	"plain text",
	strings.TrimPrefix(good, "$"),
	" " + good,
	good + " ",
	good + "\n",
	good + "$",
	good + "\x00",
	strings.ToUpper(good),
	"$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + tag,
	"$argon2d$v=19$m=19456,t=2,p=1$" + salt + "$" + tag,
	"$argon2id$v=16$m=19456,t=2,p=1$" + salt + "$" + tag,
	"$argon2id$m=19456,t=2,p=1$" + salt + "$" + tag,
	"$argon2id$v=19$t=2,m=19456,p=1$" + salt + "$" + tag,          // order
	"$argon2id$v=19$m=19456,t=2$" + salt + "$" + tag,              // p missing
	"$argon2id$v=19$m=19456,t=2,p=1,keyid=AA$" + salt + "$" + tag, // more than we check
	"$argon2id$v=19$m=019456,t=2,p=1$" + salt + "$" + tag,
	"$argon2id$v=19$m=+19456,t=2,p=1$" + salt + "$" + tag,
	"$argon2id$v=19$m=-1,t=2,p=1$" + salt + "$" + tag,
	"$argon2id$v=19$m=1_9456,t=2,p=1$" + salt + "$" + tag,
	"$argon2id$v=19$m=0x4c00,t=2,p=1$" + salt + "$" + tag,
	"$argon2id$v=19$m=,t=2,p=1$" + salt + "$" + tag,
	"$argon2id$v=19$m=19456,t=2,p=\u0661$" + salt + "$" + tag, // an Arabic one
	// Costs that must never be computed: nothing, overflow, too much.
	"$argon2id$v=19$m=0,t=2,p=1$" + salt + "$" + tag,
	"$argon2id$v=19$m=7,t=2,p=1$" + salt + "$" + tag,
	"$argon2id$v=19$m=127,t=2,p=16$" + salt + "$" + tag,
	"$argon2id$v=19$m=19456,t=0,p=1$" + salt + "$" + tag,
	"$argon2id$v=19$m=19456,t=2,p=0$" + salt + "$" + tag,
	"$argon2id$v=19$m=262145,t=2,p=1$" + salt + "$" + tag,
	"$argon2id$v=19$m=4294967295,t=4294967295,p=255$" + salt + "$" + tag,
	"$argon2id$v=19$m=4294986752,t=2,p=1$" + salt + "$" + tag, // 2^32 + 19456
	"$argon2id$v=19$m=19456,t=11,p=1$" + salt + "$" + tag,
	"$argon2id$v=19$m=19456,t=2,p=17$" + salt + "$" + tag,
	"$argon2id$v=19$m=19456,t=2,p=257$" + salt + "$" + tag, // 2^8 + 1
	// Base64 that is not the canonical one.
	"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "==$" + tag,
	"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + tag + "=",
	"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdB$" + tag, // stray bits
	"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRz\nb21lc2FsdA$" + tag,
	"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + strings.ReplaceAll(tag, "/", "_"),
	"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$\r" + tag,
	// Lengths.
	"$argon2id$v=19$m=19456,t=2,p=1$$" + tag,
	"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbA$" + tag,
	"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$",
	"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$AAAAAAAAAAAAAAAAAAAA", // 15 bytes
	"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + strings.Repeat("A", 88),
	"$argon2id$v=19$m=19456,t=2,p=1$" + strings.Repeat("A", 1<<20) + "$" + tag,
	"$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + tag + strings.Repeat("$", 1<<20),
	// Schemes that are not ours.
	"$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
	"pbkdf2:sha256:600000$salt$0011223344",
	"scrypt:32768:8:1$salt$0011223344",
}

func TestMalformed(t *testing.T) {
	h := newHasher(t, passhash.Config{})
	if _, err := passhash.Parse(good); err != nil {
		t.Fatalf("the good one that the others are made of: %v", err)
	}
	for _, hash := range malformed {
		match, stale, err := h.Verify(context.Background(), hash, "password")
		if match || stale || !errors.Is(err, passhash.ErrMalformed) {
			t.Errorf("Verify(%.80q) = %v, %v, %v; want ErrMalformed", hash, match, stale, err)
		}
	}
	if n := h.Computed(); n != 0 {
		t.Errorf("%d computations for malformed hashes, want none", n)
	}
}

// FuzzParse: whatever is taken as a hash is written again exactly as it was, and nothing panics.
func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")
	f.Add("$argon2id$v=19$m=262144,t=10,p=16$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")
	for _, hash := range malformed {
		f.Add(hash)
	}
	f.Fuzz(func(t *testing.T, hash string) {
		again, err := passhash.Parse(hash)
		if err != nil {
			if !errors.Is(err, passhash.ErrMalformed) {
				t.Fatalf("error %v, want ErrMalformed", err)
			}
			return
		}
		if again != hash {
			t.Fatalf("%q was taken, but its canonical form is %q", hash, again)
		}
	})
}
