package door

import (
	"context"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// SweepCounters forgets, in small batches every interval, throttling counters that mean nothing any
// more, devices that have grown too old, and sign-ins and tokens that are over for long, until ctx is
// done.
func (d *Door) SweepCounters(ctx context.Context, every time.Duration) {
	const batch = 500
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		for n := batch; n == batch && ctx.Err() == nil; {
			n, _ = d.devices.Sweep(ctx, d.now().Add(-d.guessing.DeviceAge), batch)
		}
		for n := batch; n == batch && ctx.Err() == nil; {
			n, _ = d.signIns.Sweep(ctx, d.now().Add(-account.SignInsKept), batch)
		}
		for n := batch; n == batch && ctx.Err() == nil; {
			n, _ = d.tokens.Sweep(ctx, d.now().Add(-TokensKept), batch)
		}
		for n := batch; n == batch && ctx.Err() == nil; {
			n, _ = d.throttle.Sweep(ctx, d.now().Add(-d.guessing.Longest()), batch)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
