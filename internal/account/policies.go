package account

import "time"

// The policies of this program (ASVS 6.1.1, 6.3.1). No pause is longer than 15 minutes. Somebody
// who keeps guessing at an account can still keep a browser out that never signed in to it before;
// its owner gets in from a known one, and "doorbook user password" starts the account's counter
// anew. The command line is never throttled.
//
//	policy        free  first pause  doubling up to  starts anew after
//	account          5         30 s          15 min       24 h quiet
//	device          10         30 s          15 min       24 h quiet
//	address         50         30 s          15 min        1 h quiet
//	registration    10          1 min        15 min        1 h quiet

// AccountPolicy is for sign-ins to one account from browsers that never signed in to it before,
// wherever they come from: 5 attempts at once, then pauses of 30 s, 1, 2, 4, 8 and 15 minutes, 15
// from then on. Guessing without rest gets 104 attempts in the first day and 96 in each one after;
// a success or 24 quiet hours start it anew. An unknown address has such a counter too, or it could
// be told from a known one.
func AccountPolicy() Policy {
	return Policy{Free: 5, First: 30 * time.Second, Most: 15 * time.Minute, Forget: 24 * time.Hour}
}

// DevicePolicy is for sign-ins from a browser that has signed in to the account before, which is
// counted apart from all others, so that strangers cannot keep the owner out: 10 attempts at once,
// then as AccountPolicy.
func DevicePolicy() Policy {
	return Policy{Free: 10, First: 30 * time.Second, Most: 15 * time.Minute, Forget: 24 * time.Hour}
}

// AddressPolicy is for failed sign-ins from one client address to whatever accounts, against one
// password tried on many: 50 at once, because an office or a school may share an address, then
// pauses of 30 s doubling to 15 minutes. It starts anew after one quiet hour. A success takes back
// its own attempt (Throttle.Settle), not those of others.
func AddressPolicy() Policy {
	return Policy{Free: 50, First: 30 * time.Second, Most: 15 * time.Minute, Forget: time.Hour}
}

// RegistrationPolicy is for new accounts from one client address: 10 at once, then pauses of 1
// minute doubling to 15, so 4 an hour in the long run. It starts anew after one quiet hour.
func RegistrationPolicy() Policy {
	return Policy{Free: 10, First: time.Minute, Most: 15 * time.Minute, Forget: time.Hour}
}
