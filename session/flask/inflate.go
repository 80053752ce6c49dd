package flask

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// inflate reads a DEFLATE stream (RFC 1951) and gives what follows it. compress/flate would do: it takes 40 kB and four
// times as long for a text of a few hundred bytes, at each request of somebody who is signed in. What zlib refuses is
// refused here.
func inflate(z []byte, limit int) (text, rest []byte, err error) {
	r := bitReader{b: z}
	out := make([]byte, 0, min(limit, 3*len(z)))
	for last := false; !last && !r.bad; {
		last = r.bits(1) == 1
		switch r.bits(2) {
		case 0:
			out = r.stored(out, limit)
		case 1:
			out = r.block(out, limit, nil, nil)
		case 2:
			var lengths, dists huffman
			if r.codes(&lengths, &dists) {
				out = r.block(out, limit, &lengths, &dists)
			}
		default:
			r.bad = true
		}
	}
	switch {
	case len(out) > limit:
		return nil, nil, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, limit)
	case r.bad:
		return nil, nil, fmt.Errorf("%w: compression", ErrMalformed)
	}
	return out, r.rest(), nil
}

// bitReader reads bits, the lowest first. After bad it gives zeros.
type bitReader struct {
	b    []byte
	pos  int    // of the next byte for acc
	acc  uint64 // the next bits; above the held ones it may have some of the stream's already
	held uint
	bad  bool
}

// fill makes it hold 56 bits or more, or all there are.
func (r *bitReader) fill() {
	if len(r.b)-r.pos >= 8 {
		r.acc |= binary.LittleEndian.Uint64(r.b[r.pos:]) << r.held
		n := (63 - r.held) / 8
		r.pos += int(n)
		r.held += 8 * n
		return
	}
	for ; r.held <= 56 && r.pos < len(r.b); r.pos++ {
		r.acc |= uint64(r.b[r.pos]) << r.held
		r.held += 8
	}
}

func (r *bitReader) bits(n uint) uint32 {
	if r.held < n {
		if r.fill(); r.held < n {
			r.bad = true
			return 0
		}
	}
	v := uint32(r.acc & (1<<n - 1))
	r.acc >>= n
	r.held -= n
	return v
}

// rest gives up what is left of the byte before, and gives the bytes that were not read.
func (r *bitReader) rest() []byte {
	r.pos -= int(r.held / 8)
	r.acc, r.held = 0, 0
	return r.b[r.pos:]
}

// stored copies a block that is not compressed.
func (r *bitReader) stored(out []byte, limit int) []byte {
	from := r.rest()
	if len(from) < 4 || binary.LittleEndian.Uint16(from) != ^binary.LittleEndian.Uint16(from[2:]) {
		r.bad = true
		return out
	}
	n := int(binary.LittleEndian.Uint16(from))
	if n > len(from)-4 {
		r.bad = true
		return out
	}
	r.pos += 4 + n
	out = append(out, from[4:4+n]...)
	r.bad = len(out) > limit
	return out
}

const (
	maxCode  = 15 // bits
	fastBits = 9
)

// huffman is a code: how many symbols there are of each length, and the symbols in the order of their codes.
type huffman struct {
	count   [maxCode + 1]uint16
	symbols [288]uint16
	fast    [1 << fastBits]uint16 // by the next bits: a symbol and, in the low 4 bits, its length; 0 if that is longer
}

// set makes the code of these lengths (RFC 1951, 3.2.2). It must be neither ambiguous nor have gaps; a code of a single
// one-bit symbol, or of none, has a gap that zlib allows, if single is true.
func (h *huffman) set(lengths []uint8, single bool) bool {
	for _, n := range lengths {
		h.count[n]++
	}
	var place, code [maxCode + 2]uint16
	left := 1
	for n := 1; n <= maxCode; n++ {
		if left = left<<1 - int(h.count[n]); left < 0 {
			return false
		}
		place[n+1] = place[n] + h.count[n]
		code[n+1] = (code[n] + h.count[n]) << 1
	}
	for s, n := range lengths {
		if n == 0 {
			continue
		}
		h.symbols[place[n]] = uint16(s)
		place[n]++
		if n <= fastBits {
			for i := bits.Reverse16(code[n]) >> (16 - n); i < 1<<fastBits; i += 1 << n {
				h.fast[i] = uint16(s)<<4 | uint16(n)
			}
		}
		code[n]++
	}
	few := int(h.count[0]) == len(lengths) || int(h.count[0]+h.count[1]) == len(lengths)
	return left == 0 || (single && few)
}

// next reads a symbol.
func (h *huffman) next(r *bitReader) int {
	if r.held < maxCode {
		r.fill()
	}
	if e := h.fast[r.acc&(1<<fastBits-1)]; e != 0 && uint(e&15) <= r.held {
		r.acc >>= e & 15
		r.held -= uint(e & 15)
		return int(e >> 4)
	}
	code, first, index := 0, 0, 0
	for n := 1; n <= maxCode; n++ {
		code |= int(r.bits(1))
		if r.bad {
			return 0
		}
		count := int(h.count[n])
		if code-first < count {
			return int(h.symbols[index+code-first])
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	r.bad = true
	return 0
}

// fixed reads a literal, the end or a length in the fixed code (RFC 1951, 3.2.6).
func (r *bitReader) fixed() int {
	if r.held < 9 {
		r.fill()
	}
	code := int(bits.Reverse16(uint16(r.acc)) >> 7) // the next nine bits, the first one highest
	n, s := uint(8), code>>1-0x30
	switch {
	case code < 0x18<<2:
		n, s = 7, 256+code>>2
	case code >= 0x190:
		n, s = 9, 144+code-0x190
	case code >= 0xc0<<1:
		s = 280 + code>>1 - 0xc0
	}
	r.bits(n)
	return s
}

// codes reads the two codes of a block that has its own.
func (r *bitReader) codes(lengths, dists *huffman) bool {
	literals, distances, count := int(r.bits(5))+257, int(r.bits(5))+1, int(r.bits(4))+4
	var n [286 + 30]uint8
	order := [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	for _, s := range order[:count] {
		n[s] = uint8(r.bits(3))
	}
	var h huffman
	if r.bad = r.bad || literals > 286 || distances > 30 || !h.set(n[:19], false); r.bad {
		return false
	}
	clear(n[:19])
	for i := 0; i < literals+distances; {
		s := h.next(r)
		var length uint8
		times := 1
		switch {
		case s < 16:
			length = uint8(s)
		case s == 16 && i > 0:
			length, times = n[i-1], 3+int(r.bits(2))
		case s == 17:
			times = 3 + int(r.bits(3))
		case s == 18:
			times = 11 + int(r.bits(7))
		default:
			r.bad = true
		}
		if r.bad || i+times > literals+distances {
			r.bad = true
			return false
		}
		for ; times > 0; times-- {
			n[i] = length
			i++
		}
	}
	r.bad = n[endBlock] == 0 || !lengths.set(n[:literals], true) || !dists.set(n[literals:literals+distances], true)
	return !r.bad
}

// block reads the symbols of a block. Without codes of its own it has the fixed ones.
func (r *bitReader) block(out []byte, limit int, lengths, dists *huffman) []byte {
	for !r.bad {
		var s int
		if lengths != nil {
			s = lengths.next(r)
		} else {
			s = r.fixed()
		}
		switch {
		case r.bad || s == endBlock:
			return out
		case s < endBlock:
			out = append(out, byte(s))
		default:
			out = r.copy(out, s-257, dists)
		}
		if len(out) > limit {
			r.bad = true
		}
	}
	return out
}

// copy repeats what stands some way back.
func (r *bitReader) copy(out []byte, c int, dists *huffman) []byte {
	if c >= len(lengthBase) {
		r.bad = true
		return out
	}
	length := int(lengthBase[c]) + int(r.bits(uint(lengthMore[c])))
	var d int
	if dists != nil {
		d = dists.next(r)
	} else {
		d = int(bits.Reverse8(uint8(r.bits(5))) >> 3)
	}
	if r.bad || d >= len(distBase) {
		r.bad = true
		return out
	}
	dist := int(distBase[d]) + int(r.bits(uint(distMore[d])))
	if r.bad || dist > len(out) {
		r.bad = true
		return out
	}
	for from := len(out) - dist; length > 0; length-- {
		out = append(out, out[from])
		from++
	}
	return out
}
