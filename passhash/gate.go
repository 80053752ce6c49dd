package passhash

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// ErrBusy is returned when every slot is taken and the queue is full, or the longest wait is over.
// Nothing was computed.
var ErrBusy = errors.New("passhash: too many passwords are being checked")

// RetryAfter is how long a caller that got ErrBusy should wait before trying again.
const RetryAfter = 2 * time.Second

// A gate lets a bounded number of callers in at once and a bounded number wait, in the order in
// which they came.
type gate struct {
	slots   chan struct{} // a full channel lets its senders in first come, first served
	queue   int64
	waiting atomic.Int64
	wait    time.Duration
}

// enter waits for a slot. It returns nil when the caller is in and must call leave, else ErrBusy or
// the context's error.
func (g *gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err // whoever has gone already costs nothing
	}
	select {
	case g.slots <- struct{}{}:
		return nil
	default:
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > g.queue {
		return ErrBusy
	}
	timer := time.NewTimer(g.wait)
	defer timer.Stop()
	select {
	case g.slots <- struct{}{}:
		if err := ctx.Err(); err != nil { // both were ready: nobody is there to be answered
			g.leave()
			return err
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ErrBusy
	}
}

func (g *gate) leave() { <-g.slots }
