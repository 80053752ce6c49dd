package server

import (
	"bytes"
	"net"
	"slices"
)

// What net/http writes in one piece, past every handler, to a request that it cannot read (400,
// 431, 501): the status line, these headers, a few words. No answer of ours has these and no others.
const (
	ownStatus  = "HTTP/1.1 "
	ownHeaders = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
)

// withHeaders is a listener on whose connections the answers that net/http gives by itself carry the
// headers of every other answer. Over TLS they go out encrypted by net/http itself, where nobody can
// add anything.
type withHeaders struct {
	net.Listener
	headers string
}

// Accept implements net.Listener.
func (l *withHeaders) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		return &ownConn{TCPConn: tcp, headers: l.headers}, err
	}
	return conn, err
}

// ownConn is a TCP connection, with all that net/http looks for in one, sendfile too.
type ownConn struct {
	*net.TCPConn
	headers string
}

// Write implements io.Writer.
func (c *ownConn) Write(b []byte) (int, error) {
	end := ownAnswer(b)
	if end < 0 {
		return c.TCPConn.Write(b)
	}
	whole := slices.Concat(b[:end+2], []byte(c.headers), b[end+2:])
	n, err := c.TCPConn.Write(whole)
	return min(n, len(b)), err
}

// ownAnswer finds the end of the status line of an answer of net/http's own, -1 in any other text.
func ownAnswer(b []byte) int {
	if len(b) <= len(ownStatus) || string(b[:len(ownStatus)]) != ownStatus || b[len(ownStatus)] < '4' {
		return -1
	}
	end := bytes.IndexByte(b, '\r')
	if end < 0 || !bytes.HasPrefix(b[end:], []byte(ownHeaders)) {
		return -1
	}
	return end
}
