// Package mac signs and verifies messages with one of several keys.
package mac

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
)

// Keys are HMAC-SHA256 keys for one purpose: the first signs, all verify.
type Keys []key

// New prepares the keys of a purpose.
func New(secrets [][]byte) Keys {
	keys := make(Keys, len(secrets))
	for i, secret := range secrets {
		keys[i] = prepare(secret)
	}
	return keys
}

// Sum returns the HMAC-SHA256 of a message under the first key.
func (k Keys) Sum(message []byte) [sha256.Size]byte { return k[0].sum(message) }

// SumBy returns the HMAC-SHA256 of a message under one of the keys.
func (k Keys) SumBy(index int, message []byte) [sha256.Size]byte { return k[index].sum(message) }

// Verify finds the key that made mac, which may be cut to 16 bytes or more, and returns its index,
// or false. Comparing takes the same time wherever the difference lies.
func (k Keys) Verify(message, mac []byte) (index int, ok bool) {
	if len(mac) < 16 || len(mac) > sha256.Size {
		return 0, false
	}
	for i := range k {
		sum := k[i].sum(message)
		if subtle.ConstantTimeCompare(sum[:len(mac)], mac) == 1 {
			return i, true
		}
	}
	return 0, false
}

// ID names one of the keys without telling anything of it: 8 hexadecimal digits.
func (k Keys) ID(index int) string { return k[index].id }

// key is HMAC-SHA256 (RFC 2104) with its two key blocks prepared. It does on the stack what
// hash/hmac does with five allocations, for messages of the length of a session key.
type key struct {
	secret     []byte
	inner, out [sha256.BlockSize]byte
	id         string
}

func prepare(secret []byte) key {
	k := key{secret: secret}
	copy(k.inner[:], secret)
	copy(k.out[:], secret)
	for i := range k.inner {
		k.inner[i] ^= 0x36
		k.out[i] ^= 0x5c
	}
	name := k.sum([]byte("key id"))
	k.id = hex.EncodeToString(name[:4])
	return k
}

func (k *key) sum(message []byte) [sha256.Size]byte {
	const short = 128
	if len(message) > short {
		return k.long(bytes.Clone(message)) // a copy, so that short messages need not be on the heap
	}
	var in [sha256.BlockSize + short]byte
	copy(in[:], k.inner[:])
	n := copy(in[sha256.BlockSize:], message)
	first := sha256.Sum256(in[:sha256.BlockSize+n])
	var out [sha256.BlockSize + sha256.Size]byte
	copy(out[:], k.out[:])
	copy(out[sha256.BlockSize:], first[:])
	return sha256.Sum256(out[:])
}

func (k *key) long(message []byte) [sha256.Size]byte {
	h := hmac.New(sha256.New, k.secret)
	h.Write(message)
	return [sha256.Size]byte(h.Sum(nil))
}
