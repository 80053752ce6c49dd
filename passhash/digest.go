package passhash

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"hash"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
)

// A digest is a hash function under the name that Python's hashlib knows it by, and Werkzeug
// writes.
type digest struct {
	name   string
	new    func() hash.Hash
	size   int // in bytes
	weight int // how long an iteration takes, where one of sha256 takes 1
}

// findDigest returns the digests of hashlib that exist on every machine, under the one name that
// hashlib lists them by. Missing are those of variable length, which Werkzeug cannot use, and the
// ones that come and go with OpenSSL (ripemd160, sm3, md5-sha1).
func findDigest(name string) (digest, bool) {
	switch name {
	case "md5":
		return digest{name, md5.New, md5.Size, 1}, true
	case "sha1":
		return digest{name, sha1.New, sha1.Size, 1}, true
	case "sha224":
		return digest{name, sha256.New224, sha256.Size224, 1}, true
	case "sha256":
		return digest{name, sha256.New, sha256.Size, 1}, true
	case "sha384":
		return digest{name, sha512.New384, sha512.Size384, 4}, true
	case "sha512":
		return digest{name, sha512.New, sha512.Size, 4}, true
	case "sha512_224":
		return digest{name, sha512.New512_224, sha512.Size224, 4}, true
	case "sha512_256":
		return digest{name, sha512.New512_256, sha512.Size256, 4}, true
	case "sha3_224":
		return digest{name, func() hash.Hash { return sha3.New224() }, 28, 6}, true
	case "sha3_256":
		return digest{name, func() hash.Hash { return sha3.New256() }, 32, 6}, true
	case "sha3_384":
		return digest{name, func() hash.Hash { return sha3.New384() }, 48, 6}, true
	case "sha3_512":
		return digest{name, func() hash.Hash { return sha3.New512() }, 64, 6}, true
	case "blake2b":
		return digest{name, unkeyed(blake2b.New512), blake2b.Size, 4}, true
	case "blake2s":
		return digest{name, unkeyed(blake2s.New256), blake2s.Size, 4}, true
	}
	return digest{}, false
}

// unkeyed is a BLAKE2 without a key of its own, for which alone it returns errors.
func unkeyed(keyed func(key []byte) (hash.Hash, error)) func() hash.Hash {
	return func() hash.Hash {
		h, err := keyed(nil)
		if err != nil {
			panic(err)
		}
		return h
	}
}
