package session_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// Guard: writer.go, WriteHeader, Write, WriteString, Header and begin; middleware.go,
// Manager.Handler.
func TestWriterPlain(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 20_000)
	hold(t, []writerCase{
		{name: "never writes", handler: func(http.ResponseWriter, *http.Request, *notes) {}},
		{name: "only headers", handler: func(w http.ResponseWriter, _ *http.Request, _ *notes) {
			w.Header().Set("X-A", "b")
			w.Header()["Date"] = nil
			w.Header().Set("Vary", "Accept")
			w.Header().Set("Set-Cookie", "other=1")
			w.Header().Set("Cache-Control", "no-store")
		}},
		{name: "WriteHeader alone", handler: func(w http.ResponseWriter, _ *http.Request, _ *notes) { w.WriteHeader(418) }},
		{name: "WriteHeader twice", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			w.WriteHeader(200)
			w.WriteHeader(500)
			n.n(io.WriteString(w, "x"))
		}},
		{name: "WriteHeader after a byte", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			n.n(w.Write([]byte("x")))
			w.WriteHeader(500)
			w.WriteHeader(0)
		}},
		{name: "implicit 200", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) { n.n(w.Write([]byte("<html>x"))) }},
		{name: "no bytes", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			n.n(w.Write(nil))
			w.WriteHeader(500)
		}},
		{name: "an empty copy begins nothing", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			n.n(io.Copy(w, io.LimitReader(strings.NewReader("x"), 0)))
			w.WriteHeader(404)
		}},
		{name: "error", handler: func(w http.ResponseWriter, _ *http.Request, _ *notes) { http.Error(w, "no", 500) }},
		{
			name:    "redirect",
			handler: func(w http.ResponseWriter, r *http.Request, _ *notes) { http.Redirect(w, r, "/x", http.StatusSeeOther) },
		},
		{name: "larger than any buffer", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			n.n(io.WriteString(w, big))
			n.n(w.Write([]byte(big)))
		}},
		{name: "header after WriteHeader", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			h := w.Header()
			h.Set("X-A", "before")
			w.WriteHeader(200)
			h.Set("X-A", "after")
			w.Header().Set("X-B", "after")
			n.add("%v %v", w.Header().Get("X-A"), w.Header().Get("X-B"))
			n.n(io.WriteString(w, "x"))
		}},
		{name: "header after Write", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			n.n(io.WriteString(w, "x"))
			w.Header().Set("X-A", "after")
		}},
		{name: "204", handler: func(w http.ResponseWriter, _ *http.Request, _ *notes) { w.WriteHeader(204) }},
		{name: "204 with a body", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			w.WriteHeader(204)
			n.n(w.Write([]byte("x")))
			n.n(io.WriteString(w, "x"))
			n.n(io.Copy(w, io.LimitReader(strings.NewReader("x"), 1)))
		}},
		{name: "304", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			w.Header().Set("Etag", `"x"`)
			w.WriteHeader(304)
			n.n(w.Write([]byte("x")))
		}},
		{name: "HEAD with a body", ask: ask{method: "HEAD"}, handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			n.n(io.WriteString(w, "body"))
			n.n(io.Copy(w, io.LimitReader(strings.NewReader("more"), 4)))
		}},
		{name: "HEAD with a length", ask: ask{method: "HEAD"}, handler: func(w http.ResponseWriter, _ *http.Request, _ *notes) {
			w.Header().Set("Content-Length", "12345")
		}},
		{name: "a length", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			w.Header().Set("Content-Length", "4")
			n.n(io.WriteString(w, "body"))
		}},
		{name: "a length too small", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			w.Header().Set("Content-Length", "2")
			n.n(io.WriteString(w, "bo"))
			n.n(io.WriteString(w, "dy"))
			n.n(w.Write([]byte("dy")))
		}},
		{name: "a length too large", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			w.Header().Set("Content-Length", "9")
			n.n(io.WriteString(w, "body"))
		}},
		{name: "a length that is none", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			w.Header().Set("Content-Length", "-1")
			n.n(io.WriteString(w, "body"))
		}},
		{name: "closing the connection", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			w.Header().Set("Connection", "close")
			n.n(io.WriteString(w, "x"))
		}},
		{name: "another goroutine writes", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			done := make(chan struct{})
			go func() {
				defer close(done)
				w.Header().Set("X-A", "b")
				n.n(io.WriteString(w, "x"))
			}()
			<-done
		}},
		{name: "an old client", ask: ask{old: true}, handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			n.n(io.WriteString(w, "x"))
			n.err(http.NewResponseController(w).Flush())
			n.n(io.WriteString(w, "y"))
		}},
		{name: "pipelining", only: "HTTP/1.1", ask: ask{twice: true}, handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			n.n(io.WriteString(w, "x"))
		}},
		{
			name: "the body read", reads: true, ask: ask{method: "POST", body: "question"},
			handler: func(w http.ResponseWriter, r *http.Request, n *notes) {
				b, err := io.ReadAll(r.Body)
				n.n(string(b), err)
				_, _ = fmt.Fprintf(w, "%s", b)
			},
		},
		{
			name: "the body not read", ask: ask{method: "POST", body: big},
			handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
				n.n(io.WriteString(w, "x"))
			},
		},
		{
			name: "the body read late", ask: ask{method: "POST", body: "question"},
			handler: func(w http.ResponseWriter, r *http.Request, n *notes) {
				n.n(io.WriteString(w, "x"))
				b, err := io.ReadAll(r.Body)
				n.n(string(b), err)
			},
		},
		{
			name: "the client hangs up", ask: ask{hangsUp: true}, session: unseen,
			handler: func(w http.ResponseWriter, r *http.Request, n *notes) {
				close(n.closed)
				<-r.Context().Done()
				n.err(r.Context().Err())
				_, _ = io.WriteString(w, "x")
			},
		},
	})
}

// Guard: writer.go, WriteHeader and informational.
func TestWriterInformational(t *testing.T) {
	wait := ask{method: "POST", body: "question", header: []string{"Expect: 100-continue"}}
	hold(t, []writerCase{
		{name: "100", handler: func(w http.ResponseWriter, _ *http.Request, _ *notes) { w.WriteHeader(100); w.WriteHeader(202) }},
		{name: "102", handler: func(w http.ResponseWriter, _ *http.Request, _ *notes) { w.WriteHeader(102); w.WriteHeader(102) }},
		{name: "103 with Link", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			w.Header().Set("Link", "</a.css>; rel=preload")
			w.WriteHeader(103)
			w.Header().Set("Link", "</b.css>; rel=preload")
			w.WriteHeader(103)
			w.Header().Del("Link")
			w.Header().Set("X-A", "b")
			n.n(io.WriteString(w, "x"))
			w.WriteHeader(103)
		}},
		{
			name: "101", only: "HTTP/1.1",
			handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
				w.Header().Set("Upgrade", "x")
				w.Header().Set("Connection", "Upgrade")
				w.WriteHeader(101)
				conn, buf, err := http.NewResponseController(w).Hijack()
				n.err(err)
				if err == nil {
					_, _ = buf.WriteString("hello")
					_ = buf.Flush()
					_ = conn.Close()
				}
			},
		},
		{name: "100-continue, read", ask: wait, reads: true, handler: func(w http.ResponseWriter, r *http.Request, n *notes) {
			b, err := io.ReadAll(r.Body)
			n.n(string(b), err)
			n.n(w.Write(b))
		}},
		{name: "100-continue, refused", only: "HTTP/1.1", ask: wait, handler: func(w http.ResponseWriter, _ *http.Request, _ *notes) {
			w.WriteHeader(413)
		}},
		{
			name: "100-continue, by hand", only: "HTTP/1.1", ask: wait, reads: true,
			handler: func(w http.ResponseWriter, r *http.Request, n *notes) {
				w.WriteHeader(100)
				b, err := io.ReadAll(r.Body)
				n.n(string(b), err)
			},
		},
	})
}
