package account_test

import (
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// TestWithin: what is long ago, was never, or is of the future is not recent.
func TestWithin(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for noted, want := range map[time.Time]bool{
		now: true, now.Add(-time.Minute): true, now.Add(-time.Minute - 1): false, {}: false,
		now.Add(account.Skew): true, now.Add(account.Skew + 1): false,
	} {
		if got := account.Within(time.Minute, noted, now); got != want {
			t.Errorf("%v: %v", noted, got)
		}
	}
}
