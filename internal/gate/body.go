package gate

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// body is that of a request. It gives the visitor time as long as they send, remembers when they are
// the reason that it ended, and hands the application its trailers.
type body struct {
	io.ReadCloser
	trip     *trip
	stall    time.Duration
	until    time.Time   // the deadline of reading
	trailers http.Header // those announced, of what the application is sent; nil for none

	mu   sync.Mutex
	err  error // that reading ended with
	over bool  // the answer is: nobody sets deadlines any more
}

// Read is called by one goroutine of the transport.
func (b *body) Read(p []byte) (int, error) {
	b.extend()
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.mu.Lock()
		b.err = err
		b.mu.Unlock()
		if err == io.EOF { //nolint:errorlint // io.Reader's own
			for name := range b.trailers {
				b.trailers[name] = b.trip.r.Trailer[name]
			}
		}
	}
	return n, err
}

func (b *body) extend() {
	now := time.Now()
	if b.until.Sub(now) >= b.stall*3/4 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return
	}
	b.until = now.Add(b.stall)
	_ = b.trip.answer.rc.SetReadDeadline(b.until)
}

// problem is what was wrong with the body as it came, with the status that says so.
func (b *body) problem() (int, error) {
	if b == nil {
		return 0, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.err == nil || errors.Is(b.err, io.EOF):
		return 0, nil
	case errors.Is(b.err, os.ErrDeadlineExceeded):
		return http.StatusRequestTimeout, b.err
	}
	return http.StatusBadRequest, b.err
}

// unread reports whether there may be more of it.
func (b *body) unread() bool {
	if b == nil {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return !errors.Is(b.err, io.EOF)
}

// release ends a read that the transport may still be in: the answer is there, and whoever answers
// early has no use for the rest. What the server drains has a little time.
func (b *body) release(t *trip) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
	if b.err == nil && !t.answer.h2 {
		_ = t.answer.rc.SetReadDeadline(time.Now().Add(drainTime))
	}
}

const drainTime = 2 * time.Second
