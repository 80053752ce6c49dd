package httpx

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/doorbook/doorbook/session"
)

// lasting is an answer that goes on after its header: one that was flushed, or whose connection
// was taken over. Nothing else of the edge looks at the session again, so it is watched: within
// five seconds after its end the request's context is done, and no byte passes any more. Other
// answers cost nothing of this.
type lasting struct {
	mu   sync.Mutex
	stop context.CancelFunc // ends the watch; nil while there is none
	done bool               // the answer is over
	lost bool               // the session is
}

// watch begins to watch the session of whoever is signed in by one; cut stops what context does
// not.
func (w *recorder) watch(cut func()) {
	v, l := &w.q.visit, &w.lasting
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stop != nil || l.done || v.Session == nil || v.Session.Subject() == "" {
		return
	}
	// A connection that was taken over outlives its request.
	ctx, stop := context.WithCancel(context.WithoutCancel(w.r.Context()))
	l.stop = stop
	go func() {
		defer stop()
		err := v.Session.Watch(ctx)
		if errors.Is(err, session.ErrUnsupported) {
			return
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.done || ctx.Err() != nil {
			return
		}
		l.lost = true // also when the store does not say whether it lives
		w.q.cancel()
		cut()
	}()
}

// over ends the watch.
func (l *lasting) over() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = true
	if l.stop != nil {
		l.stop()
	}
}

// ended gives an error once the session has ended.
func (l *lasting) ended() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost {
		return session.ErrEnded
	}
	return nil
}

// flushed watches an answer that is sent in parts. A write that waits for its client ends, too.
func (w *recorder) flushed() {
	w.watch(func() { _ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now()) })
}

// takenOver watches a connection that is somebody else's from now on.
func (w *recorder) takenOver(conn net.Conn) net.Conn {
	w.watch(func() { _ = conn.Close() })
	return &watchedConn{Conn: conn, over: w.lasting.over}
}

// watchedConn ends its watch when it is closed.
type watchedConn struct {
	net.Conn
	over func()
}

func (c *watchedConn) Close() error {
	c.over()
	return c.Conn.Close()
}
