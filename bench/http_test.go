package bench_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
)

// overHTTP is a peer for net/http: handler gives the middleware around a handler that does w.
type overHTTP struct{ handler func(w work) http.Handler }

func (p overHTTP) pass(w work, cookie string) pass {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set("Accept", accept)
	r.Header.Set("Accept-Language", acceptLanguage)
	if cookie != "" {
		r.Header["Cookie"] = []string{cookie}
	}
	return &httpPass{handler: p.handler(w), w: responseWriter{head: make(http.Header, 8)}, r: r, fresh: *r}
}

type httpPass struct {
	handler http.Handler
	w       responseWriter
	r       *http.Request
	fresh   http.Request // r as it was: gorilla leaves its sessions behind in the request
}

func (p *httpPass) run() {
	clear(p.w.head)
	p.w.code, p.w.bytes = 0, 0
	*p.r = p.fresh
	p.handler.ServeHTTP(&p.w, p.r)
}

func (p *httpPass) status() int               { return p.w.code }
func (p *httpPass) header(name string) string { return strings.Join(p.w.head.Values(name), ", ") }

func (p *httpPass) cookie() string {
	pair, _, _ := strings.Cut(p.w.head.Get("Set-Cookie"), ";")
	return pair
}

// responseWriter allocates nothing: its header map is cleared and used again, and what is written
// is counted and dropped.
type responseWriter struct {
	head  http.Header
	code  int
	bytes int
}

func (w *responseWriter) Header() http.Header { return w.head }

func (w *responseWriter) WriteHeader(status int) {
	if w.code == 0 {
		w.code = status
	}
}

func (w *responseWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.bytes += len(b)
	return len(b), nil
}

// answer is what all the handlers end with, so that every implementation meets a status and a first
// byte.
func answer(w http.ResponseWriter, right bool, body []byte) {
	if !right {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	_, _ = w.Write(body)
}
