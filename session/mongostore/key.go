package mongostore

import "strings"

const (
	hexDigits = "0123456789ABCDEF"
	emptyName = "%" // the field of the key "", which MongoDB would take but no path could name
)

// plain reports whether a byte of a key stands for itself in a field's name: the visible characters
// of ASCII, but for those that MongoDB keeps for itself (a dot separates the steps of a path, a
// dollar begins an operator) and the percent sign. Everything else, such as a zero byte, which ends
// a name, a blank at the end of one, and what is no UTF-8, which a name must be, is written as in a
// URL.
func plain(c byte) bool { return c > ' ' && c < 0x7f && c != '%' && c != '.' && c != '$' }

// fieldName returns the name under which the value of a key stands. No two keys have the same.
func fieldName(key string) string {
	if key == "" {
		return emptyName
	}
	odd := 0
	for i := range len(key) {
		if !plain(key[i]) {
			odd++
		}
	}
	if odd == 0 {
		return key
	}
	name := make([]byte, 0, len(key)+2*odd)
	for i := range len(key) {
		if c := key[i]; plain(c) {
			name = append(name, c)
		} else {
			name = append(name, '%', hexDigits[c>>4], hexDigits[c&0xf])
		}
	}
	return string(name)
}

// fieldKey is the opposite of fieldName. It refuses every name that fieldName does not return.
func fieldKey(name string) (key string, ok bool) {
	if name == emptyName {
		return "", true
	}
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '%' {
			if i+2 >= len(name) {
				return "", false
			}
			high, low := strings.IndexByte(hexDigits, name[i+1]), strings.IndexByte(hexDigits, name[i+2])
			if high < 0 || low < 0 {
				return "", false
			}
			c = byte(high<<4 | low)
			if plain(c) {
				return "", false
			}
			i += 2
		} else if !plain(c) {
			return "", false
		}
		b.WriteByte(c)
	}
	return b.String(), name != ""
}
