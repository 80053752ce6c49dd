package rig

import (
	"io"
	"net"
	"testing"
	"time"
)

// raw sends bytes over a connection of its own. The request must ask for the connection to be closed.
func raw(t testing.TB, addr, request string) string {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(conn, request) }() // a server that refuses need not read to the end
	answer, _ := io.ReadAll(conn)
	return string(answer)
}
