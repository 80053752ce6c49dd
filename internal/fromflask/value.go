package fromflask

import (
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// longest is how much of a text is looked at, in bytes. Nothing that is kept is nearly as long.
const longest = 16 << 10

// open checks a document and gives its id and the time in it.
func open(doc bson.Raw) (id string, at time.Time, why *refusal) {
	if doc.Validate() != nil {
		return "", at, &refusal{reason: Unreadable}
	}
	v := doc.Lookup("_id")
	oid, ok := v.ObjectIDOK()
	if !ok {
		return "", at, &refusal{WrongID, "its _id is of type " + typeName(v)}
	}
	return hex.EncodeToString(oid[:]), oid.Timestamp().UTC(), nil
}

func typeName(v bson.RawValue) string {
	if v.IsZero() {
		return "none"
	}
	return v.Type.String()
}

// text gives a text that is at most longest bytes long: that of a string, or of bytes that are one.
// It is "" otherwise.
func text(v bson.RawValue) (s string, ok bool) {
	if s, ok = v.StringValueOK(); !ok {
		s, ok = v.SymbolOK()
	}
	if _, b, isBinary := v.BinaryOK(); isBinary && utf8.Valid(b) {
		s, ok = string(b), true
	}
	if !ok || len(s) > longest {
		return "", false
	}
	return s, true
}

// truth reads a flag as Python does, as far as somebody may have stored one.
func truth(v bson.RawValue) bool {
	if b, ok := v.BooleanOK(); ok {
		return b
	}
	if f, ok := v.AsFloat64OK(); ok {
		return f != 0
	}
	s, _ := text(v)
	return strings.EqualFold(s, "true") || s == "1"
}

// blank reports whether a body holds nothing: the ways in which Python writes an empty one are
// known.
func blank(v bson.RawValue) bool {
	switch v.Type {
	case 0, bson.TypeNull, bson.TypeUndefined:
		return true
	case bson.TypeEmbeddedDocument:
		d, ok := v.DocumentOK()
		return ok && len(d) <= 5 // the length and the final zero
	case bson.TypeArray:
		a, ok := v.ArrayOK()
		return ok && len(a) <= 5
	}
	s, ok := text(v)
	return ok && slices.Contains([]string{"", "{}", "[]", "null", "None", `""`, "''", "b''", "ImmutableMultiDict([])"}, strings.TrimSpace(s))
}

// instant gives the time that a value holds, to the millisecond: a date, a text, or a number of
// seconds or milliseconds since 1970. A text without a zone is in UTC, as MongoDB's dates are.
// There is none before 1970 or after the year 9999.
func instant(v bson.RawValue) (time.Time, bool) {
	t, ok := parseInstant(v)
	t = t.UTC().Truncate(time.Millisecond)
	return t, ok && t.Unix() > 0 && t.Year() <= 9999
}

func parseInstant(v bson.RawValue) (time.Time, bool) {
	if ms, ok := v.DateTimeOK(); ok {
		return time.UnixMilli(ms), true
	}
	if s, _, ok := v.TimestampOK(); ok {
		return time.Unix(int64(s), 0), true
	}
	if f, ok := v.AsFloat64OK(); ok {
		const seconds = 1e11 // as milliseconds this is 1973, as seconds the year 5138
		if math.IsNaN(f) || f < 0 || f > 1e15 {
			return time.Time{}, false
		}
		if f < seconds {
			f *= 1000
		}
		return time.UnixMilli(int64(math.Round(f))), true
	}
	s, ok := text(v)
	if s = strings.TrimSpace(s); !ok || len(s) > 64 {
		return time.Time{}, false
	}
	for _, layout := range []string{ // a fraction of a second is read by each
		time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04", "2006-01-02",
		time.RFC1123, time.RFC1123Z, time.ANSIC,
	} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// oneLine makes a text fit for a rule that wants one line of at most most code points: what breaks
// lines becomes a space, what is invisible goes, and so does what is too much.
func oneLine(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		const zwnj, zwj = '\u200c', '\u200d' // scripts and emoji are written with them
		switch {
		case r == utf8.RuneError || r == zwnj || r == zwj:
			return r
		case unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp):
			return ' '
		case unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > most {
		s = strings.TrimSpace(string(runes[:most]))
	}
	return s
}
