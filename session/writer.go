package session

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// responseWriter commits the session before the first byte of the answer, and passes everything else on as it is.
type responseWriter struct {
	rw      http.ResponseWriter
	r       *http.Request // for the error handler
	session *Session
	begun   bool // the final header is out, or the connection is hijacked
	failed  error
	before  headerCopy
	noStore [1]string
	vary    [1]string
}

// Unwrap lets http.ResponseController reach what we do not stand between: deadlines, full duplex.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.rw }

// Header gives the headers of the answer. Once that is withheld they are the error handler's, and what the handler says is
// lost, so that it cannot come out as a trailer.
func (w *responseWriter) Header() http.Header {
	if w.failed != nil {
		return make(http.Header)
	}
	return w.rw.Header()
}

// begin commits. If that fails the error handler answers in place of the handler, and begin reports false.
func (w *responseWriter) begin(status int) bool {
	w.begun = true
	err := w.commit(status)
	if err == nil {
		w.session.headers(w.rw.Header())
		return true
	}
	w.failed = fmt.Errorf("session: the answer was withheld: %w", err)
	w.before.restore(w.rw.Header())
	w.session.headers(w.rw.Header())
	answer := &errorWriter{ResponseWriter: w.rw}
	w.session.m.cfg.ErrorHandler(answer, w.r, err)
	if !answer.begun {
		answer.WriteHeader(ErrorStatus(w.r, err))
	}
	return false
}

// commit is Session.commit. When that panics the answer has not begun, and whoever recovers gets the error handler's.
func (w *responseWriter) commit(status int) error {
	panicked := true
	defer func() {
		if panicked {
			w.begun = false
		}
	}()
	err := w.session.commit(status)
	panicked = false
	return err
}

// leave is called when the handler has returned or panicked.
func (w *responseWriter) leave() {
	h := w.rw.Header()
	if !w.begun { // a panic: whoever recovers answers with headers of their own
		w.session.close()
		w.before.restore(h)
	}
	if w.failed != nil { // the handler may have kept the headers and set a trailer
		for name := range h {
			if strings.HasPrefix(name, http.TrailerPrefix) {
				delete(h, name)
			}
		}
	}
}

// errorWriter notices whether the error handler answers at all: its silence must not become 200.
type errorWriter struct {
	http.ResponseWriter
	begun bool
}

func (w *errorWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *errorWriter) WriteHeader(status int) {
	w.begun = w.begun || !informational(status)
	w.ResponseWriter.WriteHeader(status)
}

func (w *errorWriter) Write(b []byte) (int, error) {
	w.begun = true
	return w.ResponseWriter.Write(b)
}

// informational reports whether another header follows (RFC 9110, 15.2). After 101 the protocol is another.
func informational(status int) bool {
	return status >= 100 && status < 200 && status != http.StatusSwitchingProtocols
}

func (w *responseWriter) WriteHeader(status int) {
	switch {
	case w.failed != nil:
	case status < 100 || status > 999:
		w.rw.WriteHeader(status) // panics, before anything is saved
	case informational(status):
		if w.begun || w.session.Err() == nil { // what will be withheld says nothing beforehand
			w.rw.WriteHeader(status)
		}
	case w.begun || w.begin(status):
		w.rw.WriteHeader(status)
	}
}

func (w *responseWriter) ready() error {
	if !w.begun {
		w.begin(http.StatusOK)
	}
	return w.failed
}

func (w *responseWriter) Write(b []byte) (int, error) {
	if err := w.ready(); err != nil {
		return 0, err
	}
	return w.rw.Write(b)
}

func (w *responseWriter) WriteString(s string) (int, error) {
	if err := w.ready(); err != nil {
		return 0, err
	}
	return io.WriteString(w.rw, s)
}

// ReadFrom keeps sendfile where the server has it.
func (w *responseWriter) ReadFrom(src io.Reader) (int64, error) {
	if err := w.ready(); err != nil {
		return 0, err
	}
	if rf, ok := w.rw.(io.ReaderFrom); ok {
		return rf.ReadFrom(src)
	}
	return io.Copy(struct{ io.Writer }{w.rw}, src)
}

// Flush sends what was written so far, for callers that know http.Flusher.
func (w *responseWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *responseWriter) FlushError() error {
	if err := w.ready(); err != nil {
		return err
	}
	return http.NewResponseController(w.rw).Flush()
}

// Hijack saves the session and hands over the connection. If a cookie is due that nobody took with TakeCookie it fails
// with ErrCookieDue, and the answer can still be written the ordinary way, with the cookie.
func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.failed != nil {
		return nil, nil, w.failed
	}
	if !w.begun {
		if err := w.session.commit(http.StatusSwitchingProtocols); err != nil {
			w.begin(http.StatusSwitchingProtocols)
			return nil, nil, w.failed
		}
		if w.session.cookieDue() {
			return nil, nil, ErrCookieDue
		}
	}
	conn, buf, err := http.NewResponseController(w.rw).Hijack()
	if err == nil {
		w.begun = true
	}
	return conn, buf, err
}

// Push passes an HTTP/2 server push on.
func (w *responseWriter) Push(target string, opts *http.PushOptions) error {
	if p, ok := w.rw.(http.Pusher); ok {
		return p.Push(target, opts)
	}
	return http.ErrNotSupported
}
