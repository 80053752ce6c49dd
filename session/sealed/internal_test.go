package sealed

import (
	"bytes"
	"crypto/sha3"
	"encoding/hex"
	"testing"
)

// xaes seals by XAES-256-GCM with the parts that sealed cookies are made of.
func xaes(t testing.TB, key, nonce, plaintext, aad []byte) []byte {
	t.Helper()
	k, err := newSealingKey(key)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := k.derive(nonce)
	if err != nil {
		t.Fatal(err)
	}
	return gcm.Seal(nil, nonce[12:], plaintext, aad)
}

// The test vectors of https://c2sp.org/XAES-256-GCM, where the two keys meet both cases of the
// subkey's carry.
//
// Guard: sealed.go, newSealingKey, carry; sealingKey.derive, the counter byte.
func TestXAES(t *testing.T) {
	t.Parallel()
	nonce := []byte("ABCDEFGHIJKLMNOPQRSTUVWX")
	tests := []struct {
		key       byte
		aad, want string
	}{
		{1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	}
	for _, test := range tests {
		got := xaes(t, bytes.Repeat([]byte{test.key}, 32), nonce, []byte("XAES-256-GCM"), []byte(test.aad))
		if hex.EncodeToString(got) != test.want {
			t.Errorf("key %d: %x, want %s", test.key, got, test.want)
		}
	}
}

// The accumulated vectors: keys, nonces, plaintexts and additional data from SHAKE128, all
// ciphertexts hashed by another.
func TestXAESAccumulated(t *testing.T) {
	t.Parallel()
	rounds, want := 10_000, "e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939"
	source, sum := sha3.NewSHAKE128(), sha3.NewSHAKE128()
	read := func(n int) []byte {
		b := make([]byte, n)
		_, _ = source.Read(b)
		return b
	}
	for range rounds {
		key, nonce := read(32), read(24)
		plaintext := read(int(read(1)[0]))
		aad := read(int(read(1)[0]))
		_, _ = sum.Write(xaes(t, key, nonce, plaintext, aad))
	}
	got := make([]byte, 32)
	_, _ = sum.Read(got)
	if hex.EncodeToString(got) != want {
		t.Errorf("after %d rounds %x, want %s", rounds, got, want)
	}
}
