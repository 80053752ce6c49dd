package httpx_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// dial opens a connection to a site behind a real listener.
func dial(t *testing.T, s *sitetest.Site) net.Conn {
	t.Helper()
	server := httptest.NewServer(s.Handler)
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// answerOf reads the answer to what was sent.
func answerOf(t *testing.T, r *bufio.Reader) *http.Response {
	t.Helper()
	a, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	if _, err := io.ReadAll(a.Body); err != nil {
		t.Fatalf("half an answer: %v", err)
	}
	return a
}

// TestTooLargeIsAnswered: who sends far too much, and looks at the answer when all is sent, can read
// that it is too much (P23). Guard: linger.go, recorder.linger.
func TestTooLargeIsAnswered(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	const head = " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	const large = 100 << 20
	block := bytes.Repeat([]byte("x"), 1<<16)
	chunk := append(fmt.Appendf(nil, "%x\r\n", len(block)), append(block, "\r\n"...)...)
	send := func(t *testing.T, conn net.Conn, head string, block []byte) {
		t.Helper()
		if _, err := io.WriteString(conn, head); err != nil {
			t.Fatal(err)
		}
		for range large / (1 << 16) {
			if _, err := conn.Write(block); err != nil {
				t.Fatalf("while sending: %v", err)
			}
		}
	}
	for name, c := range map[string]struct {
		address string
		status  int
	}{"a form": {"/auth/login", 413}, "no such page": {"/nowhere", 404}, "no such method": {"/healthz", 405}} {
		t.Run(name+", chunked", func(t *testing.T) {
			t.Parallel()
			conn := dial(t, s)
			send(t, conn, "POST "+c.address+head+"Transfer-Encoding: chunked\r\n\r\n", chunk)
			if _, err := io.WriteString(conn, "0\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			if a := answerOf(t, bufio.NewReader(conn)); a.StatusCode != c.status {
				t.Errorf("%d, want %d", a.StatusCode, c.status)
			}
		})
		t.Run(name+", with its length", func(t *testing.T) {
			t.Parallel()
			conn := dial(t, s)
			send(t, conn, fmt.Sprintf("POST %s%sContent-Length: %d\r\n\r\n", c.address, head, large), block)
			if a := answerOf(t, bufio.NewReader(conn)); a.StatusCode != c.status {
				t.Errorf("%d, want %d", a.StatusCode, c.status)
			}
		})
	}
	t.Run("a client that asks first", func(t *testing.T) {
		t.Parallel()
		conn := dial(t, s)
		fmt.Fprintf(conn, "POST /auth/login%sExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", head, large)
		if a := answerOf(t, bufio.NewReader(conn)); a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%d", a.StatusCode)
		}
	})
	t.Run("a client that asks first and sends chunks", func(t *testing.T) {
		t.Parallel()
		conn := dial(t, s)
		answers := bufio.NewReader(conn)
		fmt.Fprintf(conn, "POST /auth/login%sExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n", head)
		if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
			t.Fatalf("%q, %v", line, err)
		}
		_, _ = answers.ReadString('\n')
		send(t, conn, "", chunk)
		_, _ = io.WriteString(conn, "0\r\n\r\n")
		if a := answerOf(t, answers); a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%d", a.StatusCode)
		}
	})
	t.Run("one byte too many", func(t *testing.T) {
		t.Parallel()
		conn := dial(t, s)
		fmt.Fprintf(conn, "POST /auth/login%sContent-Length: %d\r\n\r\n%s", head, httpx.DefaultMaxBody+1, strings.Repeat("x", httpx.DefaultMaxBody+1))
		if a := answerOf(t, bufio.NewReader(conn)); a.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%d", a.StatusCode)
		}
	})
}
