package door

import (
	"sync"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/network"
	"github.com/doorbook/doorbook/passhash"
)

// crowd is who stands at the door: the sign-ins and registrations under way. A storm at the door
// keeps nobody inside waiting, and one from few networks or devices nobody else outside. It is safe
// for concurrent use.
type crowd struct {
	places account.Places

	mu       sync.Mutex
	all      int
	browsers int
	networks map[network.Network]int // of new browsers
	known    map[network.Network]int // of known devices
	devices  map[string]int
	accounts map[string]int // of known devices
}

func newCrowd(p account.Places) *crowd {
	return &crowd{
		places: p, networks: make(map[network.Network]int), known: make(map[network.Network]int),
		devices: make(map[string]int), accounts: make(map[string]int),
	}
}

// enter takes a place, or says that there is none for a browser of that network on the known device
// (the zero Device for none). Call leave when done.
func (c *crowd) enter(from network.Network, d account.Device) (leave func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	asDevice, asBrowser := c.places.Admit(account.Taken{
		All: c.all, New: c.browsers, Network: c.networks[from], Known: c.known[from],
		Device: c.devices[d.ID], Account: c.accounts[d.Account],
	})
	count := func(n int) {
		c.take(n, n)
		add(c.networks, from, n)
	}
	switch {
	case d.ID != "" && asDevice:
		count = func(n int) {
			c.take(n, 0)
			add(c.known, from, n)
			add(c.devices, d.ID, n)
			add(c.accounts, d.Account, n)
		}
	case !asBrowser:
		return nil, busy(passhash.ErrBusy)
	}
	count(1)
	return func() { c.leave(func() { count(-1) }) }, nil
}

func (c *crowd) leave(give func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	give()
}

func (c *crowd) take(all, browsers int) {
	c.all += all
	c.browsers += browsers
}

// add counts in m, which keeps no zeros.
func add[K comparable](m map[K]int, key K, n int) {
	if m[key] += n; m[key] == 0 {
		delete(m, key)
	}
}
