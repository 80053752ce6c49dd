package flask

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/internal/mac"
	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/store"
)

// The keys of a session that mean something here. Flask carries the last two along untouched.
const (
	permanentKey = "_permanent"
	flashesKey   = "_flashes"
	userKey      = "_user_id"        // of Flask-Login
	nameKey      = "_doorbook"       // which session it is, for its companion record
	untilKey     = "_doorbook_until" // when values end that were set for a time
)

// carrier is the form of Flask's cookie: a place.Format, and with keys a place.Codec.
type carrier struct {
	signer  *Signer
	names   mac.Keys
	now     func() time.Time
	maxAge  time.Duration
	subject func(Values) string
}

// Keyed implements place.Format.
func (c *carrier) Keyed(derive func(purpose string) [][]byte, cookie string) (place.Codec, error) {
	named := *c
	named.names = mac.New(derive("flask session name " + cookie))
	return &named, nil
}

func (c *carrier) Seal(r store.Record) (string, error) {
	values := maps.Clone(map[string][]byte(r.Values))
	if values == nil {
		values = make(map[string][]byte, 4)
	}
	for _, reserved := range []string{nameKey, untilKey} {
		delete(values, reserved)
	}
	if err := c.write(values, &r); err != nil {
		return "", err
	}
	if err := joinFlashes(values); err != nil {
		return "", err
	}
	if err := joinTimes(values); err != nil {
		return "", err
	}
	if len(values) == 0 {
		return "", nil
	}
	if r.Persist && !truthy(values[permanentKey]) {
		values[permanentKey] = []byte("true")
	}
	text, err := Join(values)
	if err != nil {
		return "", fmt.Errorf("%w: %w", session.ErrMisuse, err)
	}
	return c.signer.Sign(text, c.now()), nil
}

// write puts who is signed in into words that Flask's side understands, and a name for the
// companion record.
func (c *carrier) write(values map[string][]byte, r *store.Record) error {
	if c.subject == nil && r.Subject != "" {
		text, err := Codec{}.Marshal(r.Subject)
		if err != nil {
			return err
		}
		values[userKey] = text
	}
	if said := c.who(values); said != r.Subject {
		return fmt.Errorf("%w: what the session holds does not say that its subject is signed in, for Flask to see", session.ErrMisuse)
	}
	if truthy(values[permanentKey]) && !r.Persist {
		delete(values, permanentKey)
	}
	if r.Subject != "" {
		values[nameKey] = c.nameOf(r)
	}
	return nil
}

func (c *carrier) Open(value string) (o place.Opened, err error) {
	text, at, old, err := c.signer.Verify(value, c.now(), c.maxAge)
	if err != nil {
		return o, unreadable(err)
	}
	values, err := Split(text)
	if err != nil {
		return o, unreadable(err)
	}
	at = at.UTC()
	r := store.Record{LastSeen: at, Created: at, Values: values}
	splitTimes(values)
	splitFlashes(values)
	_, present := values[nameKey]
	name, named, aged := c.cutName(values)
	r.Subject = c.who(values)
	r.Persist = truthy(values[permanentKey])
	switch {
	case named && r.Subject != "" && name.subject == subjectHash(r.Subject):
		r.ID, r.SignedIn, r.Created = name.id, name.signedIn, name.signedIn
		copy(r.Digest[:], name.digest[:])
	case present && !named && r.Subject != "":
		r.ID, r.SignedIn = idOf(value), at
		r.Digest = store.Digest{0: 1} // of no record: what it was the name of cannot be known to live
	default:
		r.ID, o.Derived = idOf(value), true
		if r.Subject != "" {
			r.SignedIn = at
		}
		if named && name.digest != [place.CarriedDigest]byte{} {
			o.Left = name.id
		}
	}
	o.Record, o.Old = r, old || aged
	return o, nil
}

func unreadable(err error) error { return fmt.Errorf("%w: %w", store.ErrUnreadable, err) }

// who says who is signed in by what a session holds.
func (c *carrier) who(values map[string][]byte) (subject string) {
	if c.subject != nil {
		subject = c.subject(values)
	} else {
		Values(values).Get(userKey, &subject)
	}
	if len(subject) > maxSubject || !utf8.ValidString(subject) {
		return ""
	}
	return subject
}

// maxSubject is that of package session.
const maxSubject = 255

// truthy is Python's bool() of a value.
func truthy(text []byte) bool {
	switch string(text) {
	case "", "null", "false", "0", "-0", "0.0", "-0.0", `""`, "[]", "{}", `{" t":[]}`, `{" b":""}`, `{" m":""}`:
		return false
	}
	return true
}

// idOf is the id of a session that its cookie does not name. It is made of all that the cookie says
// and when it was made, so that requests at the same time find the same. The reader takes one
// spelling only of a cookie.
func idOf(value string) (id session.ID) {
	sum := sha256.Sum256([]byte("doorbook/session flask cookie\x00" + value[:strings.LastIndexByte(value, '.')]))
	copy(id[:], sum[:])
	return id
}

// name is what the payload says of the companion record: one JSON text in base64 of
//
//	version    1 byte, 1
//	id        12 bytes
//	digest    12 bytes, zero if there is no companion record
//	signed in  6 bytes, milliseconds since 1970, big-endian
//	subject    8 bytes of its hash, so that a sign-in by Flask's side is seen
//	mac       18 bytes under a key of our own: an application that lets people write into their
//	           sessions must not let them name somebody else's
type name struct {
	id       session.ID
	digest   [place.CarriedDigest]byte
	signedIn time.Time
	subject  [8]byte
}

const (
	nameMAC    = 18
	nameSigned = 1 + 12 + place.CarriedDigest + 6 + 8
	nameBytes  = nameSigned + nameMAC
)

func (c *carrier) nameOf(r *store.Record) []byte {
	b := make([]byte, 0, nameBytes+2)
	b = append(b, 1)
	b = append(b, r.ID[:]...)
	b = append(b, r.Digest[:place.CarriedDigest]...)
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(r.SignedIn.UnixMilli()))
	b = append(b, ms[2:]...)
	hash := subjectHash(r.Subject)
	b = append(b, hash[:]...)
	mac := c.names.Sum(b)
	b = append(b, mac[:nameMAC]...)
	text := append(make([]byte, 0, nameBytes*4/3+2), '"')
	return append(base64.RawURLEncoding.AppendEncode(text, b), '"')
}

// cutName takes the name out of the values, and says whether an old key signed it. One that is not
// ours counts as none.
func (c *carrier) cutName(values map[string][]byte) (n name, ok, old bool) {
	text, ok := values[nameKey]
	delete(values, nameKey)
	const size = nameBytes*4/3 + 2 // no spare bits
	if !ok || len(text) != size || text[0] != '"' || text[size-1] != '"' {
		return n, false, false
	}
	var b [nameBytes]byte
	if got, err := base64.RawURLEncoding.Decode(b[:], text[1:size-1]); err != nil || got != nameBytes || b[0] != 1 {
		return n, false, false
	}
	index, ok := c.names.Verify(b[:nameSigned], b[nameSigned:])
	if !ok {
		return n, false, false
	}
	rest := b[1:]
	rest = rest[copy(n.id[:], rest):]
	rest = rest[copy(n.digest[:], rest):]
	var ms [8]byte
	rest = rest[copy(ms[2:], rest):]
	n.signedIn = time.UnixMilli(int64(binary.BigEndian.Uint64(ms[:]))).UTC()
	copy(n.subject[:], rest)
	return n, true, index > 0
}

func subjectHash(subject string) (h [8]byte) {
	sum := sha256.Sum256([]byte("doorbook/session subject\x00" + subject))
	copy(h[:], sum[:])
	return h
}
