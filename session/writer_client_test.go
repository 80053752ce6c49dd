package session_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The clients of the writer tests show everything that comes over the wire.

func (a ask) methodOrGet() string {
	if a.method == "" {
		return http.MethodGet
	}
	return a.method
}

func (a ask) has(header string) bool {
	for _, line := range a.header {
		if strings.EqualFold(line, header) {
			return true
		}
	}
	return false
}

// http1 speaks over a connection of its own, and asks for something else afterwards to see whether
// that still serves.
func (a ask) http1(t *testing.T, s *writerServer, cookie string, n *notes) (x exchange) {
	t.Helper()
	if a.tells {
		defer close(n.closed)
	}
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	proto := "HTTP/1.1"
	if a.old {
		proto = "HTTP/1.0"
	}
	head := fmt.Sprintf("%s / %s\r\nHost: test\r\n", a.methodOrGet(), proto)
	if cookie != "" {
		head += "Cookie: " + cookie + "\r\n"
	}
	if a.body != "" {
		head += fmt.Sprintf("Content-Length: %d\r\n", len(a.body))
	}
	for _, line := range a.header {
		head += line + "\r\n"
	}
	waits := a.has("Expect: 100-continue")
	switch head += "\r\n"; {
	case a.twice:
		head += head
	case !waits:
		head += a.body
	}
	_, _ = io.WriteString(conn, head)
	if a.hangsUp {
		<-n.closed
		return exchange{End: "the client hung up"}
	}
	wire := bufio.NewReader(conn)
	r := &http.Request{Method: a.methodOrGet()}
	var res *http.Response
	for {
		if res, err = http.ReadResponse(wire, r); err != nil {
			x.End = "no answer: " + err.Error()
			return x
		}
		if res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols {
			break
		}
		if res.StatusCode == http.StatusContinue && waits {
			_, _ = io.WriteString(conn, a.body)
		}
		x.Hints = append(x.Hints, fmt.Sprint(res.Proto, " ", res.Status, " ", res.Header))
	}
	x.take(res)
	if res.StatusCode == http.StatusSwitchingProtocols {
		_, _ = io.WriteString(conn, "!")
		rest, _ := io.ReadAll(wire)
		x.Body, x.End = string(rest), "handed over"
		return x
	}
	if a.twice {
		if res, err = http.ReadResponse(wire, r); err == nil {
			body, _ := io.ReadAll(res.Body)
			x.Body += " and again " + res.Status + " " + string(body)
		}
	}
	if x.End != "" {
		return x
	}
	x.End = "closed"
	_, _ = io.WriteString(conn, "GET /alive HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
	if res, err := http.ReadResponse(wire, nil); err == nil && res.StatusCode == 200 {
		x.End = "open"
	}
	return x
}

var streamID = regexp.MustCompile(`stream ID \d+`)

// http2 shares a connection among the requests of a server.
func (a ask) http2(t *testing.T, s *writerServer, cookie string, n *notes) (x exchange) {
	t.Helper()
	if a.tells {
		defer close(n.closed)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		x.Hints = append(x.Hints, fmt.Sprint(code, " ", h))
		return nil
	}}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), a.methodOrGet(), s.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if a.body != "" {
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(a.body)), int64(len(a.body))
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	for _, line := range a.header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	if a.hangsUp {
		go func() { <-n.closed; cancel() }()
	}
	transport := s.Client().Transport.(*http.Transport)
	transport.DisableCompression = true
	transport.ExpectContinueTimeout = 30 * time.Second
	transport.TLSClientConfig.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	res, err := transport.RoundTrip(r)
	if err != nil {
		if x.End = "no answer: " + streamID.ReplaceAllString(err.Error(), "stream"); a.hangsUp && errors.Is(err, context.Canceled) {
			x.End = "the client hung up"
		}
		return x
	}
	x.take(res)
	if x.End == "" {
		x.End = "open"
	}
	return x
}

// take reads the final answer.
func (x *exchange) take(res *http.Response) {
	x.Status, x.Header = res.Proto+" "+res.Status, res.Header.Clone()
	if res.Close && x.Header.Get("Connection") == "" && res.ProtoMajor == 1 {
		x.Header.Set("Connection", "close") // ReadResponse takes it out
	}
	x.Header.Del("Date")
	switch {
	case len(res.TransferEncoding) > 0:
		x.Framing = strings.Join(res.TransferEncoding, ",")
	case res.ContentLength >= 0:
		x.Framing = fmt.Sprint("length ", res.ContentLength)
	default:
		x.Framing = "until the end"
	}
	if res.StatusCode == http.StatusSwitchingProtocols {
		return
	}
	body, err := io.ReadAll(res.Body)
	x.Body, x.Trailer = string(body), res.Trailer.Clone()
	if err != nil {
		x.End = "cut: " + streamID.ReplaceAllString(err.Error(), "stream")
	}
	_ = res.Body.Close()
}
