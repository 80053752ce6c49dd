package passhash_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/passhash"
)

// The password "pw" as Werkzeug hashes it.
const (
	pbkdf2PW = "pbkdf2:sha256:1000$AbCdEfGh$9c149dd6c434735bac5f06ae7b359807a2674916340ace102550ed23745c0868"
	scryptPW = "scrypt:1024:8:1$AbCdEfGh$3b0a0533c49d6728adaf801eb178b77ca8eb09140ed407710a2bfd37f387ab23" +
		"7a4e1b7444652579bf531e76a5bd2130b54dbb455ee13b6ca120d82e8aa5e5c0"
)

// TestWerkzeugGolden: every hash that five versions of the real Werkzeug made or were asked about
// is judged as they judge it.
func TestWerkzeugGolden(t *testing.T) {
	text, err := os.ReadFile("testdata/werkzeug.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct{ Cases []werkzeugCase }
	if err := json.Unmarshal(text, &golden); err != nil || len(golden.Cases) < 100 {
		t.Fatalf("%d cases, %v", len(golden.Cases), err)
	}
	strict := newHasher(t, passhash.Config{Slots: 2, Queue: 1000, Wait: time.Hour})
	legacy := newHasher(t, passhash.Config{Slots: 2, Queue: 1000, Wait: time.Hour, Legacy: true})
	legacy.SetCheap()
	for _, c := range golden.Cases {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			if !c.verify(t, strict) { // Legacy adds to what is read, and changes nothing of it
				c.verifyLegacy(t, legacy)
			}
		})
	}
}

// werkzeugCase is a hash, and what Werkzeug says of it and a password.
type werkzeugCase struct {
	ID, Note, Password, Hash, Expect string
	Matches                          bool
	Werkzeug                         map[string]any
}

// verify verifies a case without Config.Legacy, and reports whether its hash is well formed.
func (c werkzeugCase) verify(t *testing.T, h *passhash.Hasher) bool {
	t.Helper()
	match, stale, err := h.Verify(t.Context(), c.Hash, c.Password)
	if err != nil && !errors.Is(err, passhash.ErrMalformed) {
		t.Fatal(err)
	}
	if stale != match {
		t.Errorf("match %v, stale %v: with argon2id as the form, what matches is stale", match, stale)
	}
	switch want := c.Expect == "match"; {
	case c.Expect == "either":
		if match && !c.Matches {
			t.Errorf("%s: it matches, but Werkzeug's does not", c.Note)
		}
	case match != want:
		t.Errorf("%s: match %v, error %v, want %v", c.Note, match, err, want)
	}
	return err == nil
}

func (c werkzeugCase) verifyLegacy(t *testing.T, h *passhash.Hasher) {
	t.Helper()
	match, stale, err := h.Verify(t.Context(), c.Hash, c.Password)
	want := c.Expect == "legacy" && c.Werkzeug["2.2.2"] == true
	if match != want || stale != want || err != nil && !errors.Is(err, passhash.ErrMalformed) {
		t.Errorf("%s, with Legacy: match %v, stale %v, error %v, want %v", c.Note, match, stale, err, want)
	}
}

// TestWerkzeugSpelling: a hash is read only as Werkzeug writes it, although Werkzeug reads more.
func TestWerkzeugSpelling(t *testing.T) {
	t.Parallel()
	h := newHasher(t, passhash.Config{Legacy: true}) // which must let nothing of it in
	h.SetCheap()
	const begin, sum = "pbkdf2:sha256:1000$AbCdEfGh$", "9c149dd6c434735bac5f06ae7b359807a2674916340ace102550ed23745c0868"
	hashes := []string{
		strings.ToUpper(pbkdf2PW), " " + pbkdf2PW, "$" + pbkdf2PW, pbkdf2PW + "0", pbkdf2PW + "00", pbkdf2PW + "\n", pbkdf2PW + "$",
		begin + strings.ToUpper(sum), begin + sum[:63], begin + sum[:62], begin + sum[:62] + "6g", begin + "0x" + sum[2:], begin,
		"pbkdf2:sha256:1000$AbCdEfGh", "pbkdf2:sha256:1000", "pbkdf2:sha256:1000$$",
		"pbkdf2:sha1:1000$AbCdEfGh$" + sum,           // as long as that of another digest
		"pbkdf2:ripemd160:1000$AbCdEfGh$" + sum[:40], // not on every machine
		"pbkdf2:sha256:1000$\xff$" + sum,             // no text
		"pbkdf2:sha256:1000$" + strings.Repeat("a", 4096) + "$" + sum,
		scryptPW[:len(scryptPW)-2], scryptPW[:len(scryptPW)-64], scryptPW + "00",
		"$", "$$", "a$b", "a$b$c", "pbkdf2:sha256:1000:plain$AbCdEfGh$pw",
	}
	for _, method := range []string{
		"pbkdf2", "pbkdf2:", "pbkdf2:sha256", "pbkdf2:sha256:", "pbkdf2:sha256:1000:", "pbkdf2:sha256:1000:1",
		"pbkdf2::1000", "pbkdf2:1000", "pbkdf2:1000:sha256", "PBKDF2:sha256:1000", "pbkdf2 :sha256:1000",
		"pbkdf2:SHA256:1000", "pbkdf2:sha-256:1000", "pbkdf2:sha256 :1000", "pbkdf2:shake_256:1000",
		"pbkdf2:sha256:1_000", "pbkdf2:sha256: 1000", "pbkdf2:sha256:1000 ", "pbkdf2:sha256:+1000", "pbkdf2:sha256:01000",
		"pbkdf2:sha256:1e3", "pbkdf2:sha256:0x3e8", "pbkdf2:sha256:1000.0", "pbkdf2:sha256:\uff11\uff10\uff10\uff10",
		"bcrypt", "",
	} {
		hashes = append(hashes, method+"$AbCdEfGh$"+sum)
	}
	for _, method := range []string{
		"scrypt", "scrypt:", "scrypt:1024", "scrypt:1024:8", "scrypt:1024:8:1:1", "scrypt:1024::1", "Scrypt:1024:8:1",
		"scrypt:1_024:8:1", "scrypt:1024: 8:1", "scrypt:1024:8:+1", "scrypt:01024:8:1", "scrypt:1024:8:1.0", "scrypt:-1024:8:1",
	} {
		hashes = append(hashes, method+strings.TrimPrefix(scryptPW, "scrypt:1024:8:1"))
	}
	for _, hash := range hashes {
		match, stale, err := h.Verify(t.Context(), hash, "pw")
		if match || stale || !errors.Is(err, passhash.ErrMalformed) {
			t.Errorf("Verify(%.120q) = %v, %v, %v; want ErrMalformed", hash, match, stale, err)
		}
	}
	if n := h.Computed(); n != 0 {
		t.Errorf("%d computations for malformed hashes, want none", n)
	}
	for _, hash := range []string{ // and what is read although it looks odd
		pbkdf2PW, scryptPW,
		"pbkdf2:sha256:1000$s\u00e4lt$68bfdd22acf26c3204ef4ecb0f2054633c14ae84bc8570e571a3a6505db451c1",
		"scrypt:1024:8:1$$70ff55e9292db4e3904daef662c745e148ecb6d456d3f632ed66f427073dee35" +
			"8067cceade90ad98b0b724f1de2d6315ff921bea4343acf826280b59e68f69ab",
	} {
		if match, _, err := h.Verify(t.Context(), hash, "pw"); !match || err != nil {
			t.Errorf("Verify(%s) = %v, %v", hash, match, err)
		}
	}
}

// TestWerkzeugCosts: what may be computed and what may not. Nothing of it is computed here.
func TestWerkzeugCosts(t *testing.T) {
	t.Parallel()
	scryptRest := strings.TrimPrefix(scryptPW, "scrypt:1024:8:1")
	for _, tt := range []struct {
		method string
		want   bool
	}{
		{"pbkdf2:sha256:1", true},
		{"pbkdf2:sha256:1000000", true},
		{"pbkdf2:sha256:10000000", true},
		{"pbkdf2:sha256:10000001", false},
		{"pbkdf2:sha512:1000000", true},
		{"pbkdf2:sha512:2500000", true},
		{"pbkdf2:sha512:2500001", false},
		{"pbkdf2:sha3_512:1666666", true},
		{"pbkdf2:sha3_512:1666667", false},
		{"pbkdf2:sha256:0", false},
		{"pbkdf2:sha256:-1", false},
		{"pbkdf2:sha256:2147483647", false},
		{"pbkdf2:sha256:4294967297", false}, // 2^32 + 1
		{"pbkdf2:sha256:99999999999999999999", false},
		{"scrypt:32768:8:1", true},
		{"scrypt:131072:8:1", true}, // OWASP's first choice
		{"scrypt:262144:8:1", true},
		{"scrypt:262144:8:4", true},
		{"scrypt:262144:8:5", false}, // time
		{"scrypt:524288:8:1", false}, // memory
		{"scrypt:262144:9:1", false},
		{"scrypt:2097152:1:1", false},
		{"scrypt:1024:2:4096", true},
		{"scrypt:1024:8:1024", true},
		{"scrypt:1024:8:1025", false}, // time
		{"scrypt:2:1:16384", true},
		{"scrypt:2:1:16385", false}, // blocks
		{"scrypt:128:8:1", true},
		{"scrypt:64:8:1", false}, // Werkzeug gives OpenSSL too little memory
		{"scrypt:2:8:64", true},
		{"scrypt:2:8:3", false},
		{"scrypt:32768:1:1", true},
		{"scrypt:65536:1:1", false}, // RFC 7914
		{"scrypt:65536:2:1", true},
		{"scrypt:0:8:1", false},
		{"scrypt:1:8:1", false},
		{"scrypt:1:1:1000", false},
		{"scrypt:1000:8:1", false},
		{"scrypt:1024:0:1", false},
		{"scrypt:1024:8:0", false},
		{"scrypt:1073741824:1073741824:1073741824", false},
		{"scrypt:2:2147483647:2147483647", false},
		{"scrypt:4294968320:8:1", false},              // 2^32 + 1024
		{"scrypt:1024:18446744073709551624:1", false}, // 2^64 + 8
	} {
		rest := scryptRest
		if digest, ok := strings.CutPrefix(tt.method, "pbkdf2:"); ok {
			size := map[string]int{"sha256": 32, "sha512": 64, "sha3_512": 64}[digest[:strings.Index(digest, ":")]]
			rest = "$AbCdEfGh$" + strings.Repeat("00", size)
		}
		if again, err := passhash.Parse(tt.method + rest); (err == nil) != tt.want || err == nil && again != tt.method+rest {
			t.Errorf("%s: error %v, want it to be read: %v", tt.method, err, tt.want)
		}
	}
}

// TestLegacy: the old forms match as Werkzeug 2.2 matched them, only where they are asked for, and
// cost what any other does.
func TestLegacy(t *testing.T) {
	t.Parallel()
	strict := newHasher(t, passhash.Config{})
	h := newHasher(t, passhash.Config{Legacy: true})
	h.SetCheap()
	for _, tt := range []struct {
		hash, password string
		want           bool
	}{
		{"plain$$pw", "pw", true},
		{"plain$salt$pw", "pw", true},
		{"plain$salt$pw", "pw ", false},
		{"plain$salt$pw", "PW", false},
		{"plain$salt$pw", "salt$pw", false},
		{"plain$$p$w", "p$w", true},
		{"plain$$p\u00e4sswort", "p\u00e4sswort", true},
		{"md5$AbCdEfGh$49e301495d2745acfe5fb7b3b1164d9b", "pw", true},
		{"md5$AbCdEfGh$49e301495d2745acfe5fb7b3b1164d9b", "Pw", false},
		{"sha256$AbCdEfGh$99baad6a61589d1cdfe939e6d88f9008cd01ea202aee33d3dafa929bd80571ed", "pw", true},
		{"sha1$$1a91d62f7ca67399625a4368a6ab5d4a3baa6073", "pw", true},
		{"md5$$7a72e163a9985351fe3c1964194f809f", "pw", false}, // an HMAC with an empty key: only 2.3 made that
	} {
		before := h.Computed()
		match, stale, err := h.Verify(t.Context(), tt.hash, tt.password)
		if match != tt.want || stale != tt.want || err != nil {
			t.Errorf("Verify(%s, %q) = %v, %v, %v; want %v", tt.hash, tt.password, match, stale, err, tt.want)
		}
		if n := h.Computed() - before; n != 1 {
			t.Errorf("%s: %d computations, want 1", tt.hash, n)
		}
		if match, _, err := strict.Verify(t.Context(), tt.hash, tt.password); match || !errors.Is(err, passhash.ErrMalformed) {
			t.Errorf("not asked for: Verify(%s) = %v, %v; want ErrMalformed", tt.hash, match, err)
		}
	}
	for _, hash := range []string{
		"plain$pw", "Plain$$pw", "plain:$$pw", "md5$$7A72E163A9985351FE3C1964194F809F", "md5$$7a72e163a9985351fe3c1964194f809",
		"md5$AbCdEfGh$", "MD5$$7a72e163a9985351fe3c1964194f809f", "md5 $$7a72e163a9985351fe3c1964194f809f", "crc32$$00000000",
		"plain$$" + strings.Repeat("a", 4096),
	} {
		if match, _, err := h.Verify(t.Context(), hash, "pw"); match || !errors.Is(err, passhash.ErrMalformed) {
			t.Errorf("Verify(%.80s) = %v, %v; want ErrMalformed", hash, match, err)
		}
	}
	if strict.Computed() != 0 {
		t.Error("a form that was not asked for was computed")
	}
}

// TestWerkzeugTooLong: the rule about long passwords is the same for every form.
func TestWerkzeugTooLong(t *testing.T) {
	t.Parallel()
	for _, form := range []passhash.Form{passhash.Scrypt, passhash.PBKDF2} {
		h := newHasher(t, passhash.Config{Form: form})
		h.SetCheap()
		most := strings.Repeat("a", passhash.MaxPassword)
		hash := mustHash(t, h, most)
		if match, _, err := h.Verify(context.Background(), hash, most); !match || err != nil {
			t.Errorf("%s: %v, %v", form, match, err)
		}
		if match, _, err := h.Verify(context.Background(), hash, most+"a"); match || err != nil {
			t.Errorf("%s, a byte more: %v, %v", form, match, err)
		}
		if n := h.Computed(); n != 3 {
			t.Errorf("%s: %d computations, want 3", form, n)
		}
	}
}
