package load

import (
	"bufio"
	"strings"
	"testing"
)

func TestReadAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		in     string
		status int
		body   string
		close  bool
	}{
		"length":        {"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhelloHTTP/1.1", 200, "hello", false},
		"no body":       {"HTTP/1.1 303 See Other\r\nContent-Length: 0\r\n\r\n", 303, "", false},
		"chunks":        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA\r\n, visitors\r\n0\r\n\r\n", 200, "hello, visitors", false},
		"to the end":    {"HTTP/1.1 404 Not Found\r\n\r\nhello", 404, "hello", true},
		"close":         {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n.", 200, ".", true},
		"old":           {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n.", 200, ".", true},
		"not HTTP":      {"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", 0, "", false},
		"cut short":     {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 0, "", false},
		"cut in chunks": {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", 0, "", false},
		"bad length":    {"HTTP/1.1 200 OK\r\nContent-Length: -9\r\n\r\n", 0, "", false},
		"bad chunk":     {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello?\r\n", 0, "", false},
		"endless":       {"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", 0, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			a := answer{body: []byte("of the answer before")}
			err := a.read(bufio.NewReader(strings.NewReader(tt.in)))
			if (err != nil) != (tt.status == 0) {
				t.Fatalf("error %v", err)
			}
			if err == nil && (a.status != tt.status || string(a.body) != tt.body || a.close != tt.close) {
				t.Errorf("status %d, body %q, close %v", a.status, a.body, a.close)
			}
		})
	}
}
