package account

import (
	"context"
	"time"
)

// Counter is what is remembered of failed attempts under one key.
type Counter struct {
	Failures int       // attempts since the last success or the last quiet period
	Last     time.Time // when the latest attempt was let through
	Until    time.Time // no attempt is let through before; zero when none was refused yet
}

// Policy says how fast attempts under one key are let through: Free ones at once, then each one
// after a pause that doubles from First up to Most. A key that was quiet for Forget starts anew.
// (ASVS 6.1.1, NIST SP 800-63B-4 §3.2.2.)
type Policy struct {
	Free   int           // attempts before the first pause
	First  time.Duration // the first pause
	Most   time.Duration // the longest pause
	Forget time.Duration // quiet time after which the counter starts anew
}

// Take decides about one attempt at now and gives the counter to keep. A wait of zero lets the
// attempt through and counts it as failed in advance: whoever proves to be right is forgiven with
// Throttle.Settle. A refused attempt changes nothing, so knocking does not lengthen the wait.
func (p Policy) Take(c Counter, now time.Time) (next Counter, wait time.Duration) {
	if c.Failures > 0 && now.Sub(c.Last) >= p.Forget {
		c = Counter{}
	}
	// A pause longer than the longest comes from a clock that has since jumped back, or a policy
	// that has since become milder. It is void, or it would lock people out until that clock's time
	// is reached.
	if wait = c.Until.Sub(now); wait > 0 && wait <= p.Most+Skew {
		return c, min(wait, p.Most)
	}
	c.Failures++
	c.Last = now
	c.Until = time.Time{}
	if over := c.Failures - p.Free; over >= 0 {
		c.Until = now.Add(p.pause(over))
	}
	return c, 0
}

// Skew is by how much the clocks of nodes may differ, and a clock may be set back, before what it
// wrote down counts as written by a broken one. Without it a node whose clock is behind would take
// the longest pause, just begun on another node, for such a one's, and let one more through.
const Skew = 5 * time.Minute

// pause is the wait after attempt number Free+over.
func (p Policy) pause(over int) time.Duration {
	d := p.First
	for ; over > 0 && d < p.Most; over-- {
		d *= 2
	}
	return min(d, p.Most)
}

// Attempt is where an attempt counts, and how much of that is borne.
type Attempt struct {
	Key    string
	Policy Policy
}

// Throttle keeps the counters. Keys are made by the caller and hold nothing readable (an HMAC). Of
// any number of concurrent Takes exactly as many are let through by each counter as would be one
// after the other.
type Throttle interface {
	// Take applies Policy.Take to each of the counters: all of them count the attempt, or none. A
	// wait above zero means that one of them refused; it is the first one's pause.
	Take(ctx context.Context, counters []Attempt, now time.Time) (wait time.Duration, err error)
	// Settle is called when the attempt was right, or was none. It forgets the counters of
	// forgiven, and takes back one attempt and any pause it caused from those of refunded: success
	// must not wipe out others' failures (an address).
	Settle(ctx context.Context, forgiven, refunded []string) error
	// Sweep forgets up to limit counters whose latest attempt is before the given time.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
