package httpx

import (
	"net/http"
	"strings"
)

// BareHeaders is what every answer carries, as text with the end of each line, for an answer that
// is none of ours: what net/http says by itself to a request that it cannot read.
func BareHeaders(https bool, hsts HSTS) string {
	h := http.Header{}
	setHeaders(h, hsts.header(https))
	h.Set("Content-Security-Policy", dataCSP)
	h.Set("Cache-Control", "no-store")
	var b strings.Builder
	_ = h.Write(&b) // a strings.Builder never fails
	return b.String()
}
