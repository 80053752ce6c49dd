package passhash_test

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"strings"
	"testing"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/scrypt"

	"github.com/doorbook/doorbook/passhash"
)

// BenchmarkVerify is Verify of a hash of each form beside the library's bare computation of the
// same.
func BenchmarkVerify(b *testing.B) {
	const password, salt = "a rather plain passphrase", "AbCdEfGhIjKlMnOp"
	for _, form := range []struct {
		form passhash.Form
		bare func() error
	}{
		{passhash.Argon2id, func() error {
			argon2.IDKey([]byte(password), []byte(salt), 2, 19456, 1, 32)
			return nil
		}},
		{passhash.Scrypt, func() error {
			_, err := scrypt.Key([]byte(password), []byte(salt), 32768, 8, 1, 64)
			return err
		}},
		{passhash.PBKDF2, func() error {
			_, err := pbkdf2.Key(sha256.New, password, []byte(salt), 600_000, 32)
			return err
		}},
	} {
		h := newHasher(b, passhash.Config{Form: form.form})
		hash := mustHash(b, h, password)
		b.Run(string(form.form)+"/bare", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := form.bare(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(string(form.form)+"/Verify", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if match, _, err := h.Verify(b.Context(), hash, password); !match || err != nil {
					b.Fatal(match, err)
				}
			}
		})
	}
}

// BenchmarkAtTheCaps is how long the dearest hashes take that are computed at all: what a planted
// one may cost.
func BenchmarkAtTheCaps(b *testing.B) {
	h := newHasher(b, passhash.Config{})
	for name, hash := range map[string]string{
		"argon2id":        "$argon2id$v=19$m=262144,t=10,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"scrypt memory":   "scrypt:262144:8:4$AbCdEfGh$" + zeros(64),
		"scrypt time":     "scrypt:1024:8:1024$AbCdEfGh$" + zeros(64),
		"scrypt blocks":   "scrypt:2:1:16384$" + strings.Repeat("a", 3900) + "$" + zeros(64),
		"pbkdf2 md5":      "pbkdf2:md5:10000000$AbCdEfGh$" + zeros(16),
		"pbkdf2 sha256":   "pbkdf2:sha256:10000000$AbCdEfGh$" + zeros(32),
		"pbkdf2 sha512":   "pbkdf2:sha512:2500000$AbCdEfGh$" + zeros(64),
		"pbkdf2 sha3_512": "pbkdf2:sha3_512:1666666$AbCdEfGh$" + zeros(64),
		"pbkdf2 blake2s":  "pbkdf2:blake2s:2500000$AbCdEfGh$" + zeros(32),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if match, _, err := h.Verify(b.Context(), hash, "password"); match || err != nil {
					b.Fatal(match, err)
				}
			}
		})
	}
}

// zeros is n bytes of zeros in hexadecimal digits.
func zeros(n int) string { return strings.Repeat("00", n) }
