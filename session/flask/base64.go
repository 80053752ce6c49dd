package flask

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
)

// The two alphabets, refusing spare bits that are not zero: urlSafe for the parts of the cookie,
// standard for bytes in it. Both pass over line breaks, so whoever decodes looks for them first.
var (
	urlSafe  = base64.RawURLEncoding.Strict()
	standard = base64.StdEncoding.Strict()
)

// decode64 appends what a part of the cookie spells, if it is the one spelling of it. A size of 0
// or more is the only one that will do.
func decode64(b, text []byte, size int) ([]byte, bool) {
	if size >= 0 && len(text) != urlSafe.EncodedLen(size) {
		return nil, false
	}
	if breaksLine(text) {
		return nil, false
	}
	b, err := urlSafe.AppendDecode(b, text)
	return b, err == nil
}

func breaksLine(text []byte) bool {
	return bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0
}

// appendTimestamp writes seconds since 1970 as the base64 of their bytes without leading zeros: 0
// is no text at all.
func appendTimestamp(b []byte, seconds uint64) []byte {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], seconds)
	return urlSafe.AppendEncode(b, bytes.TrimLeft(raw[:], "\x00"))
}

// parseTimestamp reads exactly what appendTimestamp writes.
func parseTimestamp(text []byte) (seconds uint64, ok bool) {
	var room [9]byte
	if len(text) > urlSafe.EncodedLen(8) {
		return 0, false
	}
	raw, ok := decode64(room[:0], text, -1)
	if !ok || (len(raw) > 0 && raw[0] == 0) {
		return 0, false
	}
	for _, c := range raw {
		seconds = seconds<<8 | uint64(c)
	}
	return seconds, true
}
