package account_test

import (
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// TestSetupOpen: a clock that is set back prolongs a link by minutes, and not by hours.
func TestSetupOpen(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	for left, want := range map[time.Duration]bool{
		-time.Millisecond: false, 0: false, time.Millisecond: true, 30 * time.Minute: true, 35 * time.Minute: true, 3 * time.Hour: false, 24 * time.Hour: false,
	} {
		if got := account.SetupOpen(now.Add(left), now); got != want {
			t.Errorf("with %v left: %v", left, got)
		}
	}
}

// TestDeviceOfTheFuture: a browser that was seen by a clock that ran ahead is none that is known.
func TestDeviceOfTheFuture(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	dev := account.Developer{ID: "d", Epoch: 1}
	for ahead, want := range map[time.Duration]bool{0: true, time.Minute: true, 10 * time.Minute: false, 24 * time.Hour: false, -23 * time.Hour: true, -24 * time.Hour: false} {
		d := account.Device{Account: "d", Epoch: 1, LastSeen: now.Add(ahead)}
		if got := d.KnownTo(dev, now, 24*time.Hour); got != want {
			t.Errorf("seen %v ahead: %v", ahead, got)
		}
	}
}
