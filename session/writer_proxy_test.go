package session_test

import (
	"bufio"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
)

// backend is what stands behind the proxy of the next test.
func backend() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/plain", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-A", "b")
		w.Header().Set("Vary", "Accept")
		w.WriteHeader(203)
		_, _ = io.WriteString(w, "page")
	})
	mux.HandleFunc("/none", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	mux.HandleFunc("/hints", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</a.css>; rel=preload")
		w.WriteHeader(103)
		w.WriteHeader(103)
		_, _ = io.WriteString(w, "page")
	})
	mux.HandleFunc("/trailers", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, "page")
		w.Header().Set("X-Sum", "1")
		w.Header().Set(http.TrailerPrefix+"X-Late", "1")
	})
	mux.HandleFunc("/stream", func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			_, _ = io.WriteString(w, "data: x\n\n")
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/dies", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "10")
		_, _ = io.WriteString(w, "part")
		w.(http.Flusher).Flush()
		time.Sleep(2 * time.Millisecond)
		panic(http.ErrAbortHandler)
	})
	mux.HandleFunc("/dies-at-once", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/upgrade", func(w http.ResponseWriter, _ *http.Request) {
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = buf.WriteString(switching + "X-A: b\r\n\r\nhello")
		_ = buf.Flush()
		_, _ = bufio.NewReader(conn).ReadByte()
	})
	return mux
}

// Guard: writer.go, all of it; a proxy uses all of it.
func TestWriterProxy(t *testing.T) {
	upstream := httptest.NewUnstartedServer(backend())
	upstream.Config.ErrorLog = log.New(io.Discard, "", 0)
	upstream.Start()
	t.Cleanup(upstream.Close)
	proxy := func(path string, flush time.Duration) func(http.ResponseWriter, *http.Request, *notes) {
		target, _ := url.Parse(upstream.URL)
		p := &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.SetURL(target)
				r.Out.URL.Path = path
			},
			ModifyResponse: func(r *http.Response) error { r.Header.Del("Date"); return nil },
			FlushInterval:  flush, ErrorLog: log.New(io.Discard, "", 0),
			ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
				w.Header().Set("X-Error", strings.ReplaceAll(err.Error(), upstream.URL, ""))
				w.WriteHeader(http.StatusBadGateway)
			},
		}
		return func(w http.ResponseWriter, r *http.Request, n *notes) {
			defer func() {
				if v := recover(); v != nil {
					n.add("panic %v", v)
					panic(v)
				}
			}()
			p.ServeHTTP(w, r)
		}
	}
	hold(t, []writerCase{
		{name: "plain", handler: proxy("/plain", 0)},
		{name: "plain, HEAD", ask: ask{method: "HEAD"}, handler: proxy("/plain", 0)},
		{name: "no content", handler: proxy("/none", 0)},
		{name: "hints", handler: proxy("/hints", 0)},
		{name: "trailers", ask: ask{header: []string{"Te: trailers"}}, handler: proxy("/trailers", 0)},
		{name: "streaming", handler: proxy("/stream", -1)},
		{name: "streaming now and then", handler: proxy("/stream", time.Millisecond)},
		{name: "a backend that dies at once", handler: proxy("/dies-at-once", 0)},
		{name: "a backend that dies", whole: true, session: unseen, handler: proxy("/dies", 0)},
		{name: "a backend that dies, streaming", whole: true, handler: proxy("/dies", -1)},
		{
			name: "upgrade", only: "HTTP/1.1", session: handed,
			ask: ask{header: []string{"Connection: Upgrade", "Upgrade: x"}}, handler: proxy("/upgrade", 0),
			differs: map[string]difference{"signed in": {"a cookie that is due would be lost", func(want *exchange) {
				*want = exchange{
					Status: "HTTP/1.1 502 Bad Gateway", Framing: "length 0", End: "open",
					Header: http.Header{
						"Content-Length": {"0"}, "X-Error": {"Hijack failed on protocol switch: " + session.ErrCookieDue.Error()},
						"Set-Cookie": {"(the session)"}, "Vary": {"Cookie"}, "Cache-Control": {"no-store"},
					},
				}
			}}},
		},
	})
}
