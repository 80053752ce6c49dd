package api

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/doorbook/doorbook/internal/fault"
)

// strict refuses JSON of which two readers may read different things: a key that comes twice in an
// object or differs from another in case alone, and text that is not Unicode. What is not JSON at
// all it leaves to the decoder.
func strict(body []byte) error {
	if !utf8.Valid(body) || loneSurrogate(body) {
		return fault.New(fault.Malformed, "The body holds text that is not Unicode.")
	}
	if keyTwice(body) {
		return fault.New(fault.Malformed, "A field came more than once.")
	}
	return nil
}

// loneSurrogate reports whether an escape names half of a character (RFC 8259, section 8.2).
func loneSurrogate(body []byte) bool {
	for {
		i := bytes.IndexByte(body, '\\')
		if i < 0 || i+1 >= len(body) {
			return false
		}
		first, ok := escape(body[i:])
		if !ok {
			body = body[i+2:]
			continue
		}
		body = body[i+6:]
		if !utf16.IsSurrogate(first) {
			continue
		}
		second, ok := escape(body)
		if !ok || utf16.DecodeRune(first, second) == unicode.ReplacementChar {
			return true
		}
		body = body[6:]
	}
}

// escape returns the code unit of the \u escape that b begins with.
func escape(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}

// keyTwice reports whether an object has two keys that encoding/json takes for the same field.
func keyTwice(body []byte) bool {
	type level struct {
		keys  map[string]bool // nil in a list
		value bool            // the next token is a value
	}
	var open []level
	d := json.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		in := len(open) - 1
		key, text := token.(string)
		switch {
		case token == json.Delim('{'):
			open = append(open, level{keys: map[string]bool{}})
			continue
		case token == json.Delim('['):
			open = append(open, level{})
			continue
		case token == json.Delim('}') || token == json.Delim(']'):
			open = open[:in]
			in--
		case text && in >= 0 && open[in].keys != nil && !open[in].value:
			key = fold(key)
			if open[in].keys[key] {
				return true
			}
			open[in].keys[key], open[in].value = true, true
			continue
		}
		if in >= 0 {
			open[in].value = false
		}
	}
}

// fold returns a key in the form in which encoding/json compares it: each letter as the least of
// those that are the same in another case.
func fold(key string) string {
	return strings.Map(func(r rune) rune {
		for {
			next := unicode.SimpleFold(r)
			if next <= r {
				return next
			}
			r = next
		}
	}, key)
}
