// Package wire is how keys and values stand in bytes: every number a uvarint in its shortest form,
// every key and value preceded by its length.
package wire

import (
	"encoding/binary"
	"slices"
)

// AppendEntries appends each key and its value to b, in the order of the keys.
func AppendEntries(b []byte, values map[string][]byte) []byte {
	var room [16]string // most sessions hold fewer
	keys := room[:0]
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		b = binary.AppendUvarint(b, uint64(len(key)))
		b = append(b, key...)
		b = binary.AppendUvarint(b, uint64(len(values[key])))
		b = append(b, values[key]...)
	}
	return b
}

// CutBytes takes a length and that many bytes off b. The bytes have no spare capacity, so that an
// append to them cannot reach their neighbours.
func CutBytes(b []byte) (head, rest []byte, ok bool) {
	n, b, ok := CutUvarint(b)
	if !ok || n > uint64(len(b)) {
		return nil, nil, false
	}
	return b[:n:n], b[n:], true
}

// CutUvarint takes a number in its shortest form off b.
func CutUvarint(b []byte) (n uint64, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || (size > 1 && b[size-1] == 0) {
		return 0, nil, false
	}
	return n, b[size:], true
}
