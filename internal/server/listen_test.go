package server

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"testing"
)

// flaky fails to accept as often as it is told.
type flaky struct {
	net.Listener
	errs []error
}

func (f *flaky) Accept() (net.Conn, error) {
	if len(f.errs) == 0 {
		return nil, net.ErrClosed
	}
	err := f.errs[0]
	f.errs = f.errs[1:]
	if err == nil {
		a, b := net.Pipe()
		_ = b.Close()
		return a, nil
	}
	return nil, err
}

// TestAcceptErrorsAreTold: once when they begin, and once when they are over. The end is none.
func TestAcceptErrorsAreTold(t *testing.T) {
	t.Parallel()
	log := &bytes.Buffer{}
	many := &net.OpError{Op: "accept", Err: syscall.EMFILE}
	l := &listener{Listener: &flaky{errs: []error{nil, many, many, many, nil, nil, many}}, log: slog.New(slog.NewTextHandler(log, nil))}
	for range 7 {
		if conn, err := l.Accept(); err == nil {
			_ = conn.Close()
		}
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	said := log.String()
	if strings.Count(said, "level=ERROR") != 2 || strings.Count(said, "taken again") != 1 || !strings.Contains(said, many.Error()) {
		t.Errorf("it says:\n%s", said)
	}
}

// TestAddressInUse: it says which setting gives another.
func TestAddressInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, addr := range []string{taken.Addr().String(), "192.0.2.1:0"} {
		l, err := listen(t.Context(), addr, "--addr or DOORBOOK_ADDR", slog.New(slog.DiscardHandler))
		if err == nil {
			_ = l.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "--addr") || !strings.Contains(err.Error(), addr) {
			t.Errorf("%s: %v", addr, err)
		}
	}
}
