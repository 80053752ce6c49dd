// Package sealed keeps a session encrypted in its cookie: for services that have no store, and
// sessions that hold little.
//
//	session.New(session.Config{Keys: keys, Home: session.Home{Format: sealed.New()}})
//
// Nobody without the keys can read such a cookie or make one, and its age counts from times inside
// it, whatever the browser does. But what is in the cookie is all there is, so some promises cannot
// be kept:
//
//   - P1: of requests that change the session at the same time, the answer that reaches the browser
//     last wins. Update, Pop and Flashes are only as safe.
//   - P2, P13: a copy of a cookie opens what it holds until the session's limits, whatever SignOut
//     did: that only makes the browser forget its own. There is nothing to list or to end:
//     Manager.List, End, EndAll, Each and OldKeys, and Session.Watch and Issue, answer
//     session.ErrUnsupported. Config.Valid still can refuse what was signed in before some moment.
//     With a Store beside it (session.Home) all of these but Issue work, and P2 and P13 hold.
//   - All of it must fit in 4096 bytes with the cookie's name and attributes (P11): some 2900 bytes
//     of keys and values.
//
// The cookie is XAES-256-GCM (C2SP) under keys that HKDF derives from the ring for this purpose and
// cookie name. Its 192-bit nonce is the session's random id, which makes XAES derive a key for each
// session, and 96 bits that are fresh for each cookie, of time and random, so there is no bound on
// the number of cookies worth thinking of.
package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/internal/wire"
	"github.com/doorbook/doorbook/session/store"
)

// New returns the form of sealed cookies, for session.Home.
func New() place.Format { return format{} }

type format struct{}

// Keyed implements place.Format.
func (format) Keyed(derive func(purpose string) [][]byte, cookie string) (place.Codec, error) {
	c := &codec{aad: []byte(cookie)}
	names := derive("sealed cookie 1 key id " + cookie)
	for i, key := range derive("sealed cookie 1 " + cookie) {
		k, err := newSealingKey(key)
		if err != nil {
			return nil, fmt.Errorf("session: sealed: %w", err)
		}
		k.id = names[i][0]
		c.keys = append(c.keys, k)
	}
	return c, nil
}

// A sealed cookie is the base64 of
//
//	key id     1 byte
//	id        12 bytes, the first half of the nonce
//	last seen  6 bytes, milliseconds since 1970, big-endian
//	random     6 bytes
//	sealed     the rest: flags, how long before the last use the session began and its subject
//	           signed in, who that is, what its companion record is known by, and the values,
//	           each key and value preceded by its length; and 16 bytes of authentication
const (
	headBytes = 1 + len(store.ID{}) + 6 + 6
	tagBytes  = 16

	isPersistent = 1 << 0
	isSignedIn   = 1 << 1
	hasDigest    = 1 << 2

	maxCookie = 4096 // what browsers keep of a cookie
)

type codec struct {
	keys []sealingKey
	aad  []byte
}

func (c *codec) Seal(r store.Record) (string, error) {
	size := headBytes + 3*binary.MaxVarintLen64 + len(r.Subject) + place.CarriedDigest + tagBytes
	for key, value := range r.Values {
		size += 2*binary.MaxVarintLen16 + len(key) + len(value)
	}
	if base64.RawURLEncoding.EncodedLen(size) > 2*maxCookie { // what is nearly too large is told exactly by who makes the cookie
		return "", fmt.Errorf("%w: %d bytes for a cookie", place.ErrTooLarge, size)
	}
	b := make([]byte, headBytes, size)
	b[0] = c.keys[0].id
	copy(b[1:], r.ID[:])
	var seen [8]byte
	binary.BigEndian.PutUint64(seen[:], uint64(r.LastSeen.UnixMilli()))
	copy(b[1+len(r.ID):], seen[2:])
	_, _ = rand.Read(b[headBytes-6 : headBytes]) // never fails: it ends the program instead

	b = append(b, 0)
	b = binary.AppendVarint(b, r.LastSeen.Sub(r.Created).Milliseconds())
	if r.Persist {
		b[headBytes] |= isPersistent
	}
	if r.Subject != "" {
		b[headBytes] |= isSignedIn
		b = binary.AppendVarint(b, r.LastSeen.Sub(r.SignedIn).Milliseconds())
		b = binary.AppendUvarint(b, uint64(len(r.Subject)))
		b = append(b, r.Subject...)
	}
	if [place.CarriedDigest]byte(r.Digest[:place.CarriedDigest]) != [place.CarriedDigest]byte{} {
		b[headBytes] |= hasDigest
		b = append(b, r.Digest[:place.CarriedDigest]...)
	}
	b = wire.AppendEntries(b, r.Values)
	gcm, err := c.keys[0].derive(b[1:])
	if err != nil {
		return "", fmt.Errorf("session: seal: %w", err)
	}
	b = gcm.Seal(b[:headBytes], b[1+len(r.ID):headBytes], b[headBytes:], c.aad)
	var text [1024]byte // most cookies are shorter
	return string(base64.RawURLEncoding.AppendEncode(text[:0], b)), nil
}

func (c *codec) Open(value string) (o place.Opened, err error) {
	n := base64.RawURLEncoding.DecodedLen(len(value))
	if len(value) > maxCookie || n < headBytes+2+tagBytes {
		return o, errSealed
	}
	if strings.ContainsAny(value, "\r\n") { // which encoding/base64 passes over
		return o, errSealed
	}
	var text [1024]byte
	raw, err := strictBase64.AppendDecode(make([]byte, 0, n), append(text[:0], value...))
	if err != nil {
		return o, errSealed
	}
	for i := range c.keys {
		if c.keys[i].id != raw[0] {
			continue
		}
		gcm, err := c.keys[i].derive(raw[1:])
		if err != nil {
			return o, errSealed
		}
		plain, err := gcm.Open(nil, raw[1+len(store.ID{}):headBytes], raw[headBytes:], c.aad)
		if err != nil {
			continue // two keys may have one id
		}
		o.Record, err = readSealed(raw, plain)
		o.Old = i != 0 && err == nil
		return o, err
	}
	return o, errSealed
}

var errSealed = fmt.Errorf("%w: not sealed by us", store.ErrUnreadable)

// readSealed reads what was inside. It is our own word, but an older or newer program may have
// written it.
func readSealed(head, b []byte) (r store.Record, err error) {
	copy(r.ID[:], head[1:])
	var seen [8]byte
	copy(seen[2:], head[1+len(r.ID):])
	r.LastSeen = time.UnixMilli(int64(binary.BigEndian.Uint64(seen[:]))).UTC()
	if len(b) == 0 || b[0]&^(isPersistent|isSignedIn|hasDigest) != 0 {
		return store.Record{}, errSealedForm
	}
	flags, rest := b[0], b[1:]
	ok := false
	if r.Created, rest, ok = cutBefore(rest, r.LastSeen); !ok {
		return store.Record{}, errSealedForm
	}
	r.Persist = flags&isPersistent != 0
	if flags&isSignedIn != 0 {
		var subject []byte
		if r.SignedIn, rest, ok = cutBefore(rest, r.LastSeen); ok {
			subject, rest, ok = wire.CutBytes(rest)
		}
		if !ok || len(subject) == 0 {
			return store.Record{}, errSealedForm
		}
		r.Subject = string(subject)
	}
	if flags&hasDigest != 0 {
		if len(rest) < place.CarriedDigest {
			return store.Record{}, errSealedForm
		}
		rest = rest[copy(r.Digest[:place.CarriedDigest], rest):]
		if r.Digest == (store.Digest{}) {
			return store.Record{}, errSealedForm
		}
	}
	if r.Values, ok = readValues(rest); !ok {
		return store.Record{}, errSealedForm
	}
	return r, nil
}

// readValues reads keys and values, in the order of the keys.
func readValues(rest []byte) (values store.Values, ok bool) {
	if len(rest) == 0 {
		return nil, true
	}
	values = make(store.Values, 4)
	keys, before := string(rest), "" // one string for all of them
	for len(rest) > 0 {
		var key, value []byte
		if key, rest, ok = wire.CutBytes(rest); !ok {
			return nil, false
		}
		end := len(keys) - len(rest)
		name := keys[end-len(key) : end]
		if value, rest, ok = wire.CutBytes(rest); !ok || len(values) > 0 && name <= before {
			return nil, false
		}
		values[name], before = value, name
	}
	return values, true
}

var errSealedForm = fmt.Errorf("%w: sealed in another form", store.ErrUnreadable)

// cutBefore takes a time off b that is written as the milliseconds before another one.
func cutBefore(b []byte, t time.Time) (before time.Time, rest []byte, ok bool) {
	const most = 1 << 42 // a hundred years and more
	zigzag, rest, ok := wire.CutUvarint(b)
	ms := int64(zigzag >> 1)
	if zigzag&1 != 0 {
		ms = ^ms
	}
	if !ok || ms < -most || ms > most {
		return time.Time{}, nil, false
	}
	return t.Add(-time.Duration(ms) * time.Millisecond), rest, true
}

var strictBase64 = base64.RawURLEncoding.Strict()

// sealingKey is a key of XAES-256-GCM (https://c2sp.org/XAES-256-GCM) with what does not depend on
// the nonce prepared.
type sealingKey struct {
	id    byte
	block cipher.Block
	mask  [aes.BlockSize]byte // the CMAC subkey K1
}

func newSealingKey(key []byte) (k sealingKey, err error) {
	if k.block, err = aes.NewCipher(key); err != nil {
		return k, err
	}
	k.block.Encrypt(k.mask[:], k.mask[:])
	carry := k.mask[0] >> 7
	for i := range k.mask[:aes.BlockSize-1] {
		k.mask[i] = k.mask[i]<<1 | k.mask[i+1]>>7
	}
	k.mask[aes.BlockSize-1] = k.mask[aes.BlockSize-1]<<1 ^ carry*0x87
	return k, nil
}

// derive makes the AEAD for nonces that begin with these 12 bytes.
func (k *sealingKey) derive(nonce []byte) (cipher.AEAD, error) {
	var key [32]byte
	for i, half := range [][]byte{key[:16], key[16:]} {
		copy(half, []byte{0, byte(i + 1), 'X', 0})
		copy(half[4:], nonce[:12])
		for j := range half {
			half[j] ^= k.mask[j]
		}
		k.block.Encrypt(half, half)
	}
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
