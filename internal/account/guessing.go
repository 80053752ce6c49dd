package account

import "time"

// Guessing is how much guessing at passwords is borne, and where each attempt counts. It is the
// table of docs/security.md#guessing: SignIn, Proof and Places below are its rows.
//
// A ceiling is shared with whoever else comes the same way, attackers too, so it can be used up by
// them. A share is one's own: nobody uses it up who has not stolen what it belongs to. It comes
// first, so that attackers cannot keep out an owner whom the program knows.
type Guessing struct {
	Account Policy // ceiling: sign-ins to one account from new browsers
	Network Policy // ceiling: sign-ins from one network by new browsers, to whatever accounts
	Devices Policy // ceiling: sign-ins to one account from all of its known devices together
	Proofs  Policy // ceiling: proofs of the current password in all sessions of one account

	Device  Policy        // share: sign-ins from one known device
	Session Policy        // share: proofs in one session that began recently
	Recent  time.Duration // how long after its sign-in a session has that share

	MostDevices int           // known devices of one account; the one unused for longest goes first
	DeviceAge   time.Duration // a device that was not seen for so long is forgotten

	Registration  Policy // ceiling: new accounts from one network
	AddressChange Policy // ceiling: new addresses of one account; whether one is taken shows

	Door Places
}

// DefaultGuessing returns the numbers of the program (ASVS 6.1.1, 6.3.1; NIST SP 800-63B-4 §3.2.2).
// No pause of a ceiling is longer than 15 minutes. The command line is never throttled.
func DefaultGuessing() Guessing {
	const first, most, day = 30 * time.Second, 15 * time.Minute, 24 * time.Hour
	return Guessing{
		Account: Policy{Free: 5, First: first, Most: most, Forget: day},
		Network: Policy{Free: 50, First: first, Most: most, Forget: time.Hour},
		Devices: Policy{Free: 5, First: first, Most: most, Forget: day},
		Proofs:  Policy{Free: 5, First: first, Most: most, Forget: day},

		Device:  share(3),
		Session: share(3),
		Recent:  10 * time.Minute,

		MostDevices: 20,
		DeviceAge:   400 * day, // the longest that browsers keep a cookie (RFC 6265bis)

		Registration:  Policy{Free: 10, First: time.Minute, Most: most, Forget: time.Hour},
		AddressChange: Policy{Free: 10, First: time.Minute, Most: most, Forget: time.Hour},

		Door: Places{All: 40, Kept: 10, Network: 8, Device: 2, Account: 4},
	}
}

// share returns the policy that lets n attempts through, and then none before a day has passed.
func share(n int) Policy {
	return Policy{Free: n, First: 24 * time.Hour, Most: 24 * time.Hour, Forget: 24 * time.Hour}
}

// Longest returns the longest time for which a counter of any policy means something.
func (g Guessing) Longest() time.Duration {
	return max(g.Account.Forget, g.Network.Forget, g.Devices.Forget, g.Proofs.Forget,
		g.Device.Forget, g.Session.Forget, g.Registration.Forget, g.AddressChange.Forget)
}

// Count is one counter in which an attempt counts.
type Count struct {
	Kind   string // what is counted
	Of     string // whose; what people type as an address may be a password, so keys must hide it
	Policy Policy
	Own    bool // a right password forgives all of it, and otherwise takes back its own attempt
}

// Lane is one way to be let through. An attempt counts in all of its counters or, when one of them
// refuses, in none: then the next lane is asked. An attempt that no lane lets through is refused,
// and has counted nowhere.
type Lane []Count

// Comer is who signs in.
type Comer struct {
	Address string // as it is compared; it need not be anybody's
	Network string
	Device  string // the known device of the account that has the address, "" for a new browser
	Account string // that account's id, when there is a device
}

// SignIn returns the lanes of a sign-in. A known device is never worse off than a new browser.
func (g Guessing) SignIn(c Comer) []Lane {
	anybody := Lane{
		{Kind: "network", Of: c.Network, Policy: g.Network},
		{Kind: "account", Of: c.Address, Policy: g.Account, Own: true},
	}
	if c.Device == "" {
		return []Lane{anybody}
	}
	return []Lane{
		{{Kind: "device", Of: c.Device, Policy: g.Device, Own: true}},
		{{Kind: "devices", Of: c.Account, Policy: g.Devices}},
		anybody,
	}
}

// Proof returns the lanes of a proof of the current password in a session that began some time ago.
// They are apart from those of sign-ins: strangers who guess at the account must not keep its owner
// from changing the password. Whoever has an old session of the owner's cannot either: the owner
// signs in anew, and has a share.
func (g Guessing) Proof(account, session string, ago time.Duration) []Lane {
	all := Lane{{Kind: "proofs", Of: account, Policy: g.Proofs}}
	if session == "" || ago > g.Recent {
		return []Lane{all}
	}
	return []Lane{{{Kind: "session", Of: session, Policy: g.Session, Own: true}}, all}
}

// Reset returns the counters that start anew when the account's password is set on the command
// line.
func (g Guessing) Reset(address, account string) Lane {
	return Lane{
		{Kind: "account", Of: address, Policy: g.Account, Own: true},
		{Kind: "devices", Of: account, Policy: g.Devices, Own: true},
		{Kind: "proofs", Of: account, Policy: g.Proofs, Own: true},
	}
}

// Register returns the lanes of an attempt to make an account, once its form is in order.
func (g Guessing) Register(network string) []Lane {
	return []Lane{{{Kind: "register", Of: network, Policy: g.Registration}}}
}

// ChangeAddress returns the lanes of a change of an account's address.
func (g Guessing) ChangeAddress(account string) []Lane {
	return []Lane{{{Kind: "address change", Of: account, Policy: g.AddressChange, Own: true}}}
}

// Places is how many sign-ins and registrations are under way at once. Those beyond are sent away
// before they cost a write or a hash.
type Places struct {
	All     int // in all
	Kept    int // of them, for known devices alone
	Network int // of one network, by new browsers; and as many again by known devices
	Device  int // of one known device
	Account int // of all known devices of one account: anybody may make some
}

// Taken is how many places are taken at one moment.
type Taken struct {
	All     int
	New     int // of them, by new browsers
	Network int // of them, by new browsers of the comer's network
	Known   int // of them, by known devices of the comer's network
	Device  int // of them, by the comer's device
	Account int // of them, by known devices of the account of the comer's device
}

// Admit reports whether there is a place for one more: for a known device, and for a new browser.
func (p Places) Admit(t Taken) (device, browser bool) {
	device = t.All < p.All && t.Device < p.Device && t.Account < p.Account && t.Known < p.Network
	browser = t.All < p.All && t.New < p.All-p.Kept && t.Network < p.Network
	return device, browser
}
