package flask

import (
	"encoding/hex"
	"fmt"
)

// Tuple is a Python tuple. A list is a []any.
type Tuple []any

// UUID is a Python UUID.
type UUID [16]byte

// String returns the usual form: 32 lower case hexadecimal digits in five groups.
func (u UUID) String() string {
	b, _ := u.MarshalText()
	return string(b)
}

// MarshalText returns what String does. The error is always nil.
func (u UUID) MarshalText() ([]byte, error) {
	b := make([]byte, 0, 36)
	for i, c := range u {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b = append(b, '-')
		}
		b = append(b, hexDigits[c>>4], hexDigits[c&15])
	}
	return b, nil
}

// UnmarshalText reads the form of String alone, in either case.
func (u *UUID) UnmarshalText(text []byte) error {
	if len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' {
		digits := make([]byte, 0, 32)
		for i, c := range text {
			if i != 8 && i != 13 && i != 18 && i != 23 {
				digits = append(digits, c)
			}
		}
		var read UUID
		if _, err := hex.Decode(read[:], digits); err == nil {
			*u = read
			return nil
		}
	}
	return fmt.Errorf("%w: not a UUID", ErrMismatch)
}
