package flask

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/doorbook/doorbook/session/internal/published"
)

// DefaultSalt is what Flask derives its session key with.
const DefaultSalt = "cookie-session"

// DefaultMaxAge is Flask's PERMANENT_SESSION_LIFETIME, which bounds every session, permanent or
// not.
const DefaultMaxAge = 31 * 24 * time.Hour

// Keys are an application's secrets, as its settings have them.
type Keys struct {
	// Secret is SECRET_KEY, byte for byte (UTF-8 if Flask's is a text). It signs, and verifies
	// first.
	Secret []byte
	// Fallbacks are SECRET_KEY_FALLBACKS, in Flask's order. They verify only, the last one first.
	Fallbacks [][]byte
	// Salt defaults to DefaultSalt. Applications that changed SecureCookieSessionInterface.salt
	// need theirs.
	Salt string
	// Digest defaults to sha1.New, as SecureCookieSessionInterface.digest_method does. It must give
	// a new hash each time.
	Digest func() hash.Hash
}

// Limits bound what a cookie may make the reader do. The zero value has the defaults.
type Limits struct {
	// Cookie is how many bytes a cookie's value may have, checked before anything else. If zero,
	// defaults to 32 KiB, eight times what a browser keeps.
	Cookie int
	// JSON is how many bytes the session's text may have once inflated. If zero, defaults to 1 MiB.
	JSON int
	// Leeway is how far ahead another server's clock may be. Default: 0, as in Flask, where a
	// cookie from one second ahead is refused; whole seconds count.
	Leeway time.Duration
}

// Signer signs and verifies the cookies of one application. It is immutable and safe for concurrent
// use.
type Signer struct {
	keys   [][]byte // derived; the first signs, the others verify in this order
	digest func() hash.Hash
	size   int // of the digest, in bytes
	limits Limits
	zlib   *zlibs
}

// Published reports whether a secret is printed in public documentation, so that everybody can sign
// with it.
func Published(secret []byte) bool { return published.Secret(secret) }

// NewSigner refuses keys that let anybody forge a session: an empty secret, and the two mistakes
// that Flask lets pass in the list of fallbacks, an empty entry and a text in the place of the
// list, which is taken apart into keys of one character each.
func NewSigner(k Keys) (*Signer, error) {
	if len(k.Secret) == 0 {
		return nil, errors.New("flask: the secret key is empty")
	}
	for i, key := range k.Fallbacks {
		switch {
		case len(key) == 0:
			return nil, fmt.Errorf("flask: fallback key %d is empty: everybody could sign with it", i+1)
		case utf8.RuneCount(key) == 1:
			return nil, fmt.Errorf("flask: fallback key %d is a single character: a text given where a list of keys belongs?", i+1)
		}
	}
	if k.Salt == "" {
		k.Salt = DefaultSalt
	}
	if k.Digest == nil {
		k.Digest = sha1.New
	}
	s := &Signer{digest: k.Digest, size: k.Digest().Size(), zlib: &zlibs{}}
	s.keys = append(s.keys, s.sum(k.Secret, []byte(k.Salt)))
	for i := len(k.Fallbacks) - 1; i >= 0; i-- {
		s.keys = append(s.keys, s.sum(k.Fallbacks[i], []byte(k.Salt)))
	}
	return s.Limit(Limits{}), nil
}

// Limit returns a signer with the same keys and other limits.
func (s *Signer) Limit(l Limits) *Signer {
	if l.Cookie <= 0 {
		l.Cookie = 32 << 10
	}
	if l.JSON <= 0 {
		l.JSON = 1 << 20
	}
	l.Leeway = max(0, l.Leeway)
	limited := *s
	limited.limits = l
	return &limited
}

func (s *Signer) sum(key, message []byte) []byte {
	mac := hmac.New(s.digest, key)
	mac.Write(message)
	return mac.Sum(nil)
}

// Sign returns the cookie's value for a session's text, which Join makes. The time is kept in whole
// seconds; one before 1970 counts as 1970.
func (s *Signer) Sign(json []byte, at time.Time) string {
	payload, compressed := json, false
	if z := s.zlib.compress(json); z != nil {
		payload, compressed = z, true
	}
	encoding := base64.RawURLEncoding
	b := make([]byte, 0, 1+encoding.EncodedLen(len(payload))+1+encoding.EncodedLen(8)+1+encoding.EncodedLen(s.size))
	if compressed {
		b = append(b, '.')
	}
	b = encoding.AppendEncode(b, payload)
	b = append(b, '.')
	b = appendTimestamp(b, uint64(max(0, at.Unix())))
	mac := s.sum(s.keys[0], b)
	b = append(b, '.')
	return string(encoding.AppendEncode(b, mac))
}

// Verify returns the text of the session in a cookie's value, when it was signed, and whether by a
// fallback key. It reads what Sign and Flask write and no other spelling of it: a session has one
// text per signing, though nothing should rely on it. The age, in whole seconds of now and of
// maxAge, may be maxAge and no more; DefaultMaxAge is Flask's. The text is not looked into: Split
// does that.
func (s *Signer) Verify(cookie string, now time.Time, maxAge time.Duration) (json []byte, at time.Time, old bool, err error) {
	if len(cookie) > s.limits.Cookie {
		return nil, at, false, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, s.limits.Cookie)
	}
	end := strings.LastIndexByte(cookie, '.')
	if end < 0 {
		return nil, at, false, fmt.Errorf("%w: there is none", ErrSignature)
	}
	raw := []byte(cookie)
	value := raw[:end]
	if old, err = s.check(value, raw[end+1:]); err != nil {
		return nil, at, false, err
	}
	dot := bytes.LastIndexByte(value, '.')
	if dot < 0 {
		return nil, at, false, fmt.Errorf("%w: no timestamp", ErrMalformed)
	}
	at, err = s.age(value[dot+1:], now, maxAge)
	if err != nil {
		return nil, at, false, err
	}
	json, err = s.zlib.open(value[:dot], s.limits.JSON)
	return json, at, old, err
}

// check compares a signature with that of each key, in constant time for each.
func (s *Signer) check(value, text []byte) (old bool, err error) {
	var room [64]byte
	mac, ok := decode64(room[:0], text, s.size)
	if !ok {
		return false, ErrSignature
	}
	for i, key := range s.keys {
		if hmac.Equal(mac, s.sum(key, value)) {
			return i > 0, nil
		}
	}
	return false, ErrSignature
}

// age reads a timestamp and judges it.
func (s *Signer) age(text []byte, now time.Time, maxAge time.Duration) (at time.Time, err error) {
	stamp, ok := parseTimestamp(text)
	if !ok {
		return at, fmt.Errorf("%w: timestamp", ErrMalformed)
	}
	today := now.Unix()
	if stamp > math.MaxInt64 || today < 0 {
		return at, ErrFuture
	}
	age := today - int64(stamp)
	switch {
	case age < -int64(s.limits.Leeway/time.Second):
		return at, ErrFuture
	case age > int64(maxAge/time.Second):
		return at, ErrExpired
	}
	return time.Unix(int64(stamp), 0), nil
}
