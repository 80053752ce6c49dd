package flask

import (
	"encoding/binary"
	"hash/adler32"
	"math/bits"
)

// The lengths and distances that the codes of DEFLATE stand for, and how many bits follow each (RFC 1951, 3.2.5).
var (
	lengthBase = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthMore = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase   = [30]uint16{
		1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
		8193, 12289, 16385, 24577,
	}
	distMore = [30]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

const (
	minMatch = 3
	maxMatch = 258
	endBlock = 256
)

// bitWriter writes bits, the lowest first.
type bitWriter struct {
	b    []byte
	acc  uint64
	held uint
}

func (w *bitWriter) bits(v uint32, n uint) {
	w.acc |= uint64(v) << w.held
	for w.held += n; w.held >= 8; w.held -= 8 {
		w.b = append(w.b, byte(w.acc))
		w.acc >>= 8
	}
}

// symbol writes a literal, the end, or a length in the fixed code (RFC 1951, 3.2.6), whose highest bit comes first.
func (w *bitWriter) symbol(s uint16) {
	var code uint16
	var n uint
	switch {
	case s < 144:
		code, n = 0x30+s, 8
	case s < 256:
		code, n = 0x190+s-144, 9
	case s < 280:
		code, n = s-256, 7
	default:
		code, n = 0xc0+s-280, 8
	}
	w.bits(uint32(bits.Reverse16(code)>>(16-n)), n)
}

func (w *bitWriter) match(length, dist int) {
	c := 28
	for length < int(lengthBase[c]) {
		c--
	}
	w.symbol(uint16(257 + c))
	w.bits(uint32(length-int(lengthBase[c])), uint(lengthMore[c]))
	for c = 29; dist < int(distBase[c]); {
		c--
	}
	w.bits(uint32(bits.Reverse8(uint8(c))>>3), 5)
	w.bits(uint32(dist-int(distBase[c])), uint(distMore[c]))
}

// deflateShort gives a zlib stream of one block in the fixed code, which is what zlib takes for most short texts, too. It
// remembers the last place of each three bytes, and gives nil if the stream would be longer than the text.
func deflateShort(text []byte) []byte {
	w := bitWriter{b: append(make([]byte, 0, len(text)+16), 0x78, 0x9c)}
	w.bits(1|1<<1, 3) // the last block, fixed code
	var last [1024]uint16
	for i := 0; i < len(text); {
		if len(w.b) > len(text) {
			return nil
		}
		length, dist := 0, 0
		if i+minMatch <= len(text) {
			h := place(text[i:])
			if from := int(last[h]) - 1; from >= 0 {
				length, dist = common(text[from:], text[i:]), i-from
			}
			last[h] = uint16(i + 1)
		}
		if length < minMatch {
			w.symbol(uint16(text[i]))
			i++
			continue
		}
		w.match(length, dist)
		for end := i + length; i+1 < end; {
			i++
			if i+minMatch <= len(text) {
				last[place(text[i:])] = uint16(i + 1)
			}
		}
		i++
	}
	w.symbol(endBlock)
	w.bits(0, 7) // fills the last byte
	return binary.BigEndian.AppendUint32(w.b, adler32.Checksum(text))
}

func place(b []byte) uint32 {
	return (uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16) * 0x9e3779b1 >> 22
}

// common is how many bytes a and b have in common, up to the greatest length.
func common(a, b []byte) int {
	n := 0
	for limit := min(len(a), len(b), maxMatch); n < limit && a[n] == b[n]; {
		n++
	}
	return n
}
