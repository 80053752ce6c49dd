package book

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"slices"
	"strings"
)

// mostElements is how many values of a JSON list are shown.
const mostElements = 32

// RedactBody gives what an entry holds of a request's body: for a form and for a JSON object the
// fields that keep lists, as a JSON object in the list's order, their values by the field's kind;
// all other fields only as how many they are, for their names may be secrets too. A JSON list of
// strings is shown element by element; objects, deeper lists and a number under a field of text
// become [redacted]; a field that comes twice, or in JSON in another spelling that decoders may
// take for it, is told as such.
//
// Anything else is told by its length and its type, if that is a common one: other types, several
// files (multipart), a body that cannot be read, JSON that is no object, and a body that the caller
// holds only the beginning of (truncated). The result is "" for no body, else valid UTF-8 on one
// line of at most 4 KiB.
func RedactBody(contentType string, body []byte, truncated bool, keep Keep) string {
	if len(body) == 0 && !truncated {
		return ""
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		media = "" // a type that cannot be read is none: its beginning may be anything
	}
	if truncated {
		return fmt.Sprintf("[more than %d bytes of %s]", len(body), typeName(contentType, media))
	}
	var seen []found
	var others int
	switch media {
	case "application/x-www-form-urlencoded":
		seen, others, err = readForm(string(body), keep.Body)
	case "application/json":
		seen, others, err = readJSON(body, keep.Body)
	default:
		err = errOther
	}
	if err != nil {
		return fmt.Sprintf("[%d bytes of %s]", len(body), typeName(contentType, media))
	}
	return object(keep.Body, seen, others)
}

var errOther = errors.New("book: a body that is not read")

// What stands for a value of which a handler may take another for the field's.
const (
	twice = "[redacted: came twice]"
	spelt = "[redacted: spelt otherwise]" // with other letters' case, which encoding/json takes for the field
)

// found is what a body held under one field of the list.
type found struct {
	times int
	value string // JSON text, redacted
}

func readForm(body string, fields []Field) ([]found, int, error) {
	form, err := url.ParseQuery(body)
	if err != nil {
		return nil, 0, errOther
	}
	out, others := make([]found, len(fields)), 0
	for name, values := range form {
		i := fieldIndex(fields, name)
		if i < 0 {
			others++
			continue
		}
		out[i] = found{len(values), quote(fields[i].show(values[0]))}
	}
	return out, others, nil
}

func readJSON(body []byte, fields []Field) ([]found, int, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, 0, errOther
	}
	out, others := make([]found, len(fields)), 0
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		var value json.RawMessage
		if err != nil || !ok || d.Decode(&value) != nil {
			return nil, 0, errOther
		}
		i := slices.IndexFunc(fields, func(f Field) bool { return strings.EqualFold(f.Name, name) })
		if i < 0 {
			others++
			continue
		}
		shown := quote(spelt)
		if name == fields[i].Name {
			shown = showJSON(fields[i], value)
		}
		out[i] = found{out[i].times + 1, shown}
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return nil, 0, errOther
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, 0, errOther
	}
	return out, others, nil
}

// showJSON gives a value as JSON text, or [redacted] in its place.
func showJSON(f Field, raw json.RawMessage) string {
	if f.Kind == Hidden {
		return quote(Redacted)
	}
	switch raw[0] {
	case '"':
		var s string
		if json.Unmarshal(raw, &s) == nil {
			return quote(f.show(s))
		}
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) == nil {
			return showList(f, list)
		}
	case 't', 'f', 'n': // true, false, null: one bit is no secret
		return string(raw)
	default:
		if f.Kind == Number && isNumber(string(raw)) {
			return string(raw)
		}
	}
	return quote(Redacted)
}

func showList(f Field, list []json.RawMessage) string {
	shown := make([]string, 0, min(len(list), mostElements+1))
	for i, raw := range list {
		if i == mostElements {
			shown = append(shown, quote(ellipsis))
			break
		}
		text := quote(Redacted)
		var s string
		if raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
			text = quote(f.show(s))
		}
		shown = append(shown, text)
	}
	return "[" + strings.Join(shown, ",") + "]"
}

// object writes the fields that were found as one JSON object, those that find room.
func object(fields []Field, seen []found, others int) string {
	const tail = 64 // room for how many others there are
	var b strings.Builder
	b.WriteByte('{')
	add := func(name, value string) {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteString(quote(name) + ":" + value)
	}
	for i, f := range fields {
		value := seen[i].value
		switch {
		case seen[i].times == 0:
			continue
		case seen[i].times > 1: // which one counted is not for the book to guess
			value = quote(twice)
		}
		if b.Len()+len(f.Name)+len(value) > maxBody-tail {
			others++
			continue
		}
		add(f.Name, value)
	}
	if others > 0 {
		add(Redacted, quote(fmt.Sprintf("%d other fields", others)))
	}
	b.WriteByte('}')
	return b.String()
}

// quote writes a text as JSON string, without the escapes for HTML: the pages escape what they
// show.
func quote(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string never fails
	return strings.TrimSuffix(b.String(), "\n")
}

// typeName gives a body's type for people to read, from a fixed list: a header may hold anything.
func typeName(contentType, media string) string {
	switch media {
	case "application/x-www-form-urlencoded", "application/json", "multipart/form-data", "text/plain", "text/html",
		"text/csv", "text/xml", "application/xml", "application/octet-stream", "application/pdf", "application/zip",
		"application/graphql", "application/cbor", "application/x-protobuf", "application/grpc", "application/csp-report",
		"application/reports+json", "application/problem+json", "application/merge-patch+json", "application/json-patch+json":
		return media
	}
	if contentType == "" {
		return "no type"
	}
	return "unknown type"
}
