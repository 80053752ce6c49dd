package passhash_test

import (
	"bytes"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/passhash"
)

// TestForms: each form is written as those expect who read it, and costs what it should.
func TestForms(t *testing.T) {
	t.Parallel()
	for form, shape := range map[passhash.Form]string{
		"":                `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`,
		passhash.Argon2id: `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`,
		passhash.Scrypt:   `^scrypt:32768:8:1\$[A-Za-z0-9]{16}\$[0-9a-f]{128}$`,
		passhash.PBKDF2:   `^pbkdf2:sha256:600000\$[A-Za-z0-9]{16}\$[0-9a-f]{64}$`,
	} {
		t.Run(string(form), func(t *testing.T) {
			h := newHasher(t, passhash.Config{Form: form})
			const password = "a rather plain passphrase"
			first := mustHash(t, h, password)
			if !regexp.MustCompile(shape).MatchString(first) {
				t.Errorf("hash %q is not of the form %s", first, shape)
			}
			if again, err := passhash.Parse(first); err != nil || again != first {
				t.Errorf("parsed it is %q, %v", again, err)
			}
			h.SetCheap() // from here on the cost is of no interest
			a, b := mustHash(t, h, password), mustHash(t, h, password)
			if a == b {
				t.Error("two hashes of one password are equal: the salt is not random")
			}
			if match, stale, err := h.Verify(t.Context(), a, password); !match || stale || err != nil {
				t.Errorf("Verify = %v, %v, %v; want true, false, nil", match, stale, err)
			}
			if match, stale, err := h.Verify(t.Context(), b, password+"."); match || stale || err != nil {
				t.Errorf("Verify of a wrong password = %v, %v, %v; want false, false, nil", match, stale, err)
			}
			if h.Computed() != 5 {
				t.Errorf("%d computations, want 5", h.Computed())
			}
		})
	}
}

// TestDecoyIsOfTheForm: for an unknown account exactly one hash is computed, of the form, cost and
// length of a new one.
func TestDecoyIsOfTheForm(t *testing.T) {
	t.Parallel()
	for _, form := range []passhash.Form{passhash.Argon2id, passhash.Scrypt, passhash.PBKDF2} {
		h := newHasher(t, passhash.Config{Form: form})
		var computed []string
		h.SetComputing(func(hash string) { computed = append(computed, hash) })
		if err := h.Decoy(t.Context(), "password"); err != nil {
			t.Fatal(err)
		}
		h = newHasher(t, passhash.Config{Form: form})
		made := mustHash(t, h, "password")
		cost := made[:strings.LastIndex(made[:strings.LastIndex(made, "$")], "$")+1] // all before the salt
		if len(computed) != 1 || !strings.HasPrefix(computed[0], cost) || len(computed[0]) != len(made) || computed[0] == made {
			t.Errorf("%s: %q was computed, beside a hash such as %q", form, computed, made)
		}
	}
}

// TestDecoyLike: the work is that of the form asked for, once; for what is none it is that of
// Decoy.
func TestDecoyLike(t *testing.T) {
	t.Parallel()
	const today = "$argon2id$v=19$m=19456,t=2,p=1"
	for form, want := range map[string]string{
		today:                              today,
		"$argon2id$v=19$m=12288,t=3,p=1":   "$argon2id$v=19$m=12288,t=3,p=1",
		"scrypt:32768:8:1":                 "scrypt:32768:8:1",
		"pbkdf2:sha256:260000":             "pbkdf2:sha256:260000",
		"":                                 today,
		"$argon2id$v=19$m=12288,t=3":       today,
		"$argon2id$v=19$m=1,t=1,p=1":       today, // which cannot be computed
		"$argon2id$v=19$m=9999999,t=1,p=1": today, // which costs too much
		"$2b$12":                           today,
		"plain":                            today,
		"md5":                              today,
		"scrypt:3:8:1":                     today,
		"pbkdf2:sha256":                    today,
	} {
		h := newHasher(t, passhash.Config{})
		var computed []string
		h.SetComputing(func(hash string) { computed = append(computed, hash) })
		if err := h.DecoyLike(t.Context(), form, "password"); err != nil {
			t.Fatal(err)
		}
		if len(computed) != 1 || !strings.HasPrefix(computed[0], want+"$") || h.Computed() != 1 {
			t.Errorf("%q: %q was computed, %d times", form, computed, h.Computed())
		}
		if _, err := passhash.Parse(computed[0]); err != nil {
			t.Errorf("%q: Verify would not compute %q", form, computed[0])
		}
	}
}

// TestStaleAcrossForms: while Werkzeug has to read the hashes, those that it can read stay, and the
// others are rewritten.
func TestStaleAcrossForms(t *testing.T) {
	t.Parallel()
	const password = "a rather plain passphrase"
	hashes := map[string]string{
		"legacy":             "plain$$" + password,
		"pbkdf2 of long ago": "pbkdf2:sha1:1000$AbCdEfGh$56ee2372dff0b09da902b2613f12ec9024f6950e",
	}
	for _, form := range []passhash.Form{passhash.Argon2id, passhash.Scrypt, passhash.PBKDF2} {
		h := newHasher(t, passhash.Config{Form: form})
		h.SetCheap()
		hashes[string(form)] = mustHash(t, h, password)
	}
	other := newHasher(t, passhash.Config{Params: passhash.Params{MemoryKiB: 12288, Time: 3, Threads: 1}})
	hashes["another argon2id"] = mustHash(t, other, password)
	for _, tt := range []struct {
		form  passhash.Form
		stale map[string]bool
	}{
		{passhash.Argon2id, map[string]bool{
			"legacy": true, "another argon2id": true, "scrypt": true, "pbkdf2": true, "pbkdf2 of long ago": true,
		}},
		{passhash.Scrypt, map[string]bool{"legacy": true, "another argon2id": true, "argon2id": true}},
		{passhash.PBKDF2, map[string]bool{"legacy": true, "another argon2id": true, "argon2id": true}},
	} {
		h := newHasher(t, passhash.Config{Form: tt.form, Legacy: true})
		h.SetCheap()
		for name, hash := range hashes {
			match, stale, err := h.Verify(t.Context(), hash, password)
			if !match || stale != tt.stale[name] || err != nil {
				t.Errorf("%s while %s is written: %v, %v, %v; want true, %v, nil", name, tt.form, match, stale, err, tt.stale[name])
			}
			if match, stale, err = h.Verify(t.Context(), hash, "wrong"); match || stale || err != nil {
				t.Errorf("%s while %s is written, wrong password: %v, %v, %v", name, tt.form, match, stale, err)
			}
		}
	}
}

// TestLegacyCosts: checking a legacy hash does the work of the configured form as well, so that the
// time does not tell who has one. The memory that is allocated shows it.
func TestLegacyCosts(t *testing.T) {
	for form, least := range map[passhash.Form]uint64{passhash.Argon2id: 19 << 20, passhash.Scrypt: 32 << 20} {
		h := newHasher(t, passhash.Config{Form: form, Legacy: true})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if match, _, err := h.Verify(t.Context(), "plain$$pw", "pw"); !match || err != nil {
			t.Fatal(match, err)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n < least {
			t.Errorf("%s: %d bytes were allocated, want at least %d", form, n, least)
		}
	}
}

// TestWerkzeugSaltOfRand: the salt is what Config.Rand gives, written in letters and digits, always
// 16 of them.
func TestWerkzeugSaltOfRand(t *testing.T) {
	t.Parallel()
	const inNew = 16 + 32 // bytes that New takes
	for fill, want := range map[byte]string{0: "0000000000000000", 1: "CZi6JaolPzVQ3HW1", 0xff: "m5tFLK9N8MT7fHC7"} {
		h := newHasher(t, passhash.Config{Form: passhash.PBKDF2, Rand: bytes.NewReader(bytes.Repeat([]byte{fill}, inNew+16))})
		h.SetCheap()
		if got := strings.Split(mustHash(t, h, "pw"), "$")[1]; got != want {
			t.Errorf("salt of bytes %x: %q, want %q", fill, got, want)
		}
		if _, err := h.Hash(t.Context(), "pw"); err == nil {
			t.Error("a hash was made without randomness")
		}
	}
}
