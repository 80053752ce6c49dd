package gate_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/doorbook/doorbook/internal/gate"
)

// BenchmarkCarry carries a small answer over loopback. All of it, the client and the application
// too, is in the figures: look at the difference.
func BenchmarkCarry(b *testing.B) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = io.WriteString(w, "ok")
	}))
	defer app.Close()
	to, err := url.Parse(app.URL)
	if err != nil {
		b.Fatal(err)
	}
	tuned := &httputil.ReverseProxy{
		Rewrite:    func(r *httputil.ProxyRequest) { r.SetURL(to); r.SetXForwarded() },
		Transport:  &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
		BufferPool: buffers(make(chan []byte, 64)),
	}
	own := gate.NewProxy(gate.ProxyConfig{Ours: ours})
	defer own.Keep(&gate.Gate{})
	at, identity := &gate.App{Upstream: &gate.Upstream{URL: to}, KeepHost: true}, &gate.Identity{Names: gate.DefaultNames()}
	for name, handler := range map[string]http.Handler{
		"tuned": tuned,
		"ours": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			own.Serve(w, r, &gate.Carry{App: at, Identity: identity, Developer: ada, Scheme: "http", Host: r.Host, ClientAddr: "127.0.0.1", RequestID: "x"})
		}),
	} {
		b.Run(name, func(b *testing.B) {
			front := httptest.NewServer(handler)
			defer front.Close()
			request, _ := http.NewRequest(http.MethodGet, front.URL, nil)
			request.Header.Set("Cookie", "a=1; doorbook=SECRET; session=x")
			b.ReportAllocs()
			for b.Loop() {
				resp, err := http.DefaultTransport.RoundTrip(request)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		})
	}
}

type buffers chan []byte

func (p buffers) Get() []byte {
	select {
	case b := <-p:
		return b
	default:
		return make([]byte, 32<<10)
	}
}

func (p buffers) Put(b []byte) {
	select {
	case p <- b:
	default:
	}
}
