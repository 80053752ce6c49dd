package place

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/doorbook/doorbook/session/internal/mac"
	"github.com/doorbook/doorbook/session/store"
)

// A session key is the record's id and a secret. In the cookie a signature over both follows, 60
// bytes that are 80 characters of URL-safe base64 without a spare bit, so that no other spelling of
// a key exists.
const (
	SecretBytes = 24 // 192 bits from crypto/rand (ASVS 7.2.3 asks for 128)
	MACBytes    = 24
	IDBytes     = len(store.ID{})
	KeyText     = (IDBytes + SecretBytes + MACBytes) / 3 * 4 // characters of a key in a cookie

	signedBytes = IDBytes + SecretBytes
	keyBytes    = signedBytes + MACBytes
)

// key is what a browser holds of a session whose data is in a store.
type key struct {
	id     store.ID
	secret [SecretBytes]byte
}

// newKey draws a session key.
func newKey(random io.Reader) (k key, err error) {
	if _, err = io.ReadFull(random, k.id[:]); err == nil {
		_, err = io.ReadFull(random, k.secret[:])
	}
	if err != nil {
		return k, fmt.Errorf("session: random source: %w", err)
	}
	return k, nil
}

// renewed returns the key with another secret for the same record, if that is asked for.
func (k key) renewed(asked bool, random io.Reader) (key, error) {
	if !asked { // the usual case, in which nothing has to be on the heap
		return k, nil
	}
	return k.drawn(random)
}

func (k key) drawn(random io.Reader) (key, error) {
	if _, err := io.ReadFull(random, k.secret[:]); err != nil {
		return k, fmt.Errorf("session: random source: %w", err)
	}
	return k, nil
}

func (k *key) digest() store.Digest { return sha256.Sum256(k.secret[:]) }

// format returns the key signed with the first of the keys.
func (k *key) format(signer mac.Keys) string {
	var raw [keyBytes]byte
	copy(raw[:], k.id[:])
	copy(raw[IDBytes:], k.secret[:])
	sum := signer.Sum(raw[:signedBytes])
	copy(raw[signedBytes:], sum[:MACBytes])
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// parseKey reads exactly what format writes under one of the keys, and returns which.
func parseKey(value string, signer mac.Keys) (k key, index int, ok bool) {
	if len(value) != KeyText {
		return k, 0, false
	}
	var raw [keyBytes]byte
	if !decode64(raw[:], value) {
		return k, 0, false
	}
	if index, ok = signer.Verify(raw[:signedBytes], raw[signedBytes:]); !ok {
		return k, 0, false
	}
	copy(k.id[:], raw[:])
	copy(k.secret[:], raw[IDBytes:])
	return k, index, true
}

// decode64 reads URL-safe base64 that fills dst. encoding/base64 passes over line breaks, which
// then are bytes too few.
func decode64(dst []byte, s string) bool {
	var text [KeyText]byte
	n, err := base64.RawURLEncoding.Decode(dst, text[:copy(text[:], s)])
	return err == nil && n == len(dst)
}

// derivedKey returns the session key that one of the keys derives from an id, and from what else is
// known of the session: for sessions that come without a key of their own. It is derived, not
// drawn, so that of requests that come at the same time with the same cookie each finds the same.
func derivedKey(by mac.Keys, index int, id store.ID, from []byte) key {
	k := key{id: id}
	sum := by.SumBy(index, append(append([]byte("adopted "), id[:]...), from...))
	copy(k.secret[:], sum[:])
	return k
}

// derivedWith returns the derived key of that digest, whichever of the keys it was derived by.
func derivedWith(by mac.Keys, digest store.Digest, id store.ID, from []byte) (key, bool) {
	for i := range by {
		if k := derivedKey(by, i, id, from); k.digest() == digest {
			return k, true
		}
	}
	return key{}, false
}
