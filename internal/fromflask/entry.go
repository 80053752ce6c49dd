package fromflask

import (
	"net/url"
	"strings"
	"unicode"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/id"
)

// The longest texts that are taken, in bytes: those of the book's recorder.
const (
	maxMethod = 32
	maxAddr   = 256
)

// readEntry makes an entry of a document. The original wrote down whole bodies and addresses, so of
// a body only that there was one is kept, and of a URL what is no secret: the host and user, values
// of the query, and parts of the path that may be tokens are left out.
func readEntry(doc bson.Raw) (e book.Entry, deleted bool, why *refusal) {
	if e.ID, e.CreatedAt, why = open(doc); why != nil {
		return e, false, why
	}
	if truth(doc.Lookup("deleted")) {
		return e, true, nil
	}
	if t, ok := instant(doc.Lookup("created_at")); ok {
		e.CreatedAt = t
	}
	kind, _ := text(doc.Lookup("type"))
	switch e.Type = book.Type(strings.ToLower(strings.TrimSpace(kind))); e.Type {
	case book.Request, book.Activity, book.Error:
	default:
		return e, false, &refusal{reason: WrongType}
	}
	addr, _ := text(doc.Lookup("client_addr"))
	e.ClientAddr = book.Inert(addr, maxAddr)
	method, _ := text(doc.Lookup("http_method"))
	e.Method = book.Inert(method, maxMethod)
	if v := doc.Lookup("url"); v.Type != 0 && v.Type != bson.TypeNull {
		s, _ := text(v)
		e.URL = redactURL(s)
	}
	if !blank(doc.Lookup("body")) {
		e.Body = book.Redacted
	}
	return e, false, nil
}

// redactURL gives what is kept of a URL, relative or absolute. One that cannot be read is
// [redacted].
func redactURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Opaque != "" || raw == "" {
		return book.Redacted
	}
	segments := strings.Split(u.Path, "/")
	for i, s := range segments {
		if !plain(s) {
			segments[i] = book.Redacted
		}
	}
	path := strings.Join(segments, "/")
	if path == "" {
		path = "/"
	}
	return book.RedactURL(path, u.RawQuery, "", book.Keep{})
}

// plain reports whether a part of a path is surely no token, key or address of a person: an id, a
// word, or a short name. The routes of an application that has grown are not known here, and one
// may have been /reset/<token>.
func plain(segment string) bool {
	const short, word = 12, 40
	if id.Valid(segment) {
		return true
	}
	if strings.ContainsFunc(segment, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-~", r)
	}) {
		return false
	}
	return len(segment) <= short || len(segment) <= word && !strings.ContainsFunc(segment, unicode.IsDigit)
}
