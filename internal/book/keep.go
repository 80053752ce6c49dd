package book

import (
	"slices"
	"strings"

	"github.com/doorbook/doorbook/internal/id"
)

// Redacted stands in an entry for what is not written down.
const Redacted = "[redacted]"

// maxValue is the longest value of a field in an entry, in bytes.
const maxValue = 512

// Kind says what a field may hold for its value to be kept. People type secrets into the wrong
// field, so a value that does not look like what the field is for becomes Redacted.
type Kind uint8

// The kinds of fields.
const (
	// Hidden shows that the field was there and never its value: passwords, tokens, and whatever a
	// person may mix up with them. It is the zero value.
	Hidden Kind = iota
	// ID keeps an id: 24 lower-case hexadecimal digits.
	ID
	// Word keeps one of the field's Words, and nothing else.
	Word
	// Number keeps a whole number of at most nine digits, as JSON number or as text.
	Number
	// Email keeps what looks like an e-mail address in ASCII. A password can look like one, so a
	// form that also asks for a password (sign-in, registration, setup) hides its e-mail field
	// instead.
	Email
	// Text keeps any text, cut and made inert. Only for fields that stand in no form with a secret
	// in it, as a name.
	Text
)

// Field is one field of a form, a JSON object or a query whose name may be shown.
type Field struct {
	Name  string // exactly as it is sent: "Name" is not "name"
	Kind  Kind
	Words []string // of Word: what is kept
}

// Keep is what the book keeps of a route's requests. The zero value keeps nothing. A name that is
// not listed is not shown either, since a secret may stand there too.
type Keep struct {
	Query []Field
	Body  []Field // the top level of a form or a JSON object
}

// allows reports whether a text may be shown as the value of this field.
func (f Field) allows(s string) bool {
	switch f.Kind {
	case ID:
		return id.Valid(s)
	case Word:
		return slices.Contains(f.Words, s)
	case Number:
		return isNumber(s)
	case Email:
		return isEmail(s)
	case Text:
		return true
	}
	return false
}

// show gives a text's value in an entry: itself if it may be shown, cut and inert, else Redacted.
func (f Field) show(s string) string {
	if !f.allows(s) {
		return Redacted
	}
	return Inert(s, maxValue)
}

func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return s != "" && len(s) <= 9 && strings.Trim(s, "0123456789") == ""
}

// isEmail is stricter than the rule for accounts: in doubt the value is not kept.
func isEmail(s string) bool {
	local, domain, _ := strings.Cut(s, "@")
	if local == "" || len(local) > 64 || len(domain) > 190 || !only(local, "._%+-") || !only(domain, ".-") {
		return false
	}
	labels := strings.Split(domain, ".")
	return len(labels) > 1 && !slices.Contains(labels, "")
}

// only reports whether s has no other characters than ASCII letters, digits and those of extra.
func only(s, extra string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && strings.IndexByte(extra, c) < 0 {
			return false
		}
	}
	return true
}
