package door

import (
	"context"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// SweepCounters forgets throttling counters that have expired, in small batches every interval, until ctx is done.
func (d *Door) SweepCounters(ctx context.Context, every time.Duration) {
	const batch = 500
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		for n := batch; n == batch && ctx.Err() == nil; {
			// The longest memory of all policies.
			n, _ = d.throttle.Sweep(ctx, d.now().Add(-account.AccountPolicy().Forget), batch)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
