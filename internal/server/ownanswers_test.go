package server_test

import (
	"bufio"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// TestOwnAnswers: what net/http answers by itself, to requests that no handler sees, has the headers
// of every answer. Guard: ownanswers.go, ownConn.Write.
func TestOwnAnswers(t *testing.T) {
	t.Parallel()
	r := run(t, settings(filepath.Join(t.TempDir(), "data")))
	for text, want := range map[string]int{
		"GET / HTTP/1.1\r\n\r\n": 400,
		"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n": 400,
		"GET / HTTP/1.1\r\nHost: local host\r\n\r\n":                   400,
		"GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n":                 400,
		"nonsense\r\n\r\n": 400,
		"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 64<<10) + "\r\n\r\n":        431,
		"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n":                      501,
		"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx":      400,
		"GET /nowhere HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n": 404,
	} {
		answer := exchange(t, r.URL, text)
		a, err := http.ReadResponse(bufio.NewReader(strings.NewReader(answer)), nil)
		if err != nil {
			t.Errorf("%.60q: %v: %q", text, err, answer)
			continue
		}
		if a.StatusCode != want {
			t.Errorf("%.60q: %d, want %d", text, a.StatusCode, want)
		}
		for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Cache-Control", "Permissions-Policy"} {
			if len(a.Header.Values(name)) != 1 {
				t.Errorf("%.60q: %s %q", text, name, a.Header.Values(name))
			}
		}
	}
}
