package server

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// tuneMemory trades memory that is not used anyway for time, unless GOGC or GOMEMLIMIT say what the
// operator wants. What lives is a few megabytes, what a request leaves behind is little: collecting
// at twice the living heap, the default, is a hundred collections a second under load. What a
// password hash leaves behind (19 to 32 MiB) is collected before the next one
// (passhash.Config.Before), which takes the same memory. A heap of 32 MiB, at which the runtime
// begins to collect by itself, has room for one; were a collection to begin during a hash, its
// memory would count as living, and be given back to the system after the next. The limit is for
// several at once.
func tuneMemory(getenv func(string) string) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(800)
	}
	if getenv("GOMEMLIMIT") == "" {
		hashes := int64(max(1, runtime.GOMAXPROCS(0)/2)) // as many at once as passhash allows
		debug.SetMemoryLimit(96<<20 + hashes*64<<20)
	}
}

// releaseIdle gives memory back to the system once the program has been idle for 30 looks after
// work, until ctx is done. That is a minute, and no sooner: the next sign-in needs 19 MiB of it,
// and to get them from the system again costs more than the hash.
func releaseIdle(ctx context.Context, every time.Duration) {
	const (
		idle  = 1 << 20 // bytes allocated between two looks, at most: the program's own housekeeping
		work  = 8 << 20 // bytes allocated since memory was last given back, at least: else there is nothing to gain
		looks = 30
	)
	var released, last uint64
	quiet := 0 // looks that found the program idle
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := allocated()
		quiet++
		if now-last >= idle {
			quiet = 0
		}
		if quiet >= looks && now-released > work {
			debug.FreeOSMemory()
			now = allocated()
			released = now
		}
		last = now
	}
}

// allocated is how many bytes were ever allocated.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
