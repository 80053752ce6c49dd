package door

import (
	"context"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
)

// failuresBefore returns how many attempts failed before the one that is under way, in the counters
// that are its own. It is for the book alone, so what cannot be had is none.
func (d *Door) failuresBefore(ctx context.Context, lane account.Lane) (failures int) {
	throttle, ok := d.throttle.(account.Failures)
	if !ok {
		return 0
	}
	for _, c := range lane {
		if !c.Own {
			continue
		}
		n, err := throttle.Failures(ctx, d.counterKey(c))
		if err != nil {
			d.log.Debug("failures before a sign-in are not known", "error", err)
		}
		failures = max(failures, n-1)
	}
	return failures
}

// noteSignIn enters a sign-in; one after failures apart, for the last guess may have been right.
func (d *Door) noteSignIn(ctx context.Context, v *Visit, failures int) {
	if failures == 0 {
		d.note(ctx, v, book.ActionSignIn, v.Developer.ID, "")
		return
	}
	d.note(ctx, v, book.ActionSignInAfterFailures, v.Developer.ID, plural(failures, "failed attempt"))
}
