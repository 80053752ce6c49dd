package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// Sealed is the Carrier that keeps a session encrypted in its cookie: for services that have no
// store, and sessions that hold little.
//
//	session.New(session.Config{Keys: keys, Carrier: session.Sealed})
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
//     ErrUnsupported. Config.Valid still can refuse what was signed in before some moment. With a
//     Store beside it (Config.Carrier) all of these work, and P2 and P13 hold.
//   - All of it must fit in 4096 bytes with the cookie's name and attributes (P11): some 2900 bytes
//     of keys and values.
//
// The cookie is XAES-256-GCM (C2SP) under keys that HKDF derives from the ring for this purpose and
// cookie name. Its 192-bit nonce is the session's random id, which makes XAES derive a key for each
// session, and 96 bits that are fresh for each cookie, of time and random, so there is no bound on
// the number of cookies worth thinking of.
func Sealed(keys *KeyRing, cookie string) (Carrier, error) {
	s := &sealed{aad: []byte(cookie)}
	names := keys.derive("sealed cookie 1 key id " + cookie)
	for i, key := range keys.derive("sealed cookie 1 " + cookie) {
		k, err := newSealingKey(key)
		if err != nil {
			return nil, fmt.Errorf("session: sealed: %w", err)
		}
		k.id = names[i][0]
		s.keys = append(s.keys, k)
	}
	return s, nil
}

// A sealed cookie is the base64 of
//
//	key id     1 byte
//	id        12 bytes, the first half of the nonce
//	last seen  6 bytes, milliseconds since 1970, big-endian
//	random     6 bytes
//	sealed     the rest: flags, how long before the last use the session began and its subject signed in, who that is, what
//	           its companion record is known by, and the values, each key and value preceded by its length; and 16 bytes
//	           of authentication
const (
	sealedHead = 1 + len(ID{}) + 6 + 6
	sealedTag  = 16

	sealedPersist  = 1 << 0
	sealedSignedIn = 1 << 1
	sealedDigest   = 1 << 2
)

type sealed struct {
	keys []sealingKey
	aad  []byte
}

func (s *sealed) Seal(r Record) (string, error) {
	size := sealedHead + 3*binary.MaxVarintLen64 + len(r.Subject) + CarriedDigest + sealedTag
	for key, value := range r.Values {
		size += 2*binary.MaxVarintLen16 + len(key) + len(value)
	}
	if base64.RawURLEncoding.EncodedLen(size) > 2*maxCookie { // what is nearly too large is told exactly by who makes the cookie
		return "", fmt.Errorf("%w: %d bytes for a cookie", ErrTooLarge, size)
	}
	b := make([]byte, sealedHead, size)
	b[0] = s.keys[0].id
	copy(b[1:], r.ID[:])
	var seen [8]byte
	binary.BigEndian.PutUint64(seen[:], uint64(r.LastSeen.UnixMilli()))
	copy(b[1+len(r.ID):], seen[2:])
	_, _ = rand.Read(b[sealedHead-6 : sealedHead]) // never fails: it ends the program instead

	b = append(b, 0)
	b = binary.AppendVarint(b, r.LastSeen.Sub(r.Created).Milliseconds())
	if r.Persist {
		b[sealedHead] |= sealedPersist
	}
	if r.Subject != "" {
		b[sealedHead] |= sealedSignedIn
		b = binary.AppendVarint(b, r.LastSeen.Sub(r.SignedIn).Milliseconds())
		b = binary.AppendUvarint(b, uint64(len(r.Subject)))
		b = append(b, r.Subject...)
	}
	if [CarriedDigest]byte(r.Digest[:CarriedDigest]) != [CarriedDigest]byte{} {
		b[sealedHead] |= sealedDigest
		b = append(b, r.Digest[:CarriedDigest]...)
	}
	b = r.Values.appendEntries(b)
	gcm, err := s.keys[0].derive(b[1:])
	if err != nil {
		return "", fmt.Errorf("session: seal: %w", err)
	}
	b = gcm.Seal(b[:sealedHead], b[1+len(r.ID):sealedHead], b[sealedHead:], s.aad)
	var text [1024]byte // most cookies are shorter
	return string(base64.RawURLEncoding.AppendEncode(text[:0], b)), nil
}

func (s *sealed) Open(value string) (o Opened, err error) {
	n := base64.RawURLEncoding.DecodedLen(len(value))
	if len(value) > maxCookie || n < sealedHead+2+sealedTag {
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
	for i := range s.keys {
		if s.keys[i].id != raw[0] {
			continue
		}
		gcm, err := s.keys[i].derive(raw[1:])
		if err != nil {
			return o, errSealed
		}
		plain, err := gcm.Open(nil, raw[1+len(ID{}):sealedHead], raw[sealedHead:], s.aad)
		if err != nil {
			continue // two keys may have one id
		}
		o.Record, err = readSealed(raw, plain)
		o.Old = i != 0 && err == nil
		return o, err
	}
	return o, errSealed
}

var errSealed = fmt.Errorf("%w: not sealed by us", ErrUnreadable)

// readSealed reads what was inside. It is our own word, but an older or newer program may have
// written it.
func readSealed(head, b []byte) (r Record, err error) {
	copy(r.ID[:], head[1:])
	var seen [8]byte
	copy(seen[2:], head[1+len(r.ID):])
	r.LastSeen = time.UnixMilli(int64(binary.BigEndian.Uint64(seen[:]))).UTC()
	if len(b) == 0 || b[0]&^(sealedPersist|sealedSignedIn|sealedDigest) != 0 {
		return Record{}, errSealedForm
	}
	flags, rest := b[0], b[1:]
	ok := false
	if r.Created, rest, ok = cutBefore(rest, r.LastSeen); !ok {
		return Record{}, errSealedForm
	}
	r.Persist = flags&sealedPersist != 0
	if flags&sealedSignedIn != 0 {
		var subject []byte
		if r.SignedIn, rest, ok = cutBefore(rest, r.LastSeen); ok {
			subject, rest, ok = cutBytes(rest)
		}
		if !ok || len(subject) == 0 {
			return Record{}, errSealedForm
		}
		r.Subject = string(subject)
	}
	if flags&sealedDigest != 0 {
		if len(rest) < CarriedDigest {
			return Record{}, errSealedForm
		}
		rest = rest[copy(r.Digest[:CarriedDigest], rest):]
		if r.Digest == (Digest{}) {
			return Record{}, errSealedForm
		}
	}
	if len(rest) > 0 {
		r.Values = make(Values, 4)
	}
	keys, before := string(rest), "" // one string for all of them
	for len(rest) > 0 {
		var key, value []byte
		if key, rest, ok = cutBytes(rest); !ok {
			return Record{}, errSealedForm
		}
		end := len(keys) - len(rest)
		name := keys[end-len(key) : end]
		if value, rest, ok = cutBytes(rest); !ok || len(r.Values) > 0 && name <= before {
			return Record{}, errSealedForm
		}
		r.Values[name], before = value, name
	}
	return r, nil
}

var errSealedForm = fmt.Errorf("%w: sealed in another form", ErrUnreadable)

// cutBefore takes a time off b that is written as the milliseconds before another one.
func cutBefore(b []byte, t time.Time) (before time.Time, rest []byte, ok bool) {
	const most = 1 << 42 // a hundred years and more
	zigzag, rest, ok := cutUvarint(b)
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
