package passhash_test

import (
	"context"
	"errors"
	"fmt"
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
	"pbkdf2:sha256:600000$salt$0011223344", // too short
	"scrypt:32768:8:1$salt$0011223344",
	"plain$$password", // not asked for
}

func TestMalformed(t *testing.T) {
	t.Parallel()
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

// FuzzParse: whatever is taken as a hash is written again exactly as it was, costs no more than it
// may, and can be computed.
func FuzzParse(f *testing.F) {
	for _, hash := range append([]string{
		good,
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=262144,t=10,p=16$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		pbkdf2PW, scryptPW,
		"pbkdf2:blake2b:10$a$" + zeros(64),
		"pbkdf2:sha3_224:1666666$a-_$" + zeros(28),
		"scrypt:2:8:64$$" + zeros(64),
		"scrypt:262144:8:4$AbCdEfGh$" + zeros(64),
		"scrypt:2:1:16384$" + strings.Repeat("a", 3900) + "$" + zeros(64),
		"md5$AbCdEfGh$49e301495d2745acfe5fb7b3b1164d9b",
		"sha1$$1a91d62f7ca67399625a4368a6ab5d4a3baa6073",
	}, malformed...) {
		f.Add(hash)
	}
	h := newHasher(f, passhash.Config{Legacy: true})
	h.SetCheap()
	f.Fuzz(func(t *testing.T, hash string) {
		again, err := passhash.Parse(hash)
		if err != nil {
			if !errors.Is(err, passhash.ErrMalformed) {
				t.Fatalf("error %v, want ErrMalformed", err)
			}
			if _, _, err := h.Verify(t.Context(), hash, "password"); err != nil && !errors.Is(err, passhash.ErrMalformed) {
				t.Fatal(err)
			}
			return
		}
		if again != hash {
			t.Fatalf("%q was taken, but its canonical form is %q", hash, again)
		}
		memory, steps := cost(t, hash)
		if memory > 256<<20 || steps > 10_000_000 || len(hash) > 4096 {
			t.Fatalf("%q was taken, and takes %d bytes and %d steps", hash, memory, steps)
		}
		if memory <= 1<<20 && steps <= 10_000 {
			if _, _, err := h.Verify(t.Context(), hash, "password"); err != nil {
				t.Fatalf("%q was taken, and cannot be computed: %v", hash, err)
			}
		}
	})
}

// cost reads a hash on its own, and says how many bytes of memory it takes and how many steps:
// passes over a megabyte, iterations, or blocks of scrypt.
func cost(t *testing.T, hash string) (memory, steps uint64) {
	t.Helper()
	var m, time, p, n, r uint64
	if _, err := fmt.Sscanf(hash, "$argon2id$v=19$m=%d,t=%d,p=%d$", &m, &time, &p); err == nil {
		return m << 10, max(1, m>>10) * time
	}
	if _, err := fmt.Sscanf(hash, "scrypt:%d:%d:%d$", &n, &r, &p); err == nil {
		return 128 * n * r, max(n*r*p, 4*r*p)
	}
	fields := strings.SplitN(hash, ":", 3)
	if _, err := fmt.Sscanf(fields[len(fields)-1], "%d$", &n); err != nil || fields[0] != "pbkdf2" {
		t.Fatalf("%q was taken, but is of no form: %v", hash, err)
	}
	return 0, n
}
