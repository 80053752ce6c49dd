package session_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// wrapper is a middleware's writer that changes what is written and offers nothing else but Unwrap,
// as many do.
type wrapper struct {
	http.ResponseWriter
	change func(string) string
}

func (w wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w wrapper) Write(b []byte) (int, error) {
	_, err := io.WriteString(w.ResponseWriter, w.change(string(b)))
	return len(b), err
}

// wrap stands where a compressor would.
func wrap(change func(string) string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Vary", "Accept-Encoding")
			next.ServeHTTP(wrapper{w, change}, r)
		})
	}
}

// Guard: writer.go, Unwrap, FlushError, ReadFrom and Hijack, which find the server behind other
// writers.
func TestWriterChains(t *testing.T) {
	all := func(w http.ResponseWriter, _ *http.Request, n *notes) {
		control := http.NewResponseController(w)
		n.err(control.SetReadDeadline(time.Now().Add(time.Minute)))
		n.err(control.SetWriteDeadline(time.Now().Add(time.Minute)))
		n.err(control.EnableFullDuplex())
		n.n(io.WriteString(w, "one "))
		n.err(control.Flush())
		n.n(io.Copy(w, struct{ io.Reader }{strings.NewReader("two ")}))
		n.n(w.Write([]byte("three")))
	}
	hijack := func(w http.ResponseWriter, _ *http.Request, n *notes) { raw(w, n, nil) }
	cookieDue := map[string]difference{"signed in": {"a cookie that is due would be lost", func(want *exchange) {
		refused("NO\n")(want)
		want.Header["Vary"] = []string{"Accept-Encoding", "Cookie"}
	}}}
	announce := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			next.ServeHTTP(w, r)
		})
	}
	after := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r)
			w.Header().Set("X-After", "x")
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, "after")
		})
	}
	hold(t, []writerCase{
		{name: "a trailer announced outside", outside: announce, handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			n.n(io.WriteString(w, "x"))
			n.err(http.NewResponseController(w).Flush())
			w.Header().Set("X-Sum", "1")
		}},
		{
			name: "answered outside", outside: after, handler: func(http.ResponseWriter, *http.Request, *notes) {},
		},
		{name: "Push", outside: pushes, handler: func(w http.ResponseWriter, _ *http.Request, n *notes) {
			n.err(w.(http.Pusher).Push("/a.css", nil))
			n.err(w.(http.Pusher).Push("", nil))
		}},
		{name: "a wrapper inside", inside: wrap(strings.ToUpper), handler: all},
		{name: "a wrapper outside", outside: wrap(strings.ToUpper), handler: all},
		{name: "wrappers on both sides", inside: wrap(strings.ToUpper), outside: wrap(strings.ToLower), handler: all},
		{
			name: "Hijack through a wrapper inside", only: "HTTP/1.1", session: handed, inside: wrap(strings.ToUpper),
			handler: hijack,
			differs: cookieDue,
		},
		{
			name: "Hijack through a wrapper outside", only: "HTTP/1.1", session: handed, outside: wrap(strings.ToUpper),
			handler: hijack,
			differs: cookieDue,
		},
	})
}

// pusher takes pushes, which Go's own client refuses.
type pusher struct{ http.ResponseWriter }

func (p pusher) Push(target string, _ *http.PushOptions) error {
	if target == "" {
		return errors.New("push what?")
	}
	p.Header().Set("X-Pushed", target)
	return nil
}

func pushes(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(pusher{w}, r) })
}

// Guard: middleware.go, Manager.Handler; headers.go, Session.headers: each manager adds its own.
func TestWriterTwoManagers(t *testing.T) {
	second := func(use func(*session.Session)) func(http.Handler) http.Handler {
		other := newWorld(t, func(c *session.Config) { c.Home.Cookie.Name = "__Host-other" })
		return func(next http.Handler) http.Handler {
			return other.m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				use(session.From(r.Context()))
				next.ServeHTTP(w, r)
			}))
		}
	}
	page := func(w http.ResponseWriter, _ *http.Request, n *notes) {
		w.WriteHeader(103)
		w.WriteHeader(203)
		n.n(io.WriteString(w, "x"))
		n.err(http.NewResponseController(w).Flush())
	}
	nothing := func(http.ResponseWriter, *http.Request, *notes) {}
	once := map[string]difference{"*": {"one Vary is enough for both", func(want *exchange) { want.Header.Set("Vary", "Cookie") }}}
	hold(t, []writerCase{
		{name: "the other untouched", outside: second(func(*session.Session) {}), handler: page},
		{name: "the other read", outside: second(func(s *session.Session) { s.Subject() }), handler: page, differs: once},
		{name: "neither writes", outside: second(func(s *session.Session) { s.Subject() }), handler: nothing, differs: once},
	})
}

// Guard: writer.go, Unwrap: net/http asks only its own writer to close the connection after a body
// that is too large.
func TestWriterMaxBytes(t *testing.T) {
	limit := func(h http.Handler) http.Handler { return http.MaxBytesHandler(h, 4) }
	read := func(w http.ResponseWriter, r *http.Request, n *notes) {
		b, err := io.ReadAll(r.Body)
		n.n(string(b), err)
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
		}
	}
	long := ask{method: "POST", body: strings.Repeat("x", 100)}
	hold(t, []writerCase{
		{name: "outside, within", reads: true, ask: ask{method: "POST", body: "x"}, outside: limit, handler: read},
		{name: "inside, within", reads: true, ask: ask{method: "POST", body: "x"}, inside: limit, handler: read},
		{name: "outside, too large", reads: true, ask: long, outside: limit, handler: read},
		{
			name: "inside, too large", reads: true, ask: long, inside: limit, handler: read,
			differs: map[string]difference{"*": {
				"http.MaxBytesReader knows only the server's own writer: the rest of the body is read, up to 256 KiB, instead of closing",
				func(want *exchange) {
					want.Header.Del("Connection")
					want.End = "open"
				},
			}},
		},
	})
}
