package passhash_test

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/passhash"
)

func newHasher(t testing.TB, c passhash.Config) *passhash.Hasher {
	t.Helper()
	h, err := passhash.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func mustHash(t testing.TB, h *passhash.Hasher, password string) string {
	t.Helper()
	hash, err := h.Hash(context.Background(), password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestHashIsCanonicalAndSalted(t *testing.T) {
	t.Parallel()
	h := newHasher(t, passhash.Config{})
	const password = "a rather plain passphrase"
	first, second := mustHash(t, h, password), mustHash(t, h, password)
	form := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`)
	if !form.MatchString(first) {
		t.Errorf("hash %q is not of the form %s", first, form)
	}
	if first == second {
		t.Error("two hashes of one password are equal: the salt is not random")
	}
	if match, stale, err := h.Verify(context.Background(), first, password); !match || stale || err != nil {
		t.Errorf("Verify = %v, %v, %v; want true, false, nil", match, stale, err)
	}
	if match, stale, err := h.Verify(context.Background(), first, password+"."); match || stale || err != nil {
		t.Errorf("Verify of a wrong password = %v, %v, %v; want false, false, nil", match, stale, err)
	}
}

// TestReferenceVectors checks hashes made by the reference implementation (its argon2 command).
func TestReferenceVectors(t *testing.T) {
	t.Parallel()
	h := newHasher(t, passhash.Config{})
	const password = "seven blue tents by the lake"
	for _, tt := range []struct {
		hash  string
		stale bool
	}{
		{"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$0JCsrbpbr6CmdkgDF9DIz+2dmIgPfnfx1sPf/yH6Sgk", false},
		{"$argon2id$v=19$m=12288,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$91eiVYrM7iKjrigHr/+Kig", true}, // parameters and a short tag
	} {
		match, stale, err := h.Verify(context.Background(), tt.hash, password)
		if !match || stale != tt.stale || err != nil {
			t.Errorf("Verify(%s) = %v, %v, %v; want true, %v, nil", tt.hash, match, stale, err, tt.stale)
		}
		if match, stale, err = h.Verify(context.Background(), tt.hash, "S"+password[1:]); match || stale || err != nil {
			t.Errorf("Verify(%s) of a wrong password = %v, %v, %v", tt.hash, match, stale, err)
		}
	}
}

// TestExactlyAsTyped is ASVS 6.2.8: a password that differs in anything does not match.
func TestExactlyAsTyped(t *testing.T) {
	t.Parallel()
	h := newHasher(t, passhash.Config{})
	h.SetCheap()
	long := strings.Repeat("x", 71)
	for _, tt := range []struct{ name, typed, other string }{
		{"72 and 73 bytes", long + "yz", long + "y"},
		{"the 73rd byte", long + "yz", long + "yZ"},
		{"trailing space", "correct password", "correct password "},
		{"leading space", " correct password", "correct password"},
		{"case", "correct password", "Correct password"},
		{"NUL", "correct\x00password", "correct\x00Password"},
		{"trailing NUL", "correct password\x00", "correct password"},
		{"line break", "correct password\n", "correct password"},
		{"composition of accents", "caf\u00e9 password long", "cafe\u0301 password long"},
		{"the last byte that counts", strings.Repeat("z", passhash.MaxPassword), strings.Repeat("z", passhash.MaxPassword-1) + "y"},
		{"invalid UTF-8", "password \xff\xfe", "password \xff\xfd"},
		{"nothing", "", " "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hash := mustHash(t, h, tt.typed)
			if match, _, err := h.Verify(context.Background(), hash, tt.typed); !match || err != nil {
				t.Errorf("the password itself: match %v, error %v", match, err)
			}
			if match, _, err := h.Verify(context.Background(), hash, tt.other); match || err != nil {
				t.Errorf("another password: match %v, error %v", match, err)
			}
		})
	}
}

func TestTooLong(t *testing.T) {
	t.Parallel()
	h := newHasher(t, passhash.Config{})
	most := strings.Repeat("a", passhash.MaxPassword)
	hash := mustHash(t, h, most)
	before := h.Computed()
	// The first MaxPassword bytes are right: only the check of the length stands between this and a
	// match.
	match, stale, err := h.Verify(context.Background(), hash, most+"a")
	if match || stale || err != nil {
		t.Errorf("Verify = %v, %v, %v; want no match", match, stale, err)
	}
	if n := h.Computed() - before; n != 1 {
		t.Errorf("%d computations for a password that is too long, want 1 as for any other", n)
	}
	if _, err := h.Hash(context.Background(), most+"a"); !errors.Is(err, passhash.ErrTooLong) {
		t.Errorf("Hash: %v, want ErrTooLong", err)
	}
	if n := h.Computed() - before; n != 1 {
		t.Errorf("refusing a password that is too long cost %d computations", n-1)
	}
}

// TestOneUnitOfWork: whatever is wrong with an attempt, it costs one computation, and Decoy as much
// as Verify.
func TestOneUnitOfWork(t *testing.T) {
	t.Parallel()
	h := newHasher(t, passhash.Config{})
	ctx := context.Background()
	hash := mustHash(t, h, "the right password")
	verify := func(password string) func() error {
		return func() error { _, _, err := h.Verify(ctx, hash, password); return err }
	}
	decoy := func(password string) func() error { return func() error { return h.Decoy(ctx, password) } }
	for name, attempt := range map[string]func() error{
		"right":           verify("the right password"),
		"wrong":           verify("the wrong password"),
		"empty":           verify(""),
		"too long":        verify(strings.Repeat("a", 1<<20)),
		"unknown":         decoy("the right password"),
		"unknown, long":   decoy(strings.Repeat("a", 1<<20)),
		"unknown, absent": decoy(""),
	} {
		before := h.Computed()
		if err := attempt(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := h.Computed() - before; n != 1 {
			t.Errorf("%s: %d computations, want 1", name, n)
		}
	}
}

func TestStale(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const password = "a rather plain passphrase"
	yesterday := newHasher(t, passhash.Config{})
	today := newHasher(t, passhash.Config{Params: passhash.Params{MemoryKiB: 12288, Time: 3, Threads: 1}})
	hash := mustHash(t, yesterday, password)
	if match, stale, err := today.Verify(ctx, hash, password); !match || !stale || err != nil {
		t.Errorf("right password, other parameters: %v, %v, %v; want true, true, nil", match, stale, err)
	}
	if match, stale, err := today.Verify(ctx, hash, "wrong"); match || stale || err != nil {
		t.Errorf("wrong password, other parameters: %v, %v, %v; want false, false, nil", match, stale, err)
	}
	if match, stale, err := today.Verify(ctx, mustHash(t, today, password), password); !match || stale || err != nil {
		t.Errorf("replaced hash: %v, %v, %v; want true, false, nil", match, stale, err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		config passhash.Config
		want   string // part of the error; empty: it is accepted
	}{
		{"zero", passhash.Config{}, ""},
		{"19 MiB, 2 passes", passhash.Config{Params: passhash.Params{MemoryKiB: 19456, Time: 2, Threads: 1}}, ""},
		{"46 MiB, 1 pass", passhash.Config{Params: passhash.Params{MemoryKiB: 47104, Time: 1, Threads: 1}}, ""},
		{"12 MiB, 3 passes", passhash.Config{Params: passhash.Params{MemoryKiB: 12288, Time: 3, Threads: 2}}, ""},
		{"as dear as may be", passhash.Config{Params: passhash.Params{MemoryKiB: 256 << 10, Time: 10, Threads: 16}}, ""},
		{"too little for 2 passes", passhash.Config{Params: passhash.Params{MemoryKiB: 19455, Time: 2, Threads: 1}}, "too weak"},
		{"too little for 1 pass", passhash.Config{Params: passhash.Params{MemoryKiB: 47103, Time: 1, Threads: 1}}, "too weak"},
		{"too little for 10 passes", passhash.Config{Params: passhash.Params{MemoryKiB: 12287, Time: 10, Threads: 1}}, "too weak"},
		{"no passes", passhash.Config{Params: passhash.Params{MemoryKiB: 19456, Threads: 1}}, "cannot be computed"},
		{"no lanes", passhash.Config{Params: passhash.Params{MemoryKiB: 19456, Time: 2}}, "cannot be computed"},
		{"only lanes", passhash.Config{Params: passhash.Params{Threads: 1}}, "cannot be computed"},
		{"too much memory", passhash.Config{Params: passhash.Params{MemoryKiB: 256<<10 + 1, Time: 2, Threads: 1}}, "costs too much"},
		{"too many passes", passhash.Config{Params: passhash.Params{MemoryKiB: 19456, Time: 11, Threads: 1}}, "costs too much"},
		{"too many lanes", passhash.Config{Params: passhash.Params{MemoryKiB: 19456, Time: 2, Threads: 17}}, "costs too much"},
		{"Scrypt", passhash.Config{Form: passhash.Scrypt}, ""},
		{"PBKDF2", passhash.Config{Form: passhash.PBKDF2}, ""},
		{"unknown form", passhash.Config{Form: "bcrypt"}, "unknown Form"},
		{"form in capitals", passhash.Config{Form: "Argon2id"}, "unknown Form"},
		{"argon2id's cost for another form", passhash.Config{Form: passhash.Scrypt, Params: passhash.DefaultParams()}, "argon2id"},
		{"negative slots", passhash.Config{Slots: -1}, "Slots"},
		{"negative wait", passhash.Config{Wait: -1}, "Wait"},
		{"no randomness", passhash.Config{Rand: bytes.NewReader(nil)}, "random"},
	} {
		_, err := passhash.New(tt.config)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

// TestRandFails: without randomness there is no hash, rather than one with a salt of zeros.
func TestRandFails(t *testing.T) {
	t.Parallel()
	h := newHasher(t, passhash.Config{Rand: bytes.NewReader(make([]byte, 16+32+15))}) // enough for New, one byte short for a salt
	if hash, err := h.Hash(context.Background(), "password"); err == nil || hash != "" {
		t.Errorf("Hash = %q, %v; want an error", hash, err)
	}
}
