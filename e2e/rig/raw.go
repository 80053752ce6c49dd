package rig

import (
	"io"
	"net"
	"testing"
)

// raw sends bytes over a connection of its own. The request must ask for the connection to be
// closed.
func raw(t testing.TB, addr, request string) string {
	t.Helper()
	conn := dial(t, addr)
	defer conn.Close()
	go func() { _, _ = io.WriteString(conn, request) }() // a server that refuses need not read to the end
	answer, _ := io.ReadAll(conn)
	return string(answer)
}

func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}
