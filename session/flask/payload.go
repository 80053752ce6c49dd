package flask

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"io"
	"sync"
)

// worthwhile is how many bytes compression must save at least. In Flask it is 2. compress/zlib
// finds other matches than zlib, once in 100,000 texts better ones by a byte; with a margin, what
// Flask leaves as it is does not come out compressed.
const worthwhile = 4

// shortText is up to which length a text is compressed as quickly as can be. Of a longer one the
// size matters more: it may not fit into a cookie otherwise.
const shortText = 1 << 10

// zlibs keeps what compress/zlib needs for one text and the next: some 800 kB to write, 40 kB to
// read. Nobody but the two methods below ever holds one, and each is reset before it is used.
type zlibs struct {
	quick, thorough sync.Pool // of *zlib.Writer
	readers         sync.Pool
}

// compress returns the zlib stream (RFC 1950) of a text, or nil if that saves too little.
func (p *zlibs) compress(text []byte) []byte {
	var z bytes.Buffer
	pool, level := &p.thorough, zlib.DefaultCompression
	if len(text) <= shortText {
		pool, level = &p.quick, zlib.BestSpeed
	}
	w, ok := pool.Get().(*zlib.Writer)
	if ok {
		w.Reset(&z)
	} else {
		w, _ = zlib.NewWriterLevel(&z, level) // fails for levels that are none
	}
	_, err := w.Write(text)
	if w.Close() != nil || err != nil { // a Buffer does not fail
		return nil
	}
	pool.Put(w)
	if z.Len() > len(text)-worthwhile {
		return nil
	}
	return z.Bytes()
}

// inflate reads one complete zlib stream with its checksum, and nothing behind it.
func (p *zlibs) inflate(z []byte, limit int) ([]byte, error) {
	if len(z) < 2 || z[1]&0x20 != 0 { // with a dictionary, which nobody has
		return nil, fmt.Errorf("%w: no zlib data", ErrMalformed)
	}
	from := bytes.NewReader(z)
	r, ok := p.readers.Get().(io.ReadCloser)
	var err error
	if ok {
		err = r.(zlib.Resetter).Reset(from, nil)
	} else {
		r, err = zlib.NewReader(from)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: no zlib data", ErrMalformed)
	}
	text := bytes.NewBuffer(make([]byte, 0, min(4*len(z), limit)+bytes.MinRead))
	_, err = text.ReadFrom(io.LimitReader(r, int64(limit)+1))
	p.readers.Put(r)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: compression", ErrMalformed)
	case text.Len() > limit:
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, limit)
	case from.Len() > 0:
		return nil, fmt.Errorf("%w: more behind the compressed text", ErrMalformed)
	}
	return text.Bytes(), nil
}

// open takes the first part of a cookie to the text of the session: base64, and zlib after a
// leading dot.
func (p *zlibs) open(payload []byte, limit int) ([]byte, error) {
	text, compressed := bytes.CutPrefix(payload, []byte("."))
	b, ok := decode64(make([]byte, 0, urlSafe.DecodedLen(len(text))), text, -1)
	switch {
	case !ok:
		return nil, fmt.Errorf("%w: base64", ErrMalformed)
	case compressed:
		return p.inflate(b, limit)
	case len(b) > limit:
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, limit)
	}
	return b, nil
}
