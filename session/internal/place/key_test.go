package place

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/session/internal/mac"
	"github.com/doorbook/doorbook/session/store"
)

func fuzzSigner() mac.Keys {
	secret, err := hkdf.Key(sha256.New, []byte("a key of 32 bytes for benchmarks"), nil, "doorbook/session cookie x", 32)
	if err != nil {
		panic(err)
	}
	return mac.New([][]byte{secret})
}

// Whatever is read is exactly what would be written. More seeds lie in testdata.
func FuzzParseKey(f *testing.F) {
	signer := fuzzSigner()
	k := key{id: store.ID{1, 2, 3}, secret: [SecretBytes]byte{4, 5, 6}}
	valid := k.format(signer)
	for _, seed := range []string{valid, valid[:79], valid + "A", valid[:40] + "\n" + valid[41:], strings.ToUpper(valid), "", strings.Repeat("A", 80)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got, index, ok := parseKey(value, signer)
		if !ok {
			if value == valid {
				t.Fatal("the valid key is refused")
			}
			return
		}
		if index != 0 || got.format(signer) != value {
			t.Fatalf("%q is read as a key that is written %q", value, got.format(signer))
		}
	})
}

// The signature of a known key, so that no change of the code ends everybody's session unnoticed.
func TestSessionKeyIsStable(t *testing.T) {
	t.Parallel()
	k := key{}
	for i := range k.id {
		k.id[i] = byte(i)
	}
	for i := range k.secret {
		k.secret[i] = byte(100 + i)
	}
	const want = "AAECAwQFBgcICQoLZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7qPu-1Nh0skRErbNvpreCYJbbAhIaYRbq"
	signer := fuzzSigner()
	if got := k.format(signer); got != want {
		t.Errorf("got %s", got)
	}
	// The same by the library functions, which make it slower.
	derived, err := hkdf.Key(sha256.New, []byte("a key of 32 bytes for benchmarks"), nil, "doorbook/session cookie x", 32)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(want)
	mac := hmac.New(sha256.New, derived)
	mac.Write(raw[:36])
	if !bytes.Equal(mac.Sum(nil)[:24], raw[36:]) {
		t.Error("the signature is not HKDF and HMAC-SHA256")
	}
	for _, n := range []int{0, 1, 127, 128, 129, 1000} {
		message := bytes.Repeat([]byte("m"), n)
		mac.Reset()
		mac.Write(message)
		if sum := signer.Sum(message); !bytes.Equal(mac.Sum(nil), sum[:]) {
			t.Errorf("the sum of %d bytes is not HMAC-SHA256", n)
		}
	}
}

func TestDecode64(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"AAAA": true, "-_09": true, "AAA\n": false, "\nAAA": false, "AAA=": false, "AA+A": false, "AAA": false, "": false} {
		if got := decode64(make([]byte, 3), text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
