package session

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// Codec turns the values of typed keys into bytes and back. It must be safe for concurrent use, and
// what it gave must not be changed any more. Unmarshal gets a pointer to the value's type, and
// bytes that it must not keep or change; they may have been written by an older or newer program.
type Codec interface {
	Marshal(v any) ([]byte, error)
	Unmarshal(data []byte, v any) error
}

// jsonCodec is encoding/json. Plain strings, the most common values, take a short way when they are
// written, and in decode.
type jsonCodec struct{}

func (jsonCodec) Marshal(v any) ([]byte, error) {
	if s, ok := v.(string); ok && plain(s) {
		b := make([]byte, 0, len(s)+2)
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"'), nil
	}
	b, err := json.Marshal(v)
	if err == nil {
		err = checkUTF8(v, b)
	}
	return b, err
}

func (jsonCodec) Unmarshal(b []byte, v any) error { return json.Unmarshal(b, v) }

// plainText gives what stands between the quotes of a JSON text that is a string without escapes.
func plainText(b []byte) (inner []byte, ok bool) {
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return nil, false
	}
	inner = b[1 : len(b)-1]
	for _, c := range inner {
		if c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return inner, c >= utf8.RuneSelf && plainUnicode(inner)
		}
	}
	return inner, true
}

func plainUnicode(b []byte) bool {
	return bytes.IndexByte(b, '\\') < 0 && bytes.IndexByte(b, '"') < 0 && utf8.Valid(b) && noControls(b)
}

// plain reports whether s is its own JSON text between quotes.
func plain(s string) bool {
	return !strings.ContainsAny(s, "\"\\<>&\u2028\u2029") && utf8.ValidString(s) && noControls(s)
}

func noControls[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] < ' ' {
			return false
		}
	}
	return true
}
