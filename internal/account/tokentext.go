package account

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"hash/crc32"
	"strings"
)

// A token's text is tokenPrefix, 26 letters and digits of base 32 (RFC 4648) at random, which are
// 130 bits, and 7 more that are a checksum of what stands before. The prefix and the checksum let
// programs that look for secrets in code and logs find one, and us refuse what is none without
// asking a database.
const (
	tokenPrefix = "dbk_"
	tokenRandom = 26
	tokenSum    = 7
	tokenLength = len(tokenPrefix) + tokenRandom + tokenSum
)

// NewTokenText makes the text of a new token. Nothing but its hash is ever stored.
func NewTokenText() string {
	text := tokenPrefix + rand.Text()
	return text + tokenChecksum(text)
}

// TokenHash returns the hash under which the token of a text is stored, and false for what is not
// of a token's form. The hash needs no key and no salt: nobody can try 2^130 texts. So a change of
// the secret key ends no token.
func TokenHash(text string) (hash [32]byte, ok bool) {
	if len(text) != tokenLength || !strings.HasPrefix(text, tokenPrefix) {
		return hash, false
	}
	at := tokenLength - tokenSum
	for _, c := range []byte(text[len(tokenPrefix):at]) {
		if (c < 'A' || c > 'Z') && (c < '2' || c > '7') {
			return hash, false
		}
	}
	if text[at:] != tokenChecksum(text[:at]) { // which is no secret
		return hash, false
	}
	return sha256.Sum256([]byte(text)), true
}

// MeantAsToken reports whether a text looks like one of our tokens, good or not.
func MeantAsToken(text string) bool { return strings.HasPrefix(text, tokenPrefix) }

// HoldsToken reports whether the text of one of our tokens stands somewhere in a text.
func HoldsToken(text string) bool {
	for {
		i := strings.Index(text, tokenPrefix)
		if i < 0 || len(text)-i < tokenLength {
			return false
		}
		if _, ok := TokenHash(text[i : i+tokenLength]); ok {
			return true
		}
		text = text[i+1:]
	}
}

func tokenChecksum(text string) string {
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], crc32.ChecksumIEEE([]byte(text)))
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])
}
