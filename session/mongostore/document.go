package mongostore

import (
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/session/store"
)

// The fields of a document. Those marked optional are absent when the record has nothing in that
// place.
const (
	fieldID        = "_id"        // ObjectID: the record's id
	fieldDigest    = "digest"     // binary, 32 bytes
	fieldVersion   = "version"    // long
	fieldKeyID     = "key_id"     // text
	fieldState     = "state"      // text, optional
	fieldSubject   = "subject"    // text, optional: a stranger has none
	fieldCreated   = "created"    // date, as are the other times
	fieldSignedIn  = "signed_in"  // optional
	fieldLastSeen  = "last_seen"  //
	fieldExpires   = "expires"    //
	fieldDeadline  = "deadline"   //
	fieldIdle      = "idle"       // long, milliseconds
	fieldPersist   = "persist"    // bool
	fieldParent    = "parent"     // ObjectID, optional
	fieldAddr      = "addr"       // text, optional
	fieldUserAgent = "user_agent" // text, optional
	fieldValues    = "values"     // document, optional: a binary for each key, under fieldName
)

// el is an element of a document.
func el(name string, value any) bson.E { return bson.E{Key: name, Value: value} }

func objectID(id store.ID) bson.ObjectID { return bson.ObjectID(id) }

func date(t time.Time) bson.DateTime { return bson.DateTime(t.UnixMilli()) }

func binary(b []byte) bson.Binary { return bson.Binary{Data: b} }

// text returns a string as what it is to a database: a string if it is UTF-8, which BSON demands of
// one, or else binary. So that equal strings are equal, there is one form for each.
func text(s string) any {
	if utf8.ValidString(s) {
		return s
	}
	return binary([]byte(s))
}

// encoded returns the document of a new record.
func encoded(r store.Record) bson.D {
	d := bson.D{
		el(fieldID, objectID(r.ID)), el(fieldDigest, binary(r.Digest[:])), el(fieldVersion, r.Version), el(fieldKeyID, text(r.KeyID)),
		el(fieldCreated, date(r.Created)), el(fieldLastSeen, date(r.LastSeen)), el(fieldExpires, date(r.Expires)),
		el(fieldDeadline, date(r.Deadline)), el(fieldIdle, r.Idle.Milliseconds()), el(fieldPersist, r.Persist),
	}
	if r.Parent != (store.ID{}) {
		d = append(d, el(fieldParent, objectID(r.Parent)))
	}
	var c changes
	c.optional(fieldState, r.State != store.Live, text(string(r.State)))
	c.person(r.Subject, r.SignedIn, r.Addr, r.UserAgent)
	d = append(d, c.set...)
	if len(r.Values) > 0 {
		d = append(d, el(fieldValues, encodedValues(r.Values)))
	}
	return d
}

// encodedValues returns the document of values. Their order does not matter; a steady one is easier
// to look at.
func encodedValues(values store.Values) bson.D {
	d := make(bson.D, 0, len(values))
	for _, key := range slices.Sorted(maps.Keys(values)) {
		d = append(d, el(fieldName(key), binary(values[key])))
	}
	return d
}

// reader reads the fields of a document, and notes which of them are not what they should be.
type reader struct {
	raw bson.Raw
	bad []string
}

// read returns what get finds in a field. A field that is absent, where it may not be, is as bad as
// one of another type.
func read[T any](d *reader, name string, optional bool, get func(bson.RawValue) (T, bool)) T {
	var none T
	value, err := d.raw.LookupErr(name)
	if err != nil {
		if !optional {
			d.bad = append(d.bad, name)
		}
		return none
	}
	got, ok := get(value)
	if !ok {
		d.bad = append(d.bad, name)
		return none
	}
	return got
}

// head returns the record of a document, without its values, and the names of the fields that could
// not be read. They are zero; a digest that is zero opens nothing.
func (d *reader) head() store.Record {
	const optional = true
	return store.Record{
		ID:        read(d, fieldID, false, readID),
		Digest:    read(d, fieldDigest, false, readDigest),
		Version:   read(d, fieldVersion, false, readVersion),
		KeyID:     read(d, fieldKeyID, false, readText),
		State:     store.State(read(d, fieldState, optional, readText)),
		Subject:   read(d, fieldSubject, optional, readText),
		Created:   read(d, fieldCreated, false, readDate),
		SignedIn:  read(d, fieldSignedIn, optional, readDate),
		LastSeen:  read(d, fieldLastSeen, false, readDate),
		Expires:   read(d, fieldExpires, false, readDate),
		Deadline:  read(d, fieldDeadline, false, readDate),
		Idle:      read(d, fieldIdle, false, readIdle),
		Persist:   read(d, fieldPersist, false, bson.RawValue.BooleanOK),
		Parent:    read(d, fieldParent, optional, readID),
		Addr:      read(d, fieldAddr, optional, readText),
		UserAgent: read(d, fieldUserAgent, optional, readText),
	}
}

// decoded returns the record of a document. If any field is damaged it comes without values, beside
// an error that wraps store.ErrUnreadable.
func decoded(raw bson.Raw) (store.Record, error) {
	d := reader{raw: raw}
	r := d.head()
	values := read(&d, fieldValues, true, readValues)
	if d.bad != nil {
		return r, fmt.Errorf("%w: fields %q", store.ErrUnreadable, d.bad)
	}
	r.Values = values
	return r, nil
}

func readID(v bson.RawValue) (store.ID, bool) {
	id, ok := v.ObjectIDOK()
	return store.ID(id), ok
}

// readBinary returns the bytes of a value, without spare capacity, so that an append to them cannot
// reach their neighbours.
func readBinary(v bson.RawValue) ([]byte, bool) {
	kind, b, ok := v.BinaryOK()
	return b[:len(b):len(b)], ok && kind == bson.TypeBinaryGeneric
}

func readDigest(v bson.RawValue) (store.Digest, bool) {
	b, ok := readBinary(v)
	if !ok || len(b) != len(store.Digest{}) {
		return store.Digest{}, false
	}
	return store.Digest(b), true
}

func readText(v bson.RawValue) (string, bool) {
	if s, ok := v.StringValueOK(); ok {
		return s, true
	}
	b, ok := readBinary(v)
	return string(b), ok
}

func readDate(v bson.RawValue) (time.Time, bool) {
	ms, ok := v.DateTimeOK()
	return time.UnixMilli(ms).UTC(), ok
}

// readInteger takes both of BSON's integers: what somebody sets by hand is a short one.
func readInteger(v bson.RawValue) (int64, bool) {
	if n, ok := v.Int64OK(); ok {
		return n, true
	}
	n, ok := v.Int32OK()
	return int64(n), ok
}

func readVersion(v bson.RawValue) (int64, bool) {
	n, ok := readInteger(v)
	return n, ok && n > 0
}

func readIdle(v bson.RawValue) (time.Duration, bool) {
	const longest = int64((1<<63 - 1) / time.Millisecond)
	n, ok := readInteger(v)
	if !ok || n < 0 || n > longest {
		return 0, false
	}
	return time.Duration(n) * time.Millisecond, true
}

func readValues(v bson.RawValue) (store.Values, bool) {
	d, ok := v.DocumentOK()
	if !ok {
		return nil, false
	}
	elements, err := d.Elements()
	if err != nil {
		return nil, false
	}
	values := make(store.Values, len(elements))
	for _, e := range elements {
		key, ok := fieldKey(e.Key())
		if !ok {
			return nil, false
		}
		value, ok := readBinary(e.Value())
		if _, twice := values[key]; !ok || twice {
			return nil, false
		}
		values[key] = value
	}
	return values, true
}
