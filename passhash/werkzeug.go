package passhash

import (
	"crypto/pbkdf2"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/scrypt"
)

// What a hash of Werkzeug's may cost at most. Each cap stands for about three seconds of one
// processor at most, and is many times what any version of Werkzeug does by default (1,000,000
// iterations of sha256; 32768:8:1).
const (
	maxIterations   = 10_000_000 // divided by the digest's weight
	maxScryptMemory = 256 << 20  // bytes, 128·N·r
	maxScryptWork   = 1 << 23    // N·r·p
	maxScryptBlocks = 1 << 14    // r·p: of each, the salt is hashed four times
)

// werkzeugHash is the record of method$salt$hex as Werkzeug writes it. The salt is the text itself,
// decoded from nothing.
type werkzeugHash struct {
	method method
	salt   string
	key    []byte
}

// A method is a key derivation with its cost.
type method interface {
	derive(password, salt []byte) ([]byte, error)
	size() int      // of the key in bytes
	String() string // as it is written before the first dollar
}

func (w werkzeugHash) compute(password []byte) ([]byte, error) {
	return w.method.derive(password, []byte(w.salt))
}

func (w werkzeugHash) want() []byte { return w.key }

// stale: while hashes are made for Werkzeug to read, what it reads already is left alone, whatever
// it cost.
func (w werkzeugHash) stale(today record) bool {
	_, another := today.(argon2idHash)
	return another
}

func (w werkzeugHash) keyLen() int { return w.method.size() }

// salted writes the salt as Werkzeug does: 16 letters and digits. (Taken from 128 random bits,
// which 62^16 does not divide; the most frequent salt is likelier than the rarest by less than one
// in four thousand million.)
func (w werkzeugHash) salted(random []byte) model {
	text := strings.Repeat("0", 16) + new(big.Int).SetBytes(random).Text(62)
	w.salt = text[len(text)-16:]
	return w
}

func (w werkzeugHash) keyed(key []byte) model {
	w.key = key
	return w
}

// String is the hash as it is stored; parse reads back exactly this and nothing else.
func (w werkzeugHash) String() string {
	return w.method.String() + "$" + w.salt + "$" + hex.EncodeToString(w.key)
}

// parseWerkzeug reads what Werkzeug writes. Werkzeug reads more: numbers as Python does ("1_000", "
// 1000 ", "01000"), digest names as OpenSSL does ("SHA256"), and methods without their cost
// ("pbkdf2:sha256", "scrypt"), for which each version puts another one. It writes none of those, so
// they are malformed here.
func parseWerkzeug(encoded string) (record, error) {
	name, salt, sum, ok := cutDollars(encoded)
	if !ok || !utf8.ValidString(salt) {
		return nil, ErrMalformed
	}
	m, ok := parseMethod(name)
	if !ok {
		return nil, ErrMalformed
	}
	key, ok := decodeHex(sum, m.size())
	if !ok {
		return nil, ErrMalformed
	}
	return werkzeugHash{method: m, salt: salt, key: key}, nil
}

// cutDollars splits at the first two dollars; a third belongs to what is last.
func cutDollars(encoded string) (name, salt, sum string, ok bool) {
	name, rest, _ := strings.Cut(encoded, "$")
	salt, sum, ok = strings.Cut(rest, "$")
	return name, salt, sum, ok
}

func parseMethod(name string) (method, bool) {
	fields := strings.Split(name, ":")
	switch {
	case fields[0] == "pbkdf2" && len(fields) == 3:
		d, known := findDigest(fields[1])
		iterations, ok := number(fields[2], "", 31)
		m := pbkdf2Method{digest: d, iterations: int(iterations)}
		return m, known && ok && m.computable()
	case fields[0] == "scrypt" && len(fields) == 4:
		n, okN := number(fields[1], "", 31)
		r, okR := number(fields[2], "", 31)
		p, okP := number(fields[3], "", 31)
		m := scryptMethod{n: n, r: r, p: p}
		return m, okN && okR && okP && m.computable()
	}
	return nil, false
}

// decodeHex reads n bytes in lower-case hexadecimal digits, the only way Werkzeug writes or matches
// them.
func decodeHex(s string, n int) ([]byte, bool) {
	if len(s) != 2*n {
		return nil, false
	}
	b, err := hex.DecodeString(s)
	return b, err == nil && hex.EncodeToString(b) == s
}

// pbkdf2Method is PBKDF2 (RFC 8018 §5.2) with HMAC of a digest, and a key as long as that.
type pbkdf2Method struct {
	digest     digest
	iterations int
}

func (m pbkdf2Method) computable() bool {
	return m.iterations >= 1 && m.iterations <= maxIterations/m.digest.weight
}

func (m pbkdf2Method) derive(password, salt []byte) ([]byte, error) {
	return pbkdf2.Key(m.digest.new, string(password), salt, m.iterations, m.size())
}

func (m pbkdf2Method) size() int { return m.digest.size }

func (m pbkdf2Method) String() string {
	return fmt.Sprintf("pbkdf2:%s:%d", m.digest.name, m.iterations)
}

// scryptMethod is scrypt (RFC 7914) with a key of 64 bytes.
type scryptMethod struct {
	n, r, p uint64 // each below 2^31
}

// computable reports whether Werkzeug computes it, and whether it is within the caps.
func (m scryptMethod) computable() bool {
	if m.n < 2 || m.n&(m.n-1) != 0 || m.r < 1 || m.p < 1 {
		return false
	}
	if m.r*m.p > maxScryptBlocks || m.n*m.r > maxScryptMemory/128 || m.n*m.r*m.p > maxScryptWork {
		return false // in this order nothing overflows
	}
	// Werkzeug lets OpenSSL use 132·N·r·p bytes (2 GiB at most, beyond our caps), where it takes
	// 128·r·(N+2+p): too little for a tiny N.
	if 128*m.r*(m.n+2+m.p) > 132*m.n*m.r*m.p {
		return false
	}
	return m.r > 1 || m.n < 1<<16 // RFC 7914 §2: N is less than 2^(128·r/8); the caps see to it for a greater r
}

func (m scryptMethod) derive(password, salt []byte) ([]byte, error) {
	return scrypt.Key(password, salt, int(m.n), int(m.r), int(m.p), m.size())
}

func (m scryptMethod) size() int { return 64 }

func (m scryptMethod) String() string { return fmt.Sprintf("scrypt:%d:%d:%d", m.n, m.r, m.p) }
