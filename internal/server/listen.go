package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"sync/atomic"
	"syscall"
)

// listen opens the address. What cannot be says which setting gives another.
func listen(ctx context.Context, addr, setting string, log *slog.Logger) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	switch {
	case err == nil:
		return &listener{Listener: l, log: log}, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%w: another program listens there, perhaps this one: end it, or give another address with %s", err, setting)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("%w: give another address with %s", err, setting)
	}
	return nil, err
}

// listener tells when no connection can be taken, which net/http tries again on and on: when that
// begins and when it is over, not each time.
type listener struct {
	net.Listener
	log     *slog.Logger
	failing atomic.Bool
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	switch {
	case err == nil:
		if l.failing.CompareAndSwap(true, false) {
			l.log.Info("connections are taken again")
		}
	case !errors.Is(err, net.ErrClosed) && l.failing.CompareAndSwap(false, true):
		l.log.Error("no connection can be taken, which is tried again: if there are too many open files, raise their limit (LimitNOFILE, ulimit -n)",
			"error", err)
	}
	return conn, err
}
