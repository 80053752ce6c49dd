package passhash

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// ErrMalformed is returned for a stored hash that is not in canonical form, of an unknown scheme,
// or too costly to check. It never holds any part of the hash.
var ErrMalformed = errors.New("passhash: malformed hash")

const (
	saltLen = 16 // bytes of randomness in a new hash (RFC 9106 §4)
	tagLen  = 32

	// The lengths in bytes that are accepted in a stored hash.
	minSalt, maxSalt = 8, 64
	minTag, maxTag   = 16, 64

	// maxEncoded is longer than any hash with the lengths above, leaves room for a long salt of
	// Werkzeug's, and keeps parsing cheap.
	maxEncoded = 4096

	argon2idPrefix = "$argon2id$v=19$"
)

// A record is a stored hash after parsing, of whichever form.
type record interface {
	// compute returns the key of a password: the one costly step. It fails only where the library is
	// forbidden to work, as in a strict FIPS 140 mode.
	compute(password []byte) ([]byte, error)
	// want is the key that a right password gives.
	want() []byte
	// stale reports whether the hash should be replaced by one like today's.
	stale(today record) bool
}

// A model is a record of a form in which new hashes are made.
type model interface {
	record
	// salted is the same with another salt, keyed is the same with another key.
	salted(random []byte) model
	keyed(key []byte) model
	keyLen() int
	// String is the hash as it is stored.
	String() string
}

// parse reads a stored hash of a form that is safe to keep.
func parse(encoded string) (record, error) {
	if len(encoded) > maxEncoded {
		return nil, ErrMalformed
	}
	if rest, ok := strings.CutPrefix(encoded, argon2idPrefix); ok {
		return parseArgon2id(rest)
	}
	return parseWerkzeug(encoded)
}

// argon2idHash is the record of an argon2id PHC string.
type argon2idHash struct {
	params Params
	salt   []byte
	key    []byte
}

func (a argon2idHash) compute(password []byte) ([]byte, error) {
	p := a.params
	return argon2.IDKey(password, a.salt, p.Time, p.MemoryKiB, p.Threads, uint32(len(a.key))), nil
}

func (a argon2idHash) want() []byte { return a.key }

func (a argon2idHash) stale(today record) bool {
	t, same := today.(argon2idHash)
	return !same || a.params != t.params || len(a.salt) != saltLen || len(a.key) != tagLen
}

func (a argon2idHash) keyLen() int { return tagLen }

func (a argon2idHash) salted(random []byte) model {
	a.salt = random
	return a
}

func (a argon2idHash) keyed(key []byte) model {
	a.key = key
	return a
}

// String is the PHC string; parse reads back exactly this and nothing else.
func (a argon2idHash) String() string {
	return argon2idPrefix + a.params.String() +
		"$" + base64.RawStdEncoding.EncodeToString(a.salt) +
		"$" + base64.RawStdEncoding.EncodeToString(a.key)
}

// parseArgon2id reads what follows the prefix: m=…,t=…,p=…$salt$tag.
func parseArgon2id(rest string) (record, error) {
	parts := strings.Split(rest, "$")
	if len(parts) != 3 {
		return nil, ErrMalformed
	}
	params, ok := parseParams(parts[0])
	if !ok || !params.computable() {
		return nil, ErrMalformed
	}
	salt, ok := decode(parts[1], minSalt, maxSalt)
	if !ok {
		return nil, ErrMalformed
	}
	key, ok := decode(parts[2], minTag, maxTag)
	if !ok {
		return nil, ErrMalformed
	}
	return argon2idHash{params: params, salt: salt, key: key}, nil
}

func parseParams(s string) (Params, bool) {
	fields := strings.Split(s, ",")
	if len(fields) != 3 {
		return Params{}, false
	}
	m, okM := number(fields[0], "m=", 32)
	t, okT := number(fields[1], "t=", 32)
	p, okP := number(fields[2], "p=", 8)
	return Params{MemoryKiB: uint32(m), Time: uint32(t), Threads: uint8(p)}, okM && okT && okP
}

// number reads a decimal that is written the only way it can be: no sign, no leading zero.
func number(s, name string, bits int) (uint64, bool) {
	digits, ok := strings.CutPrefix(s, name)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, bits)
	return n, err == nil && strconv.FormatUint(n, 10) == digits
}

// decode reads base64 that is written the only way it can be. The decoder skips line breaks and
// ignores stray low bits; encoding again catches both.
func decode(s string, least, most int) ([]byte, bool) {
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil || len(b) < least || len(b) > most || base64.RawStdEncoding.EncodeToString(b) != s {
		return nil, false
	}
	return b, true
}
