package session_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Guard: writer.go, Flush, FlushError, Header and finish.
func TestWriterStream(t *testing.T) {
	hold(t, []writerCase{
		{name: "Flush first", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			w.Header().Set("X-A", "b")
			w.(http.Flusher).Flush()
			w.Header().Set("X-A", "late")
			n.n(io.WriteString(w, "x"))
		}},
		{name: "Flush after", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			w.WriteHeader(203)
			n.n(io.WriteString(w, "x"))
			w.(http.Flusher).Flush()
			n.n(io.WriteString(w, "y"))
		}},
		{name: "the controller's Flush", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			control := http.NewResponseController(w)
			n.err(control.Flush())
			n.n(io.WriteString(w, "x"))
			n.err(control.Flush())
		}},
		{name: "Flush and a length", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			w.Header().Set("Content-Length", "1")
			n.err(http.NewResponseController(w).Flush())
			n.n(io.WriteString(w, "x"))
		}},
		{
			name: "deadlines and full duplex", reads: true, ask: ask{method: "POST", body: "question"},
			handler: func(w http.ResponseWriter, r *http.Request, n *notes) {
				control := http.NewResponseController(w)
				n.err(control.SetReadDeadline(time.Now().Add(time.Minute)))
				n.err(control.SetWriteDeadline(time.Now().Add(time.Minute)))
				n.err(control.EnableFullDuplex())
				part := make([]byte, 4)
				n.n(io.ReadFull(r.Body, part))
				n.n(w.Write(part))
				n.err(control.Flush())
				rest, err := io.ReadAll(r.Body)
				n.n(string(rest), err)
				n.n(w.Write(rest))
			},
		},
		{
			name: "announced trailers", ask: ask{header: []string{"Te: trailers"}},
			handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
				w.Header().Set("Trailer", "X-Sum, X-None")
				n.n(io.WriteString(w, "x"))
				w.Header().Set("X-Sum", "1")
				w.Header().Set("X-Not-Announced", "1")
			},
		},
		{name: "trailers by prefix", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			n.n(io.WriteString(w, "x"))
			n.err(http.NewResponseController(w).Flush())
			w.Header().Set(http.TrailerPrefix+"X-Sum", "1")
		}},
		{name: "trailers without a body", handler: func(w http.ResponseWriter, _ *http.Request, _ *notes) {
			w.Header().Set("Trailer", "X-Sum")
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			w.Header().Set("X-Sum", "1")
		}},
		{name: "a kept header map", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			h := w.Header()
			h.Set("Trailer", "X-Sum")
			n.n(io.WriteString(w, "x"))
			h.Set("X-Sum", "1")
			h.Set(http.TrailerPrefix+"X-Late", "1")
			n.err(http.NewResponseController(w).Flush())
		}},
		{name: "events", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			w.Header().Set("Content-Type", "text/event-stream")
			for range 3 {
				n.n(io.WriteString(w, "data: x\n\n"))
				w.(http.Flusher).Flush()
			}
		}},
	})
}

func byItself(n int, what string) string {
	return fmt.Sprintf("the connection sent %d bytes of %s by itself", n, what)
}

// Files are sent by the connection itself, over HTTP/1.1 and where the answer has a length:
// exchange.Told has the reader that it was given, which is the handler's own. Guard: writer.go,
// ReadFrom.
func TestWriterFiles(t *testing.T) {
	content := strings.Repeat("0123456789abcdef", 4096)
	dir := t.TempDir()
	path := filepath.Join(dir, "page.html")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	changed := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(path, changed, changed); err != nil {
		t.Fatal(err)
	}
	open := func() *os.File {
		f, err := os.Open(path)
		if err != nil {
			t.Error(err)
		}
		return f
	}
	serve := func(w http.ResponseWriter, r *http.Request, _ *notes) {
		f := open()
		defer f.Close()
		http.ServeContent(w, r, "page.html", changed, f)
	}
	files := func(w http.ResponseWriter, r *http.Request, _ *notes) {
		r = r.Clone(r.Context())
		r.URL.Path = "/page.html"
		http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
	}
	of := func(header ...string) ask { return ask{header: header} }
	hold(t, []writerCase{
		{
			name: "io.Copy of a file with a length", told: byItself(65024, "os.fileWithoutWriteTo"),
			handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
				f := open()
				defer f.Close()
				w.Header().Set("Content-Length", "65536")
				n.n(io.Copy(w, f))
			},
		},
		{
			name: "io.CopyN of a file with a length", told: byItself(59488, "*io.LimitedReader of *os.File"),
			handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
				f := open()
				defer f.Close()
				w.Header().Set("Content-Length", "60000")
				n.n(io.CopyN(w, f, 60000))
			},
		},
		{name: "io.Copy of a file without a length", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			f := open()
			defer f.Close()
			n.n(io.Copy(w, f))
		}},
		{name: "a file after a byte", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			f := open()
			defer f.Close()
			w.Header().Set("Content-Length", "65537")
			n.n(w.Write([]byte("x")))
			n.n(w.(io.Writer).Write(nil))
			n.n(io.Copy(w, f))
		}},
		{name: "a file that cannot be read", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			f := open()
			_ = f.Close()
			_, err := io.Copy(w, f)
			n.err(err)
			http.Error(w, "no", 500)
		}},
		{name: "io.Copy of a buffer", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			n.n(io.Copy(w, bytes.NewBufferString(content)))
		}},
		{name: "io.Copy of a plain reader", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			n.n(io.Copy(w, struct{ io.Reader }{strings.NewReader(content)}))
		}},
		{name: "ServeContent", told: byItself(65024, "*io.LimitedReader of *os.File"), handler: serve},
		{name: "ServeContent, HEAD", ask: ask{method: "HEAD"}, handler: serve},
		{name: "ServeContent, range", ask: of("Range: bytes=100-40000"), handler: serve},
		{name: "ServeContent, past the end", ask: of("Range: bytes=70000-"), handler: serve},
		{name: "ServeContent, not modified", ask: of("If-Modified-Since: Wed, 02 Jan 2030 00:00:00 GMT"), handler: serve},
		{name: "ServeContent, precondition", ask: of("If-Unmodified-Since: Mon, 01 Jan 2029 00:00:00 GMT"), handler: serve},
		{name: "FileServer", told: byItself(65024, "*io.LimitedReader of *os.File"), handler: files},
		{name: "FileServer, range", ask: of("Range: bytes=-10"), handler: files},
		{name: "FileServer, redirect", handler: func(w http.ResponseWriter, r *http.Request, _ *notes) {
			r = r.Clone(r.Context())
			r.URL.Path = "/index.html"
			http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
		}},
	})
}
