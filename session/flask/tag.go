package flask

import (
	"bytes"
	"net/http"
	"time"
)

// tag is one of the six keys that Flask wraps values in.
type tag uint8

const (
	noTag tag = iota
	tagTuple
	tagBytes
	tagMarkup
	tagUUID
	tagDate
	tagDict
)

// tagOf returns the tag that a key is.
func tagOf[T string | []byte](key T) tag {
	switch string(key) {
	case " t":
		return tagTuple
	case " b":
		return tagBytes
	case " m":
		return tagMarkup
	case " u":
		return tagUUID
	case " d":
		return tagDate
	case " di":
		return tagDict
	}
	return noTag
}

func (t tag) key() string { return [...]string{"", " t", " b", " m", " u", " d", " di"}[t] }

// untag makes an object of one key what it stands for. A tag that does not hold what Flask writes
// into it is an error.
func (p *parser) untag(i uint32, key []byte) bool {
	is := tagOf(key)
	if is == noTag {
		return true
	}
	n := &p.nodes[i]
	if p.plain {
		n.kind, n.tag, n.loose = kindEscaped, is, true
		return true
	}
	inner := &p.nodes[n.value]
	ok := false
	switch is {
	case tagTuple:
		n.kind, ok = kindTuple, inner.kind == kindArray
	case tagMarkup:
		n.kind, ok = kindMarkup, inner.kind == kindText
	case tagBytes:
		n.kind, ok = kindBytes, inner.kind == kindText && isBase64(p.tree.text(n.value))
	case tagUUID:
		n.kind, ok = kindUUID, inner.kind == kindText && isUUID(p.tree.text(n.value))
	case tagDate:
		if n.kind = kindDate; inner.kind == kindText {
			_, ok = parseDate(p.tree.text(n.value))
		}
	case tagDict:
		n.kind = kindEscaped
		n.tag, ok = p.escapedKey(n.value)
		n.value = inner.value
	}
	if !ok {
		return p.fail("a tag that Flask does not write")
	}
	return true
}

// escapedKey returns the one key of the object in a " di", which is a tag and two underscores.
func (p *parser) escapedKey(i uint32) (tag, bool) {
	if p.nodes[i].kind != kindObject {
		return noTag, false
	}
	is := noTag
	for key := range p.entries(i) {
		short, ok := bytes.CutSuffix(key, []byte("__"))
		if this := tagOf(short); !ok || this == noTag || (is != noTag && is != this) {
			return noTag, false
		} else {
			is = this
		}
	}
	return is, is != noTag
}

func isBase64(text []byte) bool {
	if breaksLine(text) {
		return false
	}
	var room [256]byte
	_, err := standard.AppendDecode(room[:0], text)
	return err == nil
}

func isUUID(text []byte) bool {
	if len(text) != 32 {
		return false
	}
	for _, c := range text {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// parseDate reads an HTTP date (RFC 9110, 5.6.7, IMF-fixdate) as Flask does: years below 100 count
// from 1969 to 2068, since Python takes them for years of two digits.
func parseDate(text []byte) (at time.Time, ok bool) {
	var room [len(http.TimeFormat)]byte
	at, err := time.Parse(http.TimeFormat, string(text))
	if err != nil || at.Year() < 1 || !bytes.Equal(at.AppendFormat(room[:0], http.TimeFormat), text) {
		return at, false
	}
	switch year := at.Year(); {
	case year < 69:
		at = at.AddDate(2000, 0, 0)
	case year < 100:
		at = at.AddDate(1900, 0, 0)
	}
	return at, true
}
