package gate

import (
	"context"
	"maps"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// place is an upstream as a key of maps.
type place struct{ scheme, host, socket string }

func (u *Upstream) place() place { return place{u.URL.Scheme, u.URL.Host, u.Socket} }

// transports are the ways to the applications, one each. They are looked up at every request and
// hardly ever changed, so the map is replaced as a whole.
type transports struct {
	dial, header, idle, stall time.Duration

	connect func(ctx context.Context, network, addr string) (net.Conn, error) // nil: the network's own

	mu  sync.Mutex // held by whoever changes the map
	all atomic.Pointer[map[place]*http.Transport]
}

// of returns the way to an upstream, made when it is first asked for.
func (ts *transports) of(u *Upstream) *http.Transport {
	key := u.place()
	if t := ts.get(key); t != nil {
		return t
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t := ts.get(key); t != nil {
		return t
	}
	t := ts.open(u)
	next := map[place]*http.Transport{key: t}
	if old := ts.all.Load(); old != nil {
		maps.Copy(next, *old)
	}
	ts.all.Store(&next)
	return t
}

func (ts *transports) get(key place) *http.Transport {
	if all := ts.all.Load(); all != nil {
		return (*all)[key]
	}
	return nil
}

// The limits of what is kept for an application, and of what it may send before the body.
const (
	idleConns      = 1024
	maxAppHeader   = 256 << 10
	expectContinue = time.Second // a server that knows nothing of Expect waits for the body
)

// open returns a new way to an upstream. It obeys no proxy settings of the environment: an
// application is reached where the settings say.
func (ts *transports) open(u *Upstream) *http.Transport {
	network, socket := "", u.Socket
	if socket != "" {
		network = "unix"
	}
	connect := ts.connect
	if connect == nil {
		connect = (&net.Dialer{Timeout: ts.dial}).DialContext
	}
	return &http.Transport{
		DialContext: func(ctx context.Context, tcp, addr string) (net.Conn, error) {
			if network != "" {
				tcp, addr = network, socket
			}
			conn, err := connect(ctx, tcp, addr)
			if err != nil {
				return nil, err
			}
			return &upstreamConn{Conn: conn, stall: ts.stall}, nil
		},
		TLSHandshakeTimeout:    ts.dial,
		ResponseHeaderTimeout:  ts.header,
		ExpectContinueTimeout:  expectContinue,
		IdleConnTimeout:        ts.idle,
		MaxIdleConnsPerHost:    idleConns,
		MaxResponseHeaderBytes: maxAppHeader,
		DisableCompression:     true, // what the visitor takes is what the application is asked for
	}
}

// Keep forgets the ways to applications that a gate has no more. What is under way on them goes on.
func (p *Proxy) Keep(g *Gate) {
	kept := map[place]bool{}
	for i := range g.Apps {
		if u := g.Apps[i].Upstream; u != nil {
			kept[u.place()] = true
		}
	}
	ts := &p.transports
	ts.mu.Lock()
	defer ts.mu.Unlock()
	old := ts.all.Load()
	if old == nil {
		return
	}
	next := map[place]*http.Transport{}
	for key, t := range *old {
		if kept[key] {
			next[key] = t
		} else {
			t.CloseIdleConnections()
		}
	}
	ts.all.Store(&next)
}

// upstreamConn is a connection to an application that must take what it is sent: one whose reader
// stands still is given up.
type upstreamConn struct {
	net.Conn
	stall time.Duration
	until time.Time // the deadline of writing
}

func (c *upstreamConn) Write(b []byte) (int, error) {
	if now := time.Now(); c.until.Sub(now) < c.stall*3/4 {
		c.until = now.Add(c.stall)
		_ = c.Conn.SetWriteDeadline(c.until)
	}
	return c.Conn.Write(b)
}

// CloseWrite ends one direction of an upgraded connection.
func (c *upstreamConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errNoHalf
}
