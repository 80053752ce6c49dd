package httpx

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/doorbook/doorbook/internal/fault"
)

// DecodeJSON reads a request's body, which must be one JSON object, into the struct that v points
// to. It is the one way in for JSON: what two readers may understand in two ways is refused, with
// nothing of v to be used. That is text that is not Unicode, a key that comes twice or under two
// spellings of its letters' case, a field that the struct does not have in exactly that spelling,
// and anything after the object. So the book, which reads a body for itself, and the handler have
// seen the same.
//
// The error is a fault.Error: Invalid for a field of the wrong type, TooLarge, else Malformed. It
// names the field and repeats no value, for that may be a secret.
func DecodeJSON(r *http.Request, v any) error {
	body, err := io.ReadAll(r.Body) // no more than the route takes
	if err != nil {
		return badJSON(err)
	}
	names := fieldNames(v)
	if body = bytes.TrimLeft(body, " \t\r\n"); len(body) == 0 {
		return fault.New(fault.Malformed, "There is no body. "+takes(names))
	}
	if body[0] != '{' {
		return badJSON(nil) // null would change nothing and say that all is well
	}
	if err := strict(body, names); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return badJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Malformed, "There is something after the JSON object.")
	}
	return nil
}

// badJSON says what is wrong without repeating what was sent.
func badJSON(err error) error {
	var large *http.MaxBytesError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &large):
		return fault.New(fault.TooLarge, "The body is larger than this address takes.")
	case errors.As(err, &kind) && kind.Field != "":
		return &fault.Error{
			Kind: fault.Invalid, Public: "The field \"" + kind.Field + "\" has the wrong type.", // a name of ours
			Fields: []fault.Field{{Name: kind.Field, Text: "This should be " + inWords(kind.Type.Kind()) + "."}},
		}
	}
	return fault.New(fault.Malformed, "The body is not one JSON object.")
}

// takes says which fields an address takes.
func takes(names map[string]bool) string {
	if len(names) == 0 {
		return "This address takes no fields."
	}
	return "This address takes a JSON object with " + strings.Join(slices.Sorted(maps.Keys(names)), ", ") + "."
}

// longestName is the most that is repeated of a name: ours are shorter, tokens longer.
const longestName = 24

// Named writes a name that was sent, of a field or of a part of a query, for the answer, in quotation
// marks. What is not of a name's form may be a value, and a secret, in the wrong place: it is not
// repeated, and called what it is sent as.
func Named(name, as string) string {
	if name == "" || len(name) > longestName ||
		strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") != "" {
		return as
	}
	return `"` + name + `"`
}

// inWords names the JSON type that stands for a Go type.
func inWords(k reflect.Kind) string {
	switch k {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list of strings"
	}
	return "of another type"
}

// fieldNames are the keys that a struct takes, as its tags spell them.
func fieldNames(v any) map[string]bool {
	names := map[string]bool{}
	for f := range reflect.TypeOf(v).Elem().Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names[name] = true
	}
	return names
}

// strict refuses JSON of which two readers may read different things. What is not JSON at all it
// leaves to the decoder.
func strict(body []byte, names map[string]bool) error {
	if !utf8.Valid(body) || loneSurrogate(body) {
		return fault.New(fault.Malformed, "The body holds text that is not Unicode.")
	}
	switch twice, unknown := oddKeys(body, names); {
	case twice != nil:
		return fault.New(fault.Malformed, Named(*twice, "A field")+" came more than once.")
	case unknown != nil:
		return fault.New(fault.Malformed, Named(*unknown, "A field of the body")+" is no field of this address. "+takes(names))
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

// oddKeys finds a key that encoding/json takes for the same field as one before it in its object, and
// the first of the outermost object that is not among the names: encoding/json would take it for a
// field in another case. Nil stands for none.
func oddKeys(body []byte, names map[string]bool) (twice, unknown *string) {
	var open []level
	d := json.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if err != nil {
			return nil, unknown
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
		case text && in >= 0 && open[in].awaitsKey():
			if in == 0 && !names[key] && unknown == nil {
				unknown = &key
			}
			folded := fold(key)
			if open[in].keys[folded] {
				return &key, unknown
			}
			open[in].keys[folded], open[in].value = true, true
			continue
		}
		if in >= 0 {
			open[in].value = false
		}
	}
}

// level is an object or a list that is not at its end yet.
type level struct {
	keys  map[string]bool // nil in a list
	value bool            // the next token is a value
}

func (l level) awaitsKey() bool { return l.keys != nil && !l.value }

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
