package account

import (
	"context"
	"time"
)

// Device is a browser that has signed in to an account. It is a known one while its Epoch is the
// account's: whatever ends all sign-ins of an account (a new password, disabling) ends its devices.
type Device struct {
	ID        string // a hash of what the browser's cookie holds; it opens nothing
	Account   string // the developer's id
	Epoch     int64  // the account's when the device last signed in
	Name      string // what its owner calls it; may be ""
	Session   string // the record id of the session it has last begun; may be ""
	FirstSeen time.Time
	LastSeen  time.Time
}

// KnownTo reports whether the device is one of the developer's, and still known at now. One that was
// seen in the future is not: nobody knows how long ago that was.
func (d Device) KnownTo(dev Developer, now time.Time, age time.Duration) bool {
	return d.Account == dev.ID && dev.ID != "" && dev.State == Active && d.Epoch == dev.Epoch &&
		now.Sub(d.LastSeen) < age && now.Sub(d.LastSeen) >= -Skew
}

// Devices keeps the devices of all accounts. It is safe for concurrent use. Times have the
// precision of a millisecond.
type Devices interface {
	// Find finds a device by its id. ErrNotFound if there is none.
	Find(ctx context.Context, id string) (Device, error)
	// Keep stores a device in place of what has its id, but for the name that its owner may have
	// given it meanwhile, and enters the sign-ins that go with it, in one commit where there are
	// commits. Of the account's devices that leaves the most that were seen last; the one kept is
	// among them.
	Keep(ctx context.Context, d Device, most int, begun ...SignIn) error
	// Rename gives a name to the device of an account that has begun a session last, and gives the
	// device; "" takes the name away. ErrNotFound if there is none.
	Rename(ctx context.Context, account, session, name string) (Device, error)
	// List gives the devices of an account, the one seen last first.
	List(ctx context.Context, account string) ([]Device, error)
	// End forgets the devices of an account but those excepted, and gives how many.
	End(ctx context.Context, account string, except ...string) (int, error)
	// Sweep forgets up to limit devices that were last seen before a time, and gives how many.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
