package gate

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of how much work one path makes. What has more readings, or longer ones, is taken for
// unreadable: nobody but an attacker writes such a path.
const (
	maxReadings    = 200
	maxReadingSize = 64 << 10 // bytes, of all of them together
)

// errPath says that a path can be read in no way, or in too many.
var (
	errNoPath  = errors.New("it is no path")
	errEscape  = errors.New("it has a percent sign without two digits, or a NUL")
	errTooMany = errors.New("it can be read in more ways than are looked at")
)

// checkEscapes refuses what no server should read: a path that does not begin with a slash, a percent
// sign without two digits, a NUL.
func checkEscapes(path string) error {
	if !strings.HasPrefix(path, "/") {
		return errNoPath
	}
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == 0:
			return errEscape
		case c == '%':
			b, ok := escaped(path[i:])
			if !ok || b == 0 {
				return errEscape
			}
		}
	}
	return nil
}

// escaped is the byte of an escape that a text begins with.
func escaped(s string) (byte, bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	high, low := digit(s[1]), digit(s[2])
	return high<<4 | low, high < 16 && low < 16
}

// digit is the value of a hexadecimal digit, 16 or more for what is none.
func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 0xff
}

// readings gives every path that some server may take an escaped one for, the plain one first: with
// escapes decoded once, twice or more, dot segments gone or not, and so on, in any order, as a
// request passes through several programs each of which does some of it. Of letters that differ in
// case they are the same; see fold.
func readings(path string) ([]string, error) {
	if err := checkEscapes(path); err != nil {
		return nil, err
	}
	if plain(path) {
		return []string{path}, nil
	}
	// The second beginning has the escapes of what else is looked at: for servers that look before
	// they decode.
	c := closure{ways: ways(), seen: map[string]bool{}}
	for _, begin := range []string{decode(path, ""), decode(path, `/\.;?#`)} {
		if !c.from(begin) {
			return nil, errTooMany
		}
	}
	if slices.ContainsFunc(c.list, func(s string) bool { return strings.Contains(s, "\x00") }) {
		return nil, errEscape
	}
	return c.list, nil
}

// plain reports whether a path is read in the same way by everybody: it has no escapes, nothing that
// some servers take for a parameter or a separator, no empty segments, no dots at the end of one.
func plain(path string) bool {
	for i := range len(path) {
		last := i+1 == len(path)
		switch c := path[i]; {
		case c == '/' && (last || path[i+1] != '/'):
		case c == '.' && !last && path[i+1] != '/':
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_~!$&'()*+,=:@", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// way is one thing that servers do to a path.
type way func(string) string

// ways is all that servers do to a path, once more decoding among it.
func ways() []way {
	again := func(s string) string { return decode(s, "") }
	return []way{
		again, slashes, dropParams, dropAfterParam, dropAfterQuery, resolve, merge, dropAuthority, trimEnds, strict, sloppy, norm.NFKC.String,
	}
}

// closure is what paths become by doing things to them in any order, as often as changes anything.
type closure struct {
	ways []way
	seen map[string]bool
	list []string
	size int
}

// from adds a path and all that it becomes. It is false when that is too much.
func (c *closure) from(path string) bool {
	next := len(c.list)
	if !c.add(path) {
		return false
	}
	for ; next < len(c.list); next++ {
		for _, do := range c.ways {
			if !c.add(do(c.list[next])) {
				return false
			}
		}
	}
	return true
}

func (c *closure) add(path string) bool {
	if c.seen[path] {
		return true
	}
	c.seen[path] = true
	c.list = append(c.list, path)
	c.size += len(path)
	return len(c.list) <= maxReadings && c.size <= maxReadingSize
}

// decode decodes escapes once, those of some characters excepted. What is no escape stays.
func decode(s, except string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c, ok := escaped(s[i:]); ok && strings.IndexByte(except, c) < 0 {
			b.WriteByte(c)
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// slashes takes backslashes for slashes, as Windows and browsers do.
func slashes(s string) string { return strings.ReplaceAll(s, `\`, "/") }

// dropParams drops the parameters of each segment (RFC 2396, 3.3), as Java's servers do.
func dropParams(s string) string {
	if !strings.Contains(s, ";") {
		return s
	}
	segments := strings.Split(s, "/")
	for i, segment := range segments {
		segments[i], _, _ = strings.Cut(segment, ";")
	}
	return strings.Join(segments, "/")
}

// dropAfterParam takes the first semicolon for the end of the path.
func dropAfterParam(s string) string { return before(s, ";") }

// dropAfterQuery takes what was an escape for the beginning of a query or a fragment, as happens
// where a decoded path is made into an address again.
func dropAfterQuery(s string) string { return before(s, "?#") }

func before(s, any string) string {
	if i := strings.IndexAny(s, any); i >= 0 {
		return s[:i]
	}
	return s
}

// merge takes several slashes for one.
func merge(s string) string {
	for strings.Contains(s, "//") {
		s = strings.ReplaceAll(s, "//", "/")
	}
	return s
}

// resolve takes dot segments away, as a file system and RFC 3986, 5.2.4, do. Above the root is the
// root.
func resolve(s string) string {
	if !strings.Contains(s, "/.") {
		return s
	}
	segments := strings.Split(s, "/")
	kept := segments[:1]
	for i, segment := range segments[1:] {
		last := i+2 == len(segments)
		switch {
		case segment == "..":
			kept = kept[:max(1, len(kept)-1)]
		case segment != ".":
			kept = append(kept, segment)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	if len(kept) == 1 {
		return "/"
	}
	return strings.Join(kept, "/")
}

// dropAuthority takes what follows two slashes for the name of a host, as happens where a path is
// resolved against an address (new URL, urlsplit).
func dropAuthority(s string) string {
	rest, ok := strings.CutPrefix(s, "//")
	if !ok {
		return s
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return "/"
}

// trimEnds drops dots and spaces at the ends of segments, as Windows does.
func trimEnds(s string) string {
	if !strings.ContainsAny(s, ". ") {
		return s
	}
	segments := strings.Split(s, "/")
	for i, segment := range segments {
		segment = strings.Trim(segment, " ")
		if segment != "." && segment != ".." {
			segment = strings.TrimRight(segment, ". ")
		}
		segments[i] = segment
	}
	return strings.Join(segments, "/")
}

// strict drops what is no UTF-8, with what cannot be seen.
func strict(s string) string {
	return strings.Map(func(r rune) rune {
		if unseen(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// sloppy reads UTF-8 as careless decoders do: characters in more bytes than they take are those
// characters. What is none then is dropped.
func sloppy(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for s != "" {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && n == 1 {
			r, n = overlong(s)
		}
		if !unseen(r) {
			b.WriteRune(r)
		}
		s = s[n:]
	}
	return b.String()
}

// unseen reports whether some programs drop a character: a control, which addresses are freed of, or
// a format character, which some file systems do not compare. NUL stays, to be refused.
func unseen(r rune) bool { return r != 0 && unicode.In(r, unicode.Cc, unicode.Cf) }

// overlong reads an ASCII character that is written in more bytes than one. Anything else is one
// byte that cannot be seen.
func overlong(s string) (rune, int) {
	const nothing = '\u200b'
	n, lead := 0, s[0]
	for mask := byte(0x80); lead&mask != 0 && n < 6; mask >>= 1 {
		lead &^= mask
		n++
	}
	if n < 2 || n > len(s) {
		return nothing, 1
	}
	r := rune(lead)
	for _, c := range []byte(s[1:n]) {
		if c&0xc0 != 0x80 {
			return nothing, 1
		}
		r = r<<6 | rune(c&0x3f)
	}
	if r >= 0x80 {
		return nothing, 1
	}
	return r, n
}

// fold writes a path so that two are equal that differ in case alone: a server may or may not tell
// them apart.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); r >= 0x80 && f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		if 'A' <= least && least <= 'Z' {
			return least + 'a' - 'A'
		}
		return least
	}, s)
}
