package session

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// A request is the http.ResponseWriter of its handler, too: it commits the session before the first
// byte of the answer, and passes everything else on as it is.

// Unwrap lets http.ResponseController reach what we do not stand between: deadlines, full duplex.
func (w *request) Unwrap() http.ResponseWriter { return w.rw }

// Header gives the headers of the answer. Once that is withheld they are the error handler's, and
// what the handler says is lost, so that it cannot come out as a trailer.
func (w *request) Header() http.Header {
	if w.failed != nil {
		return make(http.Header)
	}
	return w.rw.Header()
}

// begin commits. If that fails the error handler answers in place of the handler, and begin reports
// false. If it panics the answer has not begun, and whoever recovers gets the error handler's.
func (w *request) begin(status int) bool {
	err := w.session.commit(status)
	w.begun = true
	if err == nil {
		w.session.headers(w.rw.Header())
		return true
	}
	w.failed = fmt.Errorf("session: the answer was withheld: %w", err)
	restoreHeader(w.rw.Header(), w.before)
	w.session.headers(w.rw.Header())
	answer := &errorWriter{ResponseWriter: w.rw, r: w.r, session: &w.session}
	defer func() { // also when the error handler panics
		if !answer.begun {
			answer.WriteHeader(ErrorStatus(w.r, err))
		}
	}()
	w.session.m.cfg.ErrorHandler(answer, w.r, err)
	return false
}

// finish is called when the handler has returned or panicked.
func (w *request) finish() {
	// What is read from the request outside, by net/http itself and by middleware, was written into
	// the copy that carries the session: without the form its temporary files would stay forever.
	if r := w.session.r; r != w.r {
		if r.MultipartForm == nil {
			r.MultipartForm = w.r.MultipartForm
		}
		if r.Pattern == "" {
			r.Pattern = w.r.Pattern
		}
	}
	h := w.rw.Header()
	if !w.begun { // a panic: whoever recovers answers with headers of their own
		w.session.close()
		restoreHeader(h, w.before)
		if w.session.answer.due != nil { // what Save promised
			w.session.headers(h)
		}
	}
	if w.failed == nil {
		return
	}
	// The handler may have kept the headers and set a trailer.
	for name := range h {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			delete(h, name)
		}
	}
	for _, line := range h["Trailer"] {
		for name := range strings.SplitSeq(line, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	// httputil.ReverseProxy aborts when it cannot write. But the answer, the error handler's, is
	// whole.
	if p := recover(); p != nil && p != http.ErrAbortHandler {
		panic(p)
	}
}

// errorWriter notices whether the error handler answers at all: its silence must not become 200.
type errorWriter struct {
	http.ResponseWriter
	r       *http.Request
	session *Session // in place of whose answer it is; nil behind a guard
	begun   bool
}

// begin has the last word on caching.
func (w *errorWriter) begin() {
	if !w.begun && w.session != nil {
		w.session.marks(w.Header())
	}
	w.begun = true
}

func (w *errorWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *errorWriter) WriteHeader(status int) {
	if !informational(w.r, status) {
		w.begin()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *errorWriter) Write(b []byte) (int, error) {
	w.begin()
	return w.ResponseWriter.Write(b)
}

// informational reports whether another header follows (RFC 9110, 15.2). After 101 the protocol is
// another, except in HTTP/2, which has no such thing (RFC 9113, 8.6).
func informational(r *http.Request, status int) bool {
	return status >= 100 && status < 200 && (status != http.StatusSwitchingProtocols || r.ProtoMajor > 1)
}

func (w *request) WriteHeader(status int) {
	switch {
	case w.failed != nil:
	case !w.begun && (status < 100 || status > 999):
		panic(fmt.Sprintf("invalid WriteHeader code %v", status)) // as net/http does, before anything is saved
	case informational(w.r, status):
		if w.begun || w.session.Err() == nil { // what will be withheld says nothing beforehand
			w.rw.WriteHeader(status)
		}
	case w.begun || w.begin(status):
		w.rw.WriteHeader(status)
	}
}

func (w *request) ready() error {
	if !w.begun {
		w.begin(http.StatusOK)
	}
	return w.failed
}

func (w *request) Write(b []byte) (int, error) {
	if err := w.ready(); err != nil {
		return 0, err
	}
	return w.rw.Write(b)
}

func (w *request) WriteString(s string) (int, error) {
	if err := w.ready(); err != nil {
		return 0, err
	}
	return io.WriteString(w.rw, s)
}

// ReadFrom keeps sendfile where the server has it.
func (w *request) ReadFrom(src io.Reader) (int64, error) {
	if err := w.ready(); err != nil {
		return 0, err
	}
	if rf, ok := w.rw.(io.ReaderFrom); ok {
		return rf.ReadFrom(src)
	}
	return io.Copy(struct{ io.Writer }{w.rw}, src)
}

// Flush sends what was written so far, for callers that know http.Flusher.
func (w *request) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *request) FlushError() error {
	if err := w.ready(); err != nil {
		return err
	}
	return http.NewResponseController(w.rw).Flush()
}

// Hijack saves the session and hands over the connection. If a cookie is due that nobody took with
// TakeCookie it fails with ErrCookieDue, and the answer can still be written the ordinary way, with
// the cookie. One that only prolongs what the browser has, or signs it anew, waits for another
// answer.
func (w *request) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.failed != nil {
		return nil, nil, w.failed
	}
	if !w.begun && canHijack(w.rw) {
		if err := w.session.commitBare(); err != nil {
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

// canHijack reports whether somebody outside hands over connections; HTTP/2 does not.
func canHijack(w http.ResponseWriter) bool {
	for {
		if _, ok := w.(http.Hijacker); ok {
			return true
		}
		outer, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = outer.Unwrap()
	}
}

// CloseNotify is what net/http, deprecated as it is, still gives to those who ask for it (gin's
// Stream).
func (w *request) CloseNotify() <-chan bool {
	if n, ok := w.rw.(interface{ CloseNotify() <-chan bool }); ok {
		return n.CloseNotify()
	}
	return make(chan bool) // which never tells anything, like that of a client who stays
}

// Push passes an HTTP/2 server push on.
func (w *request) Push(target string, opts *http.PushOptions) error {
	if p, ok := w.rw.(http.Pusher); ok {
		return p.Push(target, opts)
	}
	return http.ErrNotSupported
}
