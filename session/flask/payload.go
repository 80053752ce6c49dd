package flask

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/adler32"
)

// worthwhile is how many bytes compression must save at least. In Flask it is 2. Some texts become up to 4 bytes shorter here
// than in zlib (of 200,000), most a little longer; with a margin no text that Flask leaves as it is comes out compressed.
const worthwhile = 6

// shortText is up to which length a text is compressed by deflateShort. A longer one may need what compress/zlib finds, to
// fit into a cookie; but that takes 800 kB of memory each time, and more time than all the rest together.
const shortText = 1024

// compress gives the zlib stream (RFC 1950) of a text, or nil if that saves too little.
func compress(text []byte) []byte {
	var z []byte
	if len(text) <= shortText {
		z = deflateShort(text)
	} else {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		_, _ = w.Write(text) // a Buffer does not fail
		_ = w.Close()
		z = b.Bytes()
	}
	if len(z) == 0 || len(z) > len(text)-worthwhile {
		return nil
	}
	return z
}

// openPayload takes the first part of a cookie to the text of the session: base64, and zlib after a leading dot.
func openPayload(payload []byte, limit int) ([]byte, error) {
	text, compressed := bytes.CutPrefix(payload, []byte("."))
	b, ok := decode64(make([]byte, 0, urlSafe.DecodedLen(len(text))), text, -1)
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: base64", ErrMalformed)
	case compressed:
		return openZlib(b, limit)
	case len(b) > limit:
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, limit)
	}
	return b, nil
}

// openZlib reads one complete zlib stream without a preset dictionary, and nothing after it.
func openZlib(z []byte, limit int) ([]byte, error) {
	if len(z) < 2 || z[0]&15 != 8 || z[0]>>4 > 7 || binary.BigEndian.Uint16(z)%31 != 0 || z[1]&0x20 != 0 {
		return nil, fmt.Errorf("%w: no zlib data", ErrMalformed)
	}
	text, rest, err := inflate(z[2:], limit)
	if err != nil {
		return nil, err
	}
	if len(rest) != 4 || binary.BigEndian.Uint32(rest) != adler32.Checksum(text) {
		return nil, fmt.Errorf("%w: checksum of the compressed text", ErrMalformed)
	}
	return text, nil
}
