package gate

import (
	"io"
	"sync"
)

// How much is read at once: of an answer of known length; of one that comes in parts, and may stand
// still for long; of what is idle most of the time.
const (
	largeBuffer  = 32 << 10
	streamBuffer = 8 << 10
	smallBuffer  = 1 << 10
)

// buffers are those that bodies are copied through. They are in use only while a body is, and what
// was in them reaches nobody but through the count of a read.
type buffers struct{ large, stream, small sync.Pool }

func (b *buffers) get(size int) []byte {
	switch size {
	case largeBuffer:
		if p, ok := b.large.Get().(*[largeBuffer]byte); ok {
			return p[:]
		}
	case streamBuffer:
		if p, ok := b.stream.Get().(*[streamBuffer]byte); ok {
			return p[:]
		}
	case smallBuffer:
		if p, ok := b.small.Get().(*[smallBuffer]byte); ok {
			return p[:]
		}
	}
	return make([]byte, size)
}

func (b *buffers) put(p []byte) {
	switch len(p) {
	case largeBuffer:
		b.large.Put((*[largeBuffer]byte)(p))
	case streamBuffer:
		b.stream.Put((*[streamBuffer]byte)(p))
	case smallBuffer:
		b.small.Put((*[smallBuffer]byte)(p))
	}
}

// Get and Put are httputil.BufferPool, for one answer.
func (t *trip) Get() []byte { return t.p.buffers.get(t.buffer) }

// Put takes a buffer back.
func (t *trip) Put(p []byte) { t.p.buffers.put(p) }

// copy copies until src ends. It waits with a small buffer, and takes a large one for as long as
// there is much to copy.
func (b *buffers) copy(dst io.Writer, src io.Reader) (sum int64, err error) {
	buf := b.get(smallBuffer)
	defer func() { b.put(buf) }()
	for {
		n, err := src.Read(buf)
		if n > 0 {
			m, err := dst.Write(buf[:n])
			sum += int64(m)
			if err != nil {
				return sum, err
			}
		}
		if err == io.EOF { //nolint:errorlint // io.Reader's own
			return sum, nil
		}
		if err != nil {
			return sum, err
		}
		next := smallBuffer
		if n == len(buf) {
			next = largeBuffer
		}
		if next != len(buf) {
			b.put(buf)
			buf = b.get(next)
		}
	}
}
