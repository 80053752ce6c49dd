package flask

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// Texts are UTF-8 in Go, and a Python text can hold what UTF-8 cannot: half of a surrogate pair.
// Such a half is held in its three-byte form (WTF-8), and nothing else that is not UTF-8 is
// written. A high half right before a low one is refused too: Python would read the two as one
// character.

const hexDigits = "0123456789abcdef"

// shortEscape returns the letter of the escapes that have one in Python's JSON, for a character or
// for the letter itself.
func shortEscape(c byte) byte {
	switch c {
	case '"', '\\':
		return c
	case '\b':
		return 'b'
	case '\t':
		return 't'
	case '\n':
		return 'n'
	case '\f':
		return 'f'
	case '\r':
		return 'r'
	}
	return 0
}

// escape measures the escape at the beginning of b, 0 if it is none, and reports whether Python
// writes it like this.
func escape(b []byte) (size int, canonical bool) {
	if len(b) < 2 {
		return 0, false
	}
	switch b[1] {
	case '"', '\\', 'b', 't', 'n', 'f', 'r':
		return 2, true
	case '/':
		return 2, false
	case 'u':
		unit, lower, ok := hexUnit(b[2:])
		if !ok {
			return 0, false
		}
		needed := unit >= 0x7f || (unit < ' ' && shortEscape(byte(unit)) == 0)
		return 6, lower && needed
	}
	return 0, false
}

// hexUnit reads four hexadecimal digits.
func hexUnit(b []byte) (unit rune, lower, ok bool) {
	if len(b) < 4 {
		return 0, false, false
	}
	lower = true
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			unit = unit<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			unit = unit<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			unit = unit<<4 | rune(c-'A'+10)
			lower = false
		default:
			return 0, false, false
		}
	}
	return unit, lower, true
}

// appendUnquoted appends what stands between the quotes of a text that was parsed before, without
// the escapes.
func appendUnquoted(b, inside []byte) []byte {
	for i := 0; i < len(inside); {
		c := inside[i]
		if c != '\\' {
			b = append(b, c)
			i++
			continue
		}
		switch e := inside[i+1]; e {
		case 'b':
			b = append(b, '\b')
		case 't':
			b = append(b, '\t')
		case 'n':
			b = append(b, '\n')
		case 'f':
			b = append(b, '\f')
		case 'r':
			b = append(b, '\r')
		case 'u':
			unit, _, _ := hexUnit(inside[i+2:])
			i += 6
			if low, ok := escapedUnit(inside[i:]); ok {
				if r := utf16.DecodeRune(unit, low); r != utf8.RuneError {
					unit = r
					i += 6
				}
			}
			b = appendRune(b, unit)
			continue
		default:
			b = append(b, e)
		}
		i += 2
	}
	return b
}

func escapedUnit(b []byte) (unit rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	unit, _, ok = hexUnit(b[2:])
	return unit, ok
}

// appendRune is utf8.AppendRune, and writes half of a surrogate pair in three bytes.
func appendRune(b []byte, r rune) []byte {
	if utf16.IsSurrogate(r) {
		return append(b, 0xe0|byte(r>>12), 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
	}
	return utf8.AppendRune(b, r)
}

// surrogate reads half of a surrogate pair in three bytes at the beginning of s.
func surrogate[T string | []byte](s T) (r rune, ok bool) {
	if len(s) < 3 || s[0] != 0xed || s[1]&0xe0 != 0xa0 || s[2]&0xc0 != 0x80 {
		return 0, false
	}
	return rune(s[0]&0x0f)<<12 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), true
}

// appendQuoted appends a text as Python writes it: in ASCII.
func appendQuoted[T string | []byte](b []byte, s T) ([]byte, error) {
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if ' ' <= c && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		size := 1
		switch e := shortEscape(c); {
		case e != 0:
			b = append(b, '\\', e)
		case c < utf8.RuneSelf:
			b = appendUnit(b, rune(c))
		default:
			var err error
			if b, size, err = appendWide(b, s[i:]); err != nil {
				return b, err
			}
		}
		i += size
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"'), nil
}

// appendWide appends the escape of the first character of s, which is not ASCII.
func appendWide[T string | []byte](b []byte, s T) (_ []byte, size int, err error) {
	r, size := utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
	if r == utf8.RuneError && size == 1 {
		half, ok := surrogate(s)
		if ok && half < 0xdc00 {
			if low, also := surrogate(s[3:]); also && low >= 0xdc00 {
				ok = false
			}
		}
		if !ok {
			return b, 0, fmt.Errorf("%w: a text that is not UTF-8", ErrUnsupported)
		}
		return appendUnit(b, half), 3, nil
	}
	if high, low := utf16.EncodeRune(r); r > 0xffff {
		return appendUnit(appendUnit(b, high), low), size, nil
	}
	return appendUnit(b, r), size, nil
}

func appendUnit(b []byte, unit rune) []byte {
	return append(b, '\\', 'u', hexDigits[unit>>12&15], hexDigits[unit>>8&15], hexDigits[unit>>4&15], hexDigits[unit&15])
}
