package wire

import (
	"encoding/binary"
	"time"
)

// A value with a time to live is stored in a wrapping: a zero byte, with which no JSON begins, and
// the moment it ends, in milliseconds since 1970 as a uvarint; 0 is never, for codecs whose values
// may begin with a zero byte.

// Wrap returns a value as it is stored. A zero time is no end.
func Wrap(value []byte, ends time.Time) []byte {
	if ends.IsZero() && (len(value) == 0 || value[0] != 0) {
		return value
	}
	var ms uint64
	if !ends.IsZero() {
		ms = uint64(max(1, ends.UnixMilli()))
	}
	b := make([]byte, 0, 1+binary.MaxVarintLen64+len(value))
	b = binary.AppendUvarint(append(b, 0), ms)
	return append(b, value...)
}

// Unwrap returns what is in a stored value, nil when its time is over, and when that is. At the
// zero time nothing is over.
func Unwrap(stored []byte, now time.Time) (value []byte, ends time.Time) {
	if len(stored) == 0 || stored[0] != 0 {
		return stored, time.Time{}
	}
	ms, rest, ok := CutUvarint(stored[1:])
	if !ok || ms == 0 {
		return rest, time.Time{} // of a broken wrapping what is left is broken, too
	}
	ends = time.UnixMilli(int64(ms)).UTC()
	if !now.Before(ends) {
		return nil, ends
	}
	return rest, ends
}
