package gate

import (
	"context"
	"net"
)

// Connect has applications reached by a function of the test.
func (p *Proxy) Connect(f func(ctx context.Context, network, addr string) (net.Conn, error)) {
	p.transports.connect = f
}
