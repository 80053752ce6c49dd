package session

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// MinKeyBytes is the shortest secret that NewKeyRing accepts: 32 bytes, the security of the hash
// behind it (ASVS 11.2.3).
const MinKeyBytes = 32

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
// MinKeyBytes, made by repeating a shorter one or of fewer than 8 different bytes, printed in
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
	case published(s):
		return errors.New("is printed in public documentation, so everybody knows it")
	case len(s) < MinKeyBytes:
		return fmt.Errorf("has %d bytes, fewer than %d", len(s), MinKeyBytes)
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
	for period := 1; period < MinKeyBytes && period <= len(s)-byChance; period++ {
		if bytes.Equal(s[period:], s[:len(s)-period]) {
			return fmt.Errorf("repeats the same %d bytes, fewer than %d", period, MinKeyBytes)
		}
	}
	return nil
}

// Published reports whether a secret is printed in public documentation, so that everybody knows
// it: for keys of other programs, which NewKeyRing does not see.
func Published(secret []byte) bool { return published(secret) }

// published reports whether a secret is one that tutorials print: as text, as the bytes that the
// text spells in hexadecimal, or the other way round.
func published(s []byte) bool {
	s = bytes.TrimSpace(s)
	forms := []string{string(s), hex.EncodeToString(s)}
	if raw, err := hex.DecodeString(string(s)); err == nil {
		forms = append(forms, string(raw))
	}
	for _, known := range publishedSecrets() {
		for _, form := range forms {
			if strings.EqualFold(form, known) {
				return true
			}
		}
	}
	return false
}

// Signer signs and verifies for one purpose. It is immutable and safe for concurrent use.
type Signer struct {
	keys []macKey
}

// Signer derives the ring's keys for a purpose, a text that is used for nothing else.
func (r *KeyRing) Signer(purpose string) *Signer {
	s := &Signer{keys: make([]macKey, len(r.secrets))}
	for i, key := range r.derive(purpose) {
		s.keys[i] = newMACKey(key)
	}
	return s
}

// derive gives a key of 32 bytes for a purpose from each secret.
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

// Sum is the HMAC-SHA256 of a message under the first key.
func (s *Signer) Sum(message []byte) [sha256.Size]byte { return s.keys[0].sum(message) }

// Verify finds the key that made mac, which may be cut to 16 bytes or more. It gives the key's
// place in the ring (0 is the one that signs), or false. Comparing takes the same time wherever the
// difference lies.
func (s *Signer) Verify(message, mac []byte) (index int, ok bool) {
	if len(mac) < 16 || len(mac) > sha256.Size {
		return 0, false
	}
	for i := range s.keys {
		sum := s.keys[i].sum(message)
		if subtle.ConstantTimeCompare(sum[:len(mac)], mac) == 1 {
			return i, true
		}
	}
	return 0, false
}

// keyID names a key of the ring without telling anything of it.
func (s *Signer) keyID(index int) string { return s.keys[index].id }

// macKey is HMAC-SHA256 (RFC 2104) with its two key blocks prepared. It does on the stack what
// hash/hmac does with five allocations, for messages of the length of a session key.
type macKey struct {
	key        []byte
	inner, out [sha256.BlockSize]byte
	id         string
}

func newMACKey(key []byte) macKey {
	m := macKey{key: key}
	copy(m.inner[:], key)
	copy(m.out[:], key)
	for i := range m.inner {
		m.inner[i] ^= 0x36
		m.out[i] ^= 0x5c
	}
	name := m.sum([]byte("key id"))
	m.id = hex.EncodeToString(name[:4])
	return m
}

func (m *macKey) sum(message []byte) [sha256.Size]byte {
	const short = 128
	if len(message) > short {
		return m.long(bytes.Clone(message)) // a copy, so that short messages need not be on the heap
	}
	var in [sha256.BlockSize + short]byte
	copy(in[:], m.inner[:])
	n := copy(in[sha256.BlockSize:], message)
	first := sha256.Sum256(in[:sha256.BlockSize+n])
	var out [sha256.BlockSize + sha256.Size]byte
	copy(out[:], m.out[:])
	copy(out[sha256.BlockSize:], first[:])
	return sha256.Sum256(out[:])
}

func (m *macKey) long(message []byte) [sha256.Size]byte {
	h := hmac.New(sha256.New, m.key)
	h.Write(message)
	return [sha256.Size]byte(h.Sum(nil))
}
