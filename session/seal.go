package session

import (
	"crypto/aes"
	"crypto/cipher"
)

// Sealer encrypts for one purpose, so that nobody else can read what it sealed, or make or change
// it. It is immutable and safe for concurrent use.
type Sealer struct {
	aeads []cipher.AEAD
}

// Sealer derives the ring's keys for a purpose, a text that is used for nothing else. They are
// others than those of a Signer of the same purpose.
func (r *KeyRing) Sealer(purpose string) *Sealer {
	s := &Sealer{}
	for _, key := range r.derive("sealed " + purpose) {
		block, err := aes.NewCipher(key)
		if err != nil {
			panic("session: seal: " + err.Error()) // only for other lengths than those that derive gives
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			panic("session: seal: " + err.Error()) // only for ciphers of other block sizes
		}
		s.aeads = append(s.aeads, aead)
	}
	return s
}

// Seal encrypts a text with AES-256-GCM under the first key and a random nonce, which is good for
// four thousand million texts. What is sealed is 28 bytes longer.
func (s *Sealer) Seal(text []byte) []byte { return s.aeads[0].Seal(nil, nil, text, nil) }

// Open returns what was sealed under any key of the ring, or false.
func (s *Sealer) Open(sealed []byte) (text []byte, ok bool) {
	for _, aead := range s.aeads {
		if text, err := aead.Open(nil, nil, sealed, nil); err == nil {
			return text, true
		}
	}
	return nil, false
}
