package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/doorbook/doorbook/session/internal/wire"
)

// ErrUnreadable: a record is there, but its values cannot be read (another program wrote them, or
// they are damaged). A store that meets it in Load returns the record without Values beside the
// error, so that the session can still be seen and ended; a Patch that would need the old values
// fails with it, and one that clears them succeeds.
var ErrUnreadable = errors.New("store: the stored values cannot be read")

// valuesVersion is the first byte of the encoding, so that a later form can be told from this one.
const valuesVersion = 1

// AppendBinary appends the one encoding of v to b, for stores that keep the values of a record as
// one blob: a version byte, the number of keys, then each key and its value in the order of the
// keys. Every number is a uvarint, every key and value is preceded by its length. Equal values have
// equal encodings. The error is always nil; it is there for [encoding.BinaryAppender].
func (v Values) AppendBinary(b []byte) ([]byte, error) {
	size := 1 + binary.MaxVarintLen64
	for key, value := range v {
		size += 2*binary.MaxVarintLen64 + len(key) + len(value)
	}
	b = slices.Grow(b, size)
	b = append(b, valuesVersion)
	b = binary.AppendUvarint(b, uint64(len(v)))
	return wire.AppendEntries(b, v), nil
}

// DecodeValues reads what AppendBinary writes, and nothing else: keys out of order or twice,
// numbers in a longer form than needed, lengths beyond the input and bytes left over are refused
// with an error that wraps ErrUnreadable. All of b is checked before anything is allocated. The
// values share the memory of b, which must not be changed any more.
func DecodeValues(b []byte) (Values, error) {
	if len(b) == 0 || b[0] != valuesVersion {
		return nil, fmt.Errorf("%w: not of version %d", ErrUnreadable, valuesVersion)
	}
	count, rest, ok := wire.CutUvarint(b[1:])
	if !ok {
		return nil, fmt.Errorf("%w: bad number of keys", ErrUnreadable)
	}
	entries := rest
	var before []byte
	for i := range count {
		var key []byte
		if key, rest, ok = wire.CutBytes(rest); ok {
			_, rest, ok = wire.CutBytes(rest)
		}
		if !ok {
			return nil, fmt.Errorf("%w: entry %d is cut short", ErrUnreadable, i)
		}
		if i > 0 && string(key) <= string(before) {
			return nil, fmt.Errorf("%w: entry %d is out of order", ErrUnreadable, i)
		}
		before = key
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes too many", ErrUnreadable, len(rest))
	}
	values := make(Values, count)
	for range count {
		var key, value []byte
		key, entries, _ = wire.CutBytes(entries)
		value, entries, _ = wire.CutBytes(entries)
		values[string(key)] = value
	}
	return values, nil
}

// Apply returns the values after p: none of v (Clear) or v without some keys (Delete), and then Set
// over them. Neither v nor p is changed; the byte slices are shared with the result, and a patch
// that leaves the values alone returns v itself.
func (v Values) Apply(p Patch) Values {
	if !p.ChangesValues() {
		return v
	}
	if p.Clear {
		v = nil
	}
	next := make(Values, len(v)+len(p.Set))
	maps.Copy(next, v)
	for _, key := range p.Delete {
		delete(next, key)
	}
	maps.Copy(next, p.Set)
	return next
}

// ChangesValues reports whether p has anything to do with the values of its record. A store need
// not read or write them when it has not.
func (p Patch) ChangesValues() bool {
	return p.Clear || len(p.Delete) > 0 || len(p.Set) > 0
}

// Live reports whether r lives at now. At Expires it is dead.
func (r Record) Live(now time.Time) bool { return r.Expires.After(now) }

// Apply returns the record after p, for stores that read, change and write back: the whole effect
// of a patch, so that they share one rule. Whether p may be applied (its Digest, Now and IfVersion)
// is for the store to decide, in the same atomic step. Seen comes after SignIn: a sign-in may
// shorten a lifetime, a use never does.
func (r Record) Apply(p Patch) Record {
	r.Version++
	r.Values = r.Values.Apply(p)
	if p.Rekey != nil {
		r.Digest, r.KeyID, r.State = p.Rekey.Digest, p.Rekey.KeyID, p.Rekey.State
	}
	if in := p.SignIn; in != nil {
		r.Subject, r.SignedIn = in.Subject, in.SignedIn
		r.Expires, r.Deadline, r.Idle, r.Persist = in.Expires, in.Deadline, in.Idle, in.Persist
		r.Addr, r.UserAgent = in.Addr, in.UserAgent
	}
	if p.Seen != nil {
		r = r.Touched(*p.Seen)
	}
	return r
}

// Touched returns the record after t: LastSeen and Expires moved forward, never back. The version
// stays.
func (r Record) Touched(t Touch) Record {
	if t.LastSeen.After(r.LastSeen) {
		r.LastSeen = t.LastSeen
	}
	if t.Expires.After(r.Expires) {
		r.Expires = t.Expires
	}
	return r
}
