package book

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ellipsis stands where a text was cut.
const ellipsis = "…"

// Inert makes a text from outside harmless to read in a page, a terminal and a log: valid UTF-8 on
// one line, at most limit bytes long, cut at a character with "…". Control characters (C0, DEL,
// C1), characters that are invisible or change the direction of writing (Unicode's Cf: U+200B–F,
// U+202A–E, U+2066–9, U+FEFF, tags, …) and line and paragraph separators become visible escapes
// such as \n, \x1b and \u202e; a byte that is not UTF-8 becomes \xff. What is inert already stays
// as it is. It does not escape for HTML, JSON or CSV: whoever writes those does. (OWASP Logging
// Cheat Sheet, ASVS 16.4.1.)
func Inert(s string, limit int) string { return inert(s, limit, harmful) }

// InertName is Inert for what holds people's names: the two joiners stay, without which Persian,
// Indic scripts and emoji are not written as their owners write them.
func InertName(s string, limit int) string {
	return inert(s, limit, func(r rune) bool {
		const zwnj, zwj = '\u200c', '\u200d'
		return harmful(r) && r != zwnj && r != zwj
	})
}

func inert(s string, limit int, harmful func(rune) bool) string {
	if limit <= 0 {
		return ""
	}
	if len(s) <= limit && clean(s, harmful) {
		return s
	}
	var b strings.Builder
	fit := 0 // how much of b leaves room for an ellipsis
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		from := b.Len()
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case !harmful(r):
			b.WriteString(s[i : i+size])
		default:
			b.WriteString(escaped(r))
		}
		if b.Len() > limit {
			if limit < len(ellipsis) {
				return b.String()[:from]
			}
			return b.String()[:fit] + ellipsis
		}
		if b.Len() <= limit-len(ellipsis) {
			fit = b.Len()
		}
		i += size
	}
	return b.String()
}

// clean reports whether nothing in s needs an escape. Most texts are printable ASCII, which this
// sees without decoding.
func clean(s string, harmful func(rune) bool) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f {
			return utf8.ValidString(s) && strings.IndexFunc(s, harmful) < 0
		}
	}
	return true
}

func harmful(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

func escaped(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}
