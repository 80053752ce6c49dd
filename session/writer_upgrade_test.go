package session_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n"

// raw writes the answer on the connection itself, or says no over the ordinary way.
func raw(w http.ResponseWriter, n *notes, cookie *http.Cookie) {
	conn, buf, err := http.NewResponseController(w).Hijack()
	n.err(err)
	if err != nil {
		http.Error(w, "no", http.StatusUpgradeRequired)
		return
	}
	defer conn.Close()
	head := switching
	if cookie != nil {
		head += "Set-Cookie: " + cookie.String() + "\r\n"
	}
	_, _ = buf.WriteString(head + "\r\nhello")
	_ = buf.Flush()
	n.n(w.Write([]byte("x")))
	_, _, err = http.NewResponseController(w).Hijack()
	n.err(err)
	w.WriteHeader(500)
}

// refused is an upgrade that the handler answered with 426 and the cookie because one was due.
func refused(body string) func(*exchange) {
	return func(want *exchange) {
		*want = exchange{
			Status: "HTTP/1.1 426 Upgrade Required", Framing: "length 3", Body: body, End: "open",
			Header: http.Header{
				"Content-Length": {"3"}, "Content-Type": {"text/plain; charset=utf-8"}, "X-Content-Type-Options": {"nosniff"},
				"Set-Cookie": {"(the session)"}, "Vary": {"Cookie"}, "Cache-Control": {"no-store"},
			},
			Told: []string{"*errors.errorString " + session.ErrCookieDue.Error()},
		}
	}
}

// Guard: writer.go, Hijack and Push; save.go, TakeCookie.
func TestWriterUpgrade(t *testing.T) {
	hold(t, []writerCase{
		{
			name: "Hijack", only: "HTTP/1.1", session: handed,
			handler: func(w http.ResponseWriter, _ *http.Request, n *notes) { raw(w, n, nil) },
			differs: map[string]difference{
				"signed in": {"a cookie that is due would be lost", refused("no\n")},
			},
		},
		{
			name: "Hijack with the cookie taken", only: "HTTP/1.1", session: handed,
			handler: func(w http.ResponseWriter, r *http.Request, n *notes) {
				c, _ := session.From(r.Context()).TakeCookie()
				raw(w, n, c)
			},
			differs: map[string]difference{"signed in": {"the handler sends the cookie", func(want *exchange) {
				want.Header.Set("Set-Cookie", "(the session)")
			}}},
		},
		{
			name: "the cookie taken and no Hijack", handler: func(w http.ResponseWriter, r *http.Request, _ *notes) {
				_, _ = session.From(r.Context()).TakeCookie()
				http.Error(w, "not a WebSocket", http.StatusBadRequest)
			},
		},
		{
			name: "Hijack of an answer that has begun", only: "HTTP/1.1", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
				w.Header().Set("Content-Length", "5")
				w.WriteHeader(200)
				conn, buf, err := http.NewResponseController(w).Hijack()
				n.err(err)
				if err == nil {
					_, _ = buf.WriteString("hello")
					_ = buf.Flush()
					_ = conn.Close()
				}
			},
		},
		{
			name: "Hijack where there is none", only: "HTTP/2.0", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
				_, _, err := http.NewResponseController(w).Hijack()
				n.err(err)
				http.Error(w, "no", http.StatusUpgradeRequired)
			},
		},
		{
			name: "Push", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
				if p, ok := w.(http.Pusher); ok {
					n.err(p.Push("/a.css", nil))
				} else {
					n.err(http.ErrNotSupported)
				}
				n.n(io.WriteString(w, "x"))
			},
		},
		{
			name: "what it claims to be", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
				_, flusher := w.(http.Flusher)
				_, flushError := w.(interface{ FlushError() error })
				_, text := w.(io.StringWriter)
				n.add("%t %t %t", flusher, flushError, text)
				_, hijacker := w.(http.Hijacker)
				_, pusher := w.(http.Pusher)
				_, from := w.(io.ReaderFrom)
				n.add("%t", hijacker && pusher && from)
			},
			differs: map[string]difference{"*": {
				"it is one type for all servers; what a server has not answers ErrNotSupported, and ReadFrom copies",
				func(want *exchange) {
					if want.Told != nil {
						want.Told = []string{"true true true", "true"}
					}
				},
			}},
		},
	})
}

// The touch of a remembered session, which prolongs its cookie, is no reason to refuse an upgrade.
func TestWriterUpgradeOfRememberedSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.get("/in?as=ada&remember=1")
	w.clock.add(2 * time.Minute)
	failed := make(chan error, 1)
	w.on("/ws", func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
		s.Subject() // only reads
		conn, _, err := http.NewResponseController(rw).Hijack()
		failed <- err
		if err == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
			_ = conn.Close()
		}
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.serve(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = b.request("GET", "/ws").Write(conn)
	_, _ = http.ReadResponse(bufio.NewReader(conn), nil)
	if err := <-failed; err != nil {
		t.Error(err)
	}
}

// A change between TakeCookie (or a Hijack that failed) and the first byte is refused, and the
// answer says so.
func TestWriterChangeAfterTakeCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, first := range map[string]func(http.ResponseWriter, *session.Session){
		"TakeCookie": func(_ http.ResponseWriter, s *session.Session) { _, _ = s.TakeCookie() },
		"Hijack":     func(rw http.ResponseWriter, _ *session.Session) { _, _, _ = rw.(http.Hijacker).Hijack() },
	} {
		t.Run(name, func(t *testing.T) {
			b := w.signedIn("ada")
			w.on("/"+name, func(rw http.ResponseWriter, r *http.Request, s *session.Session) {
				s.Subject()
				first(rw, s) // a recorder has no Hijack, as HTTP/2 has none
				s.SignOut()
				_, _ = io.WriteString(rw, "signed out")
			})
			a := b.get("/" + name)
			if who := b.get("/who").body; a.status == 200 && who == "ada" {
				t.Errorf("the answer is %d %q, and the session lives: %q", a.status, a.body, who)
			}
		})
	}
}

// net/http has 101 as one more informational status over HTTP/2.
func TestWriterSwitchingOverHTTP2(t *testing.T) {
	hold(t, []writerCase{{name: "101", only: "HTTP/2.0", handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
		w.WriteHeader(101)
		w.WriteHeader(202)
	}}})
}
