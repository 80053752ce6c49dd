package account

import "context"

// Failures is what a Throttle may tell besides.
type Failures interface {
	// Failures returns how many attempts a counter holds, zero for one that is not kept.
	Failures(ctx context.Context, key string) (int, error)
}
