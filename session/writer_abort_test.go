package session_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// noAnswer is that of a connection or stream that is aborted before anything was sent.
func noAnswer(want *exchange) {
	end := "no answer: unexpected EOF"
	if strings.HasPrefix(want.Status, "HTTP/2.0") {
		end = "no answer: stream error: stream; INTERNAL_ERROR; received from peer"
	}
	*want = exchange{Hints: want.Hints, End: end}
}

// recovers answers a panic outside of the middleware.
func recovers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if v := recover(); v != nil {
				http.Error(w, fmt.Sprint("sorry: ", v), 500)
			}
		}()
		w.Header().Set("X-Outer", "kept")
		next.ServeHTTP(w, r)
	})
}

// Guard: writer.go, finish; middleware.go, Manager.Handler, the deferred call.
func TestWriterPanic(t *testing.T) {
	status := func(code int) func(http.ResponseWriter, *http.Request, *notes) {
		return func(w http.ResponseWriter, _ *http.Request, _ *notes) { w.WriteHeader(code) }
	}
	cases := []writerCase{
		{name: "WriteHeader(99)", session: gone, handler: status(99)},
		{name: "WriteHeader(1000)", session: gone, handler: status(1000)},
		{name: "WriteHeader(99), recovered outside", session: gone, outside: recovers, handler: status(99)},
	}
	for name, value := range map[string]any{"panic": "oh", "abort": http.ErrAbortHandler} {
		aborted := map[string]difference{"not saved": {"the panic aborts the error page, too, which is not flushed", noAnswer}}
		if value == http.ErrAbortHandler {
			aborted = nil // it says that nothing more can be written, which is true, and the error page is whole
		}
		cases = append(
			cases,
			writerCase{name: name + " at once", session: gone, handler: func(http.ResponseWriter, *http.Request, *notes) { panic(value) }},
			writerCase{
				name: name + " after headers", session: gone, outside: recovers,
				handler: func(w http.ResponseWriter, _ *http.Request, _ *notes) {
					w.Header().Set("X-Outer", "changed")
					w.Header().Set("X-Inner", "x")
					panic(value)
				},
				differs: map[string]difference{"*": {"the headers go back to what they were", func(want *exchange) {
					want.Header.Set("X-Outer", "kept")
					want.Header.Del("X-Inner")
				}}},
			},
			writerCase{name: name + " after a hint", session: gone, handler: func(w http.ResponseWriter, _ *http.Request, _ *notes) {
				w.WriteHeader(103)
				panic(value)
			}},
			writerCase{name: name + " after a byte", session: unseen, whole: value == http.ErrAbortHandler, handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
				n.n(io.WriteString(w, "x"))
				panic(value)
			}},
			writerCase{name: name + " after a flush", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
				n.n(io.WriteString(w, "x"))
				n.err(http.NewResponseController(w).Flush())
				panic(value)
			}, differs: aborted},
		)
	}
	hold(t, cases)
}

// Guard: cutshort.go, Session.cutShort.
func TestWriterTimeout(t *testing.T) {
	timeout := func(h http.Handler) http.Handler { return http.TimeoutHandler(h, time.Minute, "too slow") }
	page := func(w http.ResponseWriter, _ *http.Request, n *notes) {
		w.Header().Set("X-A", "b")
		w.WriteHeader(203)
		n.n(io.WriteString(w, "x"))
		n.err(http.NewResponseController(w).Flush())
	}
	slow := func(w http.ResponseWriter, r *http.Request, n *notes) {
		<-r.Context().Done()
		n.err(r.Context().Err())
		w.Header().Set("X-A", "b")
		<-n.closed
	}
	slowWrite := func(w http.ResponseWriter, r *http.Request, n *notes) {
		<-r.Context().Done()
		w.Header().Set("X-A", "b")
		for { // until the timeout handler has answered
			if _, err := io.WriteString(w, "x"); err != nil {
				n.err(err)
				return
			}
		}
	}
	hold(t, []writerCase{
		{name: "inside, in time", inside: timeout, handler: page},
		{name: "outside, in time", outside: timeout, handler: page},
		{name: "inside, too late", late: "inside", session: lost, ask: ask{tells: true}, handler: slow},
		{name: "inside, too late with a page", late: "inside", session: lost, handler: slowWrite},
		{name: "outside, too late", late: "outside", session: unseen, ask: ask{tells: true}, handler: slow},
		{name: "outside, too late with a page", late: "outside", session: unseen, handler: slowWrite},
		{
			name: "inside, a panic", inside: timeout, session: gone,
			handler: func(http.ResponseWriter, *http.Request, *notes) { panic("oh") },
		},
		{
			name: "outside, a panic", outside: timeout, session: gone,
			handler: func(http.ResponseWriter, *http.Request, *notes) { panic("oh") },
		},
	})
}
