package flask

import (
	"bytes"
	"math"
	"strconv"
)

// number parses an integer or a float. A float's canonical spelling is Python's repr; an integer's
// is its digits.
func (p *parser) number() bool {
	i := p.add(kindInt)
	p.accept('-')
	if digits := p.digits(); digits == 0 {
		return p.fail("no value")
	} else if digits > 1 && p.src[p.pos-digits] == '0' {
		return p.fail("a number that begins with 0")
	} else if digits > maxDigits && (p.pos == len(p.src) || bytes.IndexByte([]byte(".eE"), p.src[p.pos]) < 0) {
		return p.fail("too many digits")
	}
	if p.accept('.') {
		p.nodes[i].kind = kindFloat
		if p.digits() == 0 {
			return p.fail("no digit after the point")
		}
	}
	if p.accept('e') || p.accept('E') {
		p.nodes[i].kind = kindFloat
		if !p.accept('+') {
			p.accept('-')
		}
		if p.digits() == 0 {
			return p.fail("no digit in the exponent")
		}
	}
	text := p.src[p.nodes[i].start:p.pos]
	if p.nodes[i].kind == kindInt {
		return p.done(i, string(text) == "-0")
	}
	var room [32]byte
	return p.done(i, !bytes.Equal(appendFloat(room[:0], parseFloat(text), 64), text))
}

func (p *parser) digits() (n int) {
	for p.pos < len(p.src) && '0' <= p.src[p.pos] && p.src[p.pos] <= '9' {
		p.pos++
		n++
	}
	return n
}

// parseFloat reads a float that was parsed before. What is too great is infinite, as in Python.
func parseFloat(text []byte) float64 {
	f, _ := strconv.ParseFloat(string(text), 64)
	return f
}

// appendFloat appends Python's repr: the shortest digits that read back the same, with an exponent
// below 1e-4 and from 1e16 on, and always a point or an exponent. bits is 32 or 64, as for strconv.
func appendFloat(b []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f):
		return append(b, "NaN"...)
	case math.IsInf(f, 1):
		return append(b, "Infinity"...)
	case math.IsInf(f, -1):
		return append(b, "-Infinity"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.AppendFloat(b, f, 'e', -1, bits)
	}
	from := len(b)
	b = strconv.AppendFloat(b, f, 'f', -1, bits)
	if bytes.IndexByte(b[from:], '.') < 0 {
		b = append(b, ".0"...)
	}
	return b
}
