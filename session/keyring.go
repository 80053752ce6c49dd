package session

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/doorbook/doorbook/session/internal/mac"
	"github.com/doorbook/doorbook/session/internal/published"
)

// minKeyBytes is the shortest secret that NewKeyRing accepts: 32 bytes, the security of the hash
// behind it (ASVS 11.2.3).
const minKeyBytes = 32

// ErrWeakKey is what NewKeyRing answers for a secret that somebody else could know or guess.
var ErrWeakKey = errors.New("session: weak secret key")

// KeyRing holds secret keys: the first signs, all verify. A change of keys logs nobody out as long
// as the old one stays in the ring behind the new one; where many nodes change one after the other,
// the new one joins at the end first. A KeyRing is immutable and safe for concurrent use. Its keys
// are never used themselves: each purpose has one derived by HKDF-SHA256 (RFC 5869), so that what
// is signed for one purpose means nothing for another.
type KeyRing struct {
	secrets [][]byte
}

// NewKeyRing makes a ring. It answers ErrWeakKey for no secret at all, for one shorter than
// minKeyBytes, made by repeating a shorter one or of fewer than 8 different bytes, printed in
// public documentation, or given twice. A secret is used byte for byte as it is given.
func NewKeyRing(secrets ...[]byte) (*KeyRing, error) {
	if len(secrets) == 0 {
		return nil, fmt.Errorf("%w: none given", ErrWeakKey)
	}
	ring := &KeyRing{}
	for i, s := range secrets {
		if err := checkSecret(s); err != nil {
			return nil, fmt.Errorf("%w: key %d %w", ErrWeakKey, i+1, err)
		}
		for _, earlier := range ring.secrets {
			if bytes.Equal(earlier, s) {
				return nil, fmt.Errorf("%w: key %d is given twice", ErrWeakKey, i+1)
			}
		}
		ring.secrets = append(ring.secrets, bytes.Clone(s))
	}
	return ring, nil
}

func checkSecret(s []byte) error {
	switch {
	case len(s) == 0:
		return errors.New("is empty")
	case published.Secret(s):
		return errors.New("is printed in public documentation, so everybody knows it")
	case len(s) < minKeyBytes:
		return fmt.Errorf("has %d bytes, fewer than %d", len(s), minKeyBytes)
	}
	var seen [256]bool
	different := 0
	for _, b := range s {
		if !seen[b] {
			seen[b] = true
			different++
		}
	}
	if different < 8 {
		return errors.New("is made of fewer than 8 different bytes")
	}
	const byChance = 8 // as many equal bytes do not come about by chance: of fewer, one good key in 256 would have one
	for period := 1; period < minKeyBytes && period <= len(s)-byChance; period++ {
		if bytes.Equal(s[period:], s[:len(s)-period]) {
			return fmt.Errorf("repeats the same %d bytes, fewer than %d", period, minKeyBytes)
		}
	}
	return nil
}

// Signer signs and verifies for one purpose. It is immutable and safe for concurrent use.
type Signer struct {
	keys mac.Keys
}

// Signer derives the ring's keys for a purpose, a text that is used for nothing else.
func (r *KeyRing) Signer(purpose string) *Signer { return &Signer{r.keys(purpose)} }

// Sum returns the HMAC-SHA256 of a message under the first key.
func (s *Signer) Sum(message []byte) [sha256.Size]byte { return s.keys.Sum(message) }

// Verify finds the key that made mac, which may be cut to 16 bytes or more. It returns the key's
// index in the ring (0 is the one that signs), or false. Comparing takes the same time wherever the
// difference lies.
func (s *Signer) Verify(message, mac []byte) (index int, ok bool) {
	return s.keys.Verify(message, mac)
}

func (r *KeyRing) keys(purpose string) mac.Keys { return mac.New(r.derive(purpose)) }

// derive returns a key of 32 bytes for a purpose from each secret.
func (r *KeyRing) derive(purpose string) (keys [][]byte) {
	for _, secret := range r.secrets {
		key, err := hkdf.Key(sha256.New, secret, nil, "doorbook/session "+purpose, sha256.Size)
		if err != nil {
			panic("session: hkdf: " + err.Error()) // only for lengths over 255 hashes
		}
		keys = append(keys, key)
	}
	return keys
}
