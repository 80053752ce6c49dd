package gate_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/gate"
)

// rig is a proxy that serves one application.
type rig struct {
	t     *testing.T
	proxy *gate.Proxy
	addr  string
	carry gate.Carry // what every request is carried with; changed before the first
	cfg   gate.ProxyConfig
	edge  func(http.Handler) http.Handler // what stands before the proxy; nil for nothing
	tls   bool
	front *httptest.Server
}

func ours(name string) bool {
	return name == "__Host-doorbook" || name == "doorbook" || name == "__Host-doorbook-form"
}

var ada = account.Developer{
	ID: "0123456789abcdef01234567", Name: "Ada Lovelace, Gräfin", Email: "ada@example.org", ShortName: "ada",
	Groups: []string{"ops", "köche"},
}

// upstream is the address of an application that a test serves.
func upstream(t *testing.T, addr string) *gate.Upstream {
	t.Helper()
	u, err := url.Parse(addr)
	if err != nil {
		t.Fatal(err)
	}
	return &gate.Upstream{URL: u}
}

// newRig serves the application at that URL, with what the options change.
func newRig(t *testing.T, app string, options ...func(*rig)) *rig {
	t.Helper()
	g := &rig{
		t: t, cfg: gate.ProxyConfig{Ours: ours, Log: slog.New(slog.DiscardHandler)},
		carry: gate.Carry{
			App:      &gate.App{Name: "app", Upstream: upstream(t, app), KeepHost: true},
			Identity: &gate.Identity{Names: gate.DefaultNames()}, Developer: ada,
			Scheme: "https", Host: "app.example.org", ClientAddr: "192.0.2.7", RequestID: "OURS",
			Failed: func(w http.ResponseWriter, _ *http.Request, err error, timeout bool) {
				status := http.StatusBadGateway
				if timeout {
					status = http.StatusGatewayTimeout
				}
				w.Header().Set("X-Page", "ours")
				w.WriteHeader(status)
				_, _ = fmt.Fprint(w, "failed: ", err)
			},
		},
	}
	for _, option := range options {
		option(g)
	}
	g.proxy = gate.NewProxy(g.cfg)
	t.Cleanup(func() { g.proxy.Keep(&gate.Gate{}) })
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Frame-Options", "DENY") // as for pages of our own
		w.Header().Set("X-Request-Id", "OURS")
		c := g.carry
		g.proxy.Serve(w, r, &c)
	})
	if g.edge != nil {
		handler = g.edge(handler)
	}
	g.front = httptest.NewUnstartedServer(handler)
	g.front.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	if g.tls {
		g.front.EnableHTTP2 = true
		g.front.StartTLS()
	} else {
		g.front.Start()
	}
	t.Cleanup(g.front.Close)
	g.addr = g.front.Listener.Addr().String()
	return g
}

// handled serves an application by a handler.
func handled(t *testing.T, app http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(app)
	t.Cleanup(s.Close)
	return s.URL
}

// scripted is an application that speaks for itself: each connection is given to what is to be done
// with it, which sees the request's header as it came.
func scripted(t *testing.T, do func(conn net.Conn, header string)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				r := bufio.NewReader(conn)
				var header strings.Builder
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					header.WriteString(line)
					if line == "\r\n" {
						do(conn, header.String())
						return
					}
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// says is an application that gives every request the same bytes and closes.
func says(t *testing.T, answer string) string {
	t.Helper()
	return scripted(t, func(conn net.Conn, _ string) { _, _ = io.WriteString(conn, answer) })
}

// raw sends bytes and returns all that comes back until the connection ends.
func (g *rig) raw(request string) string {
	g.t.Helper()
	conn, err := net.Dial("tcp", g.addr)
	if err != nil {
		g.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, request); err != nil {
		g.t.Fatal(err)
	}
	answer, _ := io.ReadAll(conn) // a reset is an end, too
	return string(answer)
}

// get asks with a GET over one connection and returns the answer whole.
func (g *rig) get(headers ...string) string {
	g.t.Helper()
	return g.raw("GET /path HTTP/1.1\r\nHost: app.example.org\r\nConnection: close\r\n" + strings.Join(append(headers, "\r\n"), "\r\n"))
}

// status is that of an answer as it came.
func status(answer string) string {
	line, _, _ := strings.Cut(answer, "\r\n")
	_, line, _ = strings.Cut(line, " ")
	code, _, _ := strings.Cut(line, " ")
	return code
}

// header returns the lines of a header as it came, without the first.
func header(message string) []string {
	head, _, _ := strings.Cut(message, "\r\n\r\n")
	return strings.Split(head, "\r\n")[1:]
}

// lines returns the values that a header has in a message as it came, by a name in any case.
func lines(message, name string) []string {
	var found []string
	for _, line := range header(message) {
		key, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(key, name) {
			found = append(found, strings.TrimSpace(value))
		}
	}
	return found
}

// echo is an application that answers with the header of the request as it came.
func echo(t *testing.T) string {
	t.Helper()
	return scripted(t, func(conn net.Conn, header string) {
		_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(header), header)
	})
}

// seen is the request's header that echo saw.
func seen(t *testing.T, answer string) string {
	t.Helper()
	_, body, ok := strings.Cut(answer, "\r\n\r\n")
	if !ok || status(answer) != "200" {
		t.Fatalf("no answer of the application:\n%s", answer)
	}
	return body
}
