package gate

import (
	"cmp"
	"context"
	"net"
	"sync"
	"time"
)

// Health tells whether applications answer. It asks only when somebody wants to know, each at most
// once in healthKept, and all at once; who wants to know waits no longer than healthWait. It is safe
// for concurrent use.
type Health struct {
	now  func() time.Time
	dial func(ctx context.Context, network, addr string) (net.Conn, error)

	mu     sync.Mutex
	pulses map[place]*pulse
}

const (
	healthKept = 10 * time.Second
	healthWait = time.Second
	mostPulses = 1000 // that are remembered: of applications that a file has had
)

// NewHealth makes one that knows of nobody yet.
func NewHealth(now func() time.Time) *Health {
	return &Health{now: now, dial: new(net.Dialer).DialContext, pulses: map[place]*pulse{}}
}

// pulse is what is known of one upstream. Who holds the lock asks.
type pulse struct {
	sync.Mutex
	at time.Time // when it was asked; zero: never
	State
}

// State says whether an application answers: takes a connection.
type State struct {
	Asked   bool      // it was asked; one that a proxy reaches by itself never is
	Answers bool      //
	Since   time.Time // when it was first found not to, of one that does not answer
}

// Of returns the state of each application of the gate, in their order.
func (h *Health) Of(g *Gate) []State {
	states := make([]State, len(g.Apps))
	var all sync.WaitGroup
	for i := range g.Apps {
		if up := g.Apps[i].Upstream; up != nil {
			all.Go(func() { states[i] = h.of(up) })
		}
	}
	all.Wait()
	return states
}

func (h *Health) of(up *Upstream) State {
	p := h.pulse(up.place())
	p.Lock()
	defer p.Unlock()
	now := h.now()
	if ago := now.Sub(p.at); !p.at.IsZero() && ago >= 0 && ago < healthKept {
		return p.State
	}
	ctx, cancel := context.WithTimeout(context.Background(), healthWait)
	defer cancel()
	network, addr := up.listens()
	conn, err := h.dial(ctx, network, addr)
	if err == nil {
		_ = conn.Close()
		p.State = State{Asked: true, Answers: true}
	} else if !p.Asked || p.Answers {
		p.State = State{Asked: true, Since: now}
	}
	p.at = now
	return p.State
}

func (h *Health) pulse(at place) *pulse {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.pulses[at]
	if p == nil {
		if len(h.pulses) >= mostPulses {
			clear(h.pulses)
		}
		p = &pulse{}
		h.pulses[at] = p
	}
	return p
}

// listens is where an upstream takes connections.
func (u *Upstream) listens() (network, addr string) {
	if u.Socket != "" {
		return "unix", u.Socket
	}
	standard := "80"
	if u.URL.Scheme == "https" {
		standard = "443"
	}
	return "tcp", net.JoinHostPort(u.URL.Hostname(), cmp.Or(u.URL.Port(), standard))
}
