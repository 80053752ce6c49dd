package door

import (
	"context"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
)

// failuresBefore returns how many attempts failed before the one that is under way, in the counter
// that is its own. It is for the book alone, so what cannot be had is none.
func (d *Door) failuresBefore(ctx context.Context, counters []counter) int {
	throttle, ok := d.throttle.(account.Failures)
	if !ok || len(counters) == 0 {
		return 0
	}
	n, err := throttle.Failures(ctx, counters[0].Key)
	if err != nil {
		d.log.Debug("failures before a sign-in are not known", "error", err)
	}
	return max(0, n-1)
}

// noteSignIn enters a sign-in; one after failures apart, for the last guess may have been right.
func (d *Door) noteSignIn(ctx context.Context, v *Visit, failures int) {
	if failures == 0 {
		d.note(ctx, v, book.ActionSignIn, v.Developer.ID, "")
		return
	}
	d.note(ctx, v, book.ActionSignInAfterFailures, v.Developer.ID, plural(failures, "failed attempt"))
}
