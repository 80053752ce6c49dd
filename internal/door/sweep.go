package door

import (
	"context"
	"time"
)

// SweepCounters forgets, in small batches every interval, throttling counters that mean nothing any
// more and devices that have grown too old, until ctx is done.
func (d *Door) SweepCounters(ctx context.Context, every time.Duration) {
	const batch = 500
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		for n := batch; n == batch && ctx.Err() == nil; {
			n, _ = d.devices.Sweep(ctx, d.now().Add(-d.guessing.DeviceAge), batch)
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
