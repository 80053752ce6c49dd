package mongo

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Other programs write into our collections. What they write is read as well as it can be: a field
// of an unexpected type is told in another form, or is empty, and never makes a document
// unreadable.

// most is the largest document or list within a document that is read.
const most = 64 << 10

// each calls f with the fields of a document, as far as it can be read.
func each(doc bson.Raw, f func(name string, v bson.RawValue)) {
	list, _ := doc.Elements() // what stands before the damage
	for _, e := range list {
		if name, err := e.KeyErr(); err == nil {
			if v, err := e.ValueErr(); err == nil {
				f(name, v)
			}
		}
	}
}

// text writes a string. BSON's are UTF-8, and Python does not read others; what is not UTF-8 is
// kept as bytes.
func text(s string) any {
	if utf8.ValidString(s) {
		return s
	}
	return bson.Binary{Data: []byte(s)}
}

// readText gives what text has written, and any other value in words.
func readText(v bson.RawValue) string {
	switch v.Type {
	case bson.TypeString:
		s, _ := v.StringValueOK()
		return s
	case bson.TypeSymbol:
		s, _ := v.SymbolOK()
		return s
	case bson.TypeBinary:
		_, b, _ := v.BinaryOK()
		return string(b)
	case bson.TypeNull, bson.TypeUndefined:
		return ""
	case bson.TypeInt32, bson.TypeInt64:
		n, _ := v.AsInt64OK()
		return strconv.FormatInt(n, 10)
	case bson.TypeDouble:
		f, _ := v.DoubleOK()
		return strconv.FormatFloat(f, 'g', -1, 64)
	case bson.TypeBoolean:
		b, _ := v.BooleanOK()
		return strconv.FormatBool(b)
	case bson.TypeObjectID:
		id, _ := v.ObjectIDOK()
		return id.Hex()
	case bson.TypeDateTime:
		return readTime(v).Format(time.RFC3339)
	}
	return fmt.Sprintf("[%s, %d bytes]", v.Type, len(v.Value))
}

// capped cuts a text off after at most n bytes, between characters, and lets go of the rest.
func capped(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return strings.Clone(s[:n])
}

// readTime gives a time in UTC, the zero time when it cannot be read or is of a year that RFC 3339,
// and so JSON, cannot tell.
func readTime(v bson.RawValue) time.Time {
	if t := anyTime(v); t.Year() >= 0 && t.Year() <= 9999 {
		return t
	}
	return time.Time{}
}

func anyTime(v bson.RawValue) time.Time {
	switch v.Type {
	case bson.TypeDateTime:
		ms, _ := v.DateTimeOK()
		return time.UnixMilli(ms).UTC()
	case bson.TypeTimestamp:
		seconds, _, _ := v.TimestampOK()
		return time.Unix(int64(seconds), 0).UTC()
	case bson.TypeString:
		s, _ := v.StringValueOK()
		for _, layout := range []string{
			time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", // Python's isoformat and str, with and without a zone
			"2006-01-02 15:04:05Z07:00", http.TimeFormat, time.RFC1123Z, time.DateOnly,
		} {
			if t, err := time.Parse(layout, s); err == nil {
				return t.UTC()
			}
		}
	}
	return time.Time{}
}

// readInt gives a whole number, 0 when it is none.
func readInt(v bson.RawValue) int64 {
	switch v.Type {
	case bson.TypeInt32, bson.TypeInt64, bson.TypeDouble:
		n, _ := v.AsInt64OK()
		return n
	}
	return 0
}

// readList gives a list's texts, and a single text as a list of one.
func readList(v bson.RawValue) []string {
	if v.Type != bson.TypeArray {
		if s := readText(v); s != "" {
			return []string{capped(s, most)}
		}
		return nil
	}
	if len(v.Value) > most {
		return nil
	}
	array, _ := v.ArrayOK()
	var list []string
	each(bson.Raw(array), func(_ string, v bson.RawValue) { list = append(list, readText(v)) })
	return list
}

// readFlag reports whether a flag is set. What is no flag counts as whatever odd says.
func readFlag(v bson.RawValue, odd bool) bool {
	switch v.Type {
	case bson.TypeBoolean:
		b, _ := v.BooleanOK()
		return b
	case bson.TypeNull, bson.TypeUndefined:
		return false
	}
	return odd
}

// objectID reads an id as everybody else writes it: 24 lower-case hexadecimal digits.
func objectID(s string) (bson.ObjectID, bool) {
	id, err := bson.ObjectIDFromHex(s)
	return id, err == nil && id.Hex() == s
}
