package book

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// maxParameter is the longest name of a query's field that is shown, in bytes.
const maxParameter = 64

// RedactApplicationURL gives what an entry holds of the URL of a request to an application, whose
// addresses nobody here knows: the path, and of the query the names of its fields, with the values
// of those in keep.
//
// The path is given as it was sent, with its percent signs. It is shown decoded but for what would
// then read as something else ("%2F", "%25"), inert and cut at 512 bytes; a run of 25 letters and
// digits or more is [redacted], as in paths that no route of ours matched, for it may open
// something: a link of ours or the application's. A field's value is [redacted] unless its name is
// in keep; one without a value or whose name does not look like one (letters, digits, "_-.[]", at most 64
// bytes, no such run) is [redacted] with its name, for the secret may be that. The result is
// printable and at most 2 KiB long.
func RedactApplicationURL(path, rawQuery string, keep []string) string {
	shown := Inert(withoutTokens(readable(path)), maxPath)
	if rawQuery == "" {
		return shown
	}
	var pairs []string
	for pair := range strings.SplitSeq(rawQuery, "&") {
		switch {
		case pair == "":
		case len(pairs) == maxPairs:
			return Inert(shown+"?"+strings.Join(append(pairs, ellipsis), "&"), maxURL)
		default:
			pairs = append(pairs, redactParameter(pair, keep))
		}
	}
	return Inert(shown+"?"+strings.Join(pairs, "&"), maxURL)
}

// redactParameter gives what is shown of one pair of a query.
func redactParameter(pair string, keep []string) string {
	name, value, valued := strings.Cut(pair, "=")
	name, err := url.QueryUnescape(name)
	if err != nil || !valued || !isParameter(name) {
		return Redacted
	}
	// Some applications take a semicolon for the end of a field: what follows is another's value.
	if !slices.Contains(keep, name) || strings.Contains(value, ";") {
		return name + "=" + Redacted
	}
	if value, err = url.QueryUnescape(value); err != nil {
		return name + "=" + Redacted
	}
	return name + "=" + url.QueryEscape(Inert(value, maxValue))
}

// isParameter reports whether a text can be shown as the name of a field.
func isParameter(name string) bool {
	return name != "" && len(name) <= maxParameter && only(name, "_-.[]") && withoutTokens(name) == name
}

// readable decodes a path but for what separates its parts, or cannot be seen.
func readable(path string) string {
	if strings.IndexByte(path, '%') < 0 {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '%' && i+2 < len(path) {
			s, err := url.PathUnescape(path[i : i+3])
			if err == nil && s[0] > ' ' && s[0] != 0x7f && !strings.Contains(`/\%?#;`, s) {
				b.WriteString(s)
				i += 2
				continue
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

// ApplicationBody gives what an entry holds of the body of a request to an application: how long it
// is, as its header says (-1: that does not).
func ApplicationBody(length int64) string {
	switch {
	case length == 0:
		return ""
	case length < 0:
		return "[of unknown length]"
	}
	return fmt.Sprintf("[%d bytes]", length)
}
