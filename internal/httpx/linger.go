package httpx

import (
	"io"
	"net/http"
	"strings"
)

// maxDrained is how much of a body that nobody wants is read after the answer, in bytes. How long
// that may take is bounded by the server's ReadTimeout, as of any other body.
const maxDrained = 256 << 20

// linger reads what a client still sends after it was answered, to throw it away. A connection that
// is closed while bytes come in is reset, and the reset takes the answer with it that the client
// has not read yet: many clients look at the answer only when all is sent. HTTP/2 has a word of its
// own for that, and a client that waits for leave to send (Expect) has the answer in its place.
func (w *recorder) linger() {
	read := w.q.body
	if w.unread == nil || w.r.ProtoMajor != 1 || w.taken || read != nil && !read.cut || read == nil && waits(w.r) {
		return
	}
	if http.NewResponseController(w.ResponseWriter).Flush() != nil {
		return
	}
	_, _ = io.CopyN(io.Discard, w.unread, maxDrained)
}

// unwanted is the body of a request, which may not have been read to its end when it is answered.
func unwanted(r *http.Request) io.Reader {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil
	}
	return r.Body
}

// waits reports whether a client sends its body only when it is told to.
func waits(r *http.Request) bool {
	return r.ProtoAtLeast(1, 1) && strings.EqualFold(r.Header.Get("Expect"), "100-continue")
}
