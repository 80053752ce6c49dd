package book

import (
	"net/url"
	"strings"

	"github.com/doorbook/doorbook/internal/id"
)

const (
	maxPath  = 512 // bytes of a path that no route matched
	maxPairs = 32  // of a query; more are not shown
)

// RedactURL gives what an entry holds of a request's URL: the path, and the query if there was one.
//
// pattern is the route's, as http.ServeMux writes it ("GET /logs/{id}/"). Where it has the
// parameter {id}, a value that is an id is shown; any other value, and that of any other parameter,
// becomes the parameter's name in braces. With no pattern, or the catch-all "/", no route matched:
// then the path is shown as it is, inert and cut at 512 bytes, for it tells what strangers look
// for; but for what may be one of our tokens, which is good elsewhere: a mistyped link, or one that
// came through a proxy with a prefix. Of the query a pair whose name keep lists shows its value by
// the field's kind; a name that comes twice shows none, and any other pair becomes [redacted] with
// its name. A query that cannot be read is [redacted] as a whole. The result is printable and at
// most 2 KiB long, as long as the pattern is.
func RedactURL(path, rawQuery, pattern string, keep Keep) string {
	shown := redactPath(path, pattern)
	if rawQuery == "" {
		return shown
	}
	return Inert(shown+"?"+redactQuery(rawQuery, keep.Query), maxURL)
}

func redactPath(path, pattern string) string {
	if slash := strings.IndexByte(pattern, '/'); slash >= 0 {
		pattern = pattern[slash:] // without the method and the host
	}
	if pattern == "" || (pattern == "/" && path != "/") {
		return Inert(withoutTokens(path), maxPath)
	}
	var b strings.Builder
	rest := strings.TrimPrefix(path, "/")
	for segment := range strings.SplitSeq(pattern[1:], "/") {
		var value string
		value, rest, _ = strings.Cut(rest, "/")
		b.WriteByte('/')
		switch {
		case segment == "{$}":
		case segment == "" && value+rest != "": // "/logs/" matches whatever is below it
			b.WriteString(Redacted)
		case segment == "{id}" && id.Valid(value):
			b.WriteString(value)
		default: // from the pattern, never from the path, so it does not matter whether they fit each other
			b.WriteString(segment)
		}
	}
	return b.String()
}

// leastToken is how many letters and digits in a row may be one of our tokens: those of
// crypto/rand.Text are 26, of which one may have got lost. An id has 24.
const leastToken = 25

// withoutTokens replaces each run that is as long as a token. It does not take only the letters that
// tokens consist of: one that was mistyped, or written in small letters on its way, tells what the
// right one is.
func withoutTokens(path string) string {
	var b strings.Builder
	for path != "" {
		n := strings.IndexFunc(path, notOfToken)
		if n < 0 {
			n = len(path)
		}
		if n >= leastToken {
			b.WriteString(Redacted)
		} else {
			b.WriteString(path[:n])
		}
		rest := strings.TrimLeftFunc(path[n:], notOfToken)
		b.WriteString(path[n : len(path)-len(rest)])
		path = rest
	}
	return b.String()
}

func notOfToken(r rune) bool {
	return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9')
}

func redactQuery(raw string, fields []Field) string {
	var out []string
	count := make([]int, len(fields))
	values := make([]string, len(fields))
	others := 0
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || strings.Contains(pair, ";") { // as in net/url: a semicolon is no separator
			return Redacted
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return Redacted
		}
		if i := fieldIndex(fields, name); i >= 0 {
			count[i]++
			values[i] = value
			continue
		}
		others++
	}
	for i, f := range fields {
		switch {
		case count[i] == 1 && f.allows(values[i]):
			out = append(out, f.Name+"="+url.QueryEscape(Inert(values[i], maxValue)))
		case count[i] > 0: // a name that comes twice is nothing that the pages of this program send
			out = append(out, f.Name+"="+Redacted)
		}
	}
	for range min(others, maxPairs) {
		out = append(out, Redacted)
	}
	if others > maxPairs {
		out = append(out, ellipsis)
	}
	return strings.Join(out, "&")
}

func fieldIndex(fields []Field, name string) int {
	for i, f := range fields {
		if f.Name == name {
			return i
		}
	}
	return -1
}
