package view

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Visible gives s with everything written out that a reader could not see or that would change how
// its surroundings read: control characters, bidirectional controls, zero-width and other invisible
// characters, and spaces that are not the plain space become \u202e and the like; bytes that are no
// UTF-8 become \xff. It does not escape HTML: the components do. (Trojan Source, CVE-2021-42574;
// Unicode TR36.)
func Visible(s string) string { return reveal(s, hidden) }

// asWritten is Visible for names: joiners, variation selectors and other spaces belong to some
// scripts and emoji. Two names may look alike with them; a name that stands for somebody therefore
// comes with a mark, except to its owner.
func asWritten(s string) string {
	return reveal(s, func(r rune) bool {
		if r == 0x200C || r == 0x200D || unicode.Is(unicode.Zs, r) || unicode.Is(unicode.Variation_Selector, r) {
			return false
		}
		return hidden(r)
	})
}

func reveal(s string, hide func(rune) bool) string {
	if printable(s) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteString(`\x`)
			hex(&b, uint32(s[i]), 2)
		case !hide(r):
			b.WriteString(s[i : i+n])
		case r > 0xFFFF:
			b.WriteString(`\U`)
			hex(&b, uint32(r), 8)
		default:
			b.WriteString(`\u`)
			hex(&b, uint32(r), 4)
		}
		i += n
	}
	return b.String()
}

// printable is the way of nearly every string: ASCII that is all there to see.
func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func hidden(r rune) bool {
	if r >= ' ' && r <= '~' {
		return false
	}
	return r == 0x2800 || // the blank braille pattern
		unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Zs,
			unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

func hex(b *strings.Builder, v uint32, digits int) {
	s := strconv.FormatUint(uint64(v), 16)
	for i := len(s); i < digits; i++ {
		b.WriteByte('0')
	}
	b.WriteString(s)
}

// clipped is Visible of the first limit characters of s, with an ellipsis if there were more: one
// row of the book never fills the screen.
func clipped(s string, limit int) string {
	first, more := beginning(s, limit)
	return Visible(first) + more
}

// clippedName is clipped for names.
func clippedName(s string, limit int) string {
	first, more := beginning(s, limit)
	return asWritten(first) + more
}

// beginning returns the first limit characters of s, and an ellipsis if there were more.
func beginning(s string, limit int) (first, more string) {
	if len(s) > limit {
		n := 0
		for i := range s {
			if n == limit {
				return s[:i], "…"
			}
			n++
		}
	}
	return s, ""
}

func plain(n int) string { return strconv.Itoa(n) }

// count writes a number for people: 1,234,567.
func count(n int) string {
	if n > -1000 && n < 1000 {
		return strconv.Itoa(n)
	}
	return string(appendCount(nil, n))
}

func appendCount(b []byte, n int) []byte {
	start := len(b)
	b = strconv.AppendInt(b, int64(n), 10)
	first := start
	if n < 0 {
		first++
	}
	for i := len(b) - 3; i > first; i -= 3 {
		b = append(b, 0)
		copy(b[i+1:], b[i:])
		b[i] = ','
	}
	return b
}

// counted is a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + many
}

// took writes a duration with about two digits: nobody reads more. Zero and less is "": it is not
// known (yet).
func took(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d < time.Microsecond:
		return "< 1 µs"
	case d < time.Millisecond:
		return strconv.FormatInt(int64(d/time.Microsecond), 10) + " µs"
	case d < 10*time.Millisecond:
		return tenths(d, time.Millisecond) + " ms"
	case d < time.Second:
		return strconv.FormatInt(int64(d/time.Millisecond), 10) + " ms"
	case d < 10*time.Second:
		return tenths(d, time.Second) + " s"
	case d < 2*time.Minute:
		return strconv.FormatInt(int64(d/time.Second), 10) + " s"
	default:
		return count(int(d/time.Minute)) + " min"
	}
}

func tenths(d, unit time.Duration) string {
	t := int64(d / (unit / 10))
	return strconv.FormatInt(t/10, 10) + "." + strconv.FormatInt(t%10, 10)
}

// span writes a length of time in words: "24 hours".
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d > 2*day && d%day == 0:
		return counted(int(d/day), "day", "days")
	case d >= 2*time.Hour && d%time.Hour == 0:
		return counted(int(d/time.Hour), "hour", "hours")
	default:
		return counted(int(d/time.Minute), "minute", "minutes")
	}
}
