package door_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
)

// fakes are repositories in memory that count what is written to them. They answer as the real ones
// do, which internal/repotest proves of those.
type fakes struct {
	mu       sync.Mutex
	writes   int
	counters map[string]account.Counter
	devices  map[string]account.Device
	people   map[string]account.Developer // by id
}

func newFakes(people ...account.Developer) *fakes {
	f := &fakes{
		counters: map[string]account.Counter{}, devices: map[string]account.Device{},
		people: map[string]account.Developer{},
	}
	for _, d := range people {
		f.people[d.ID] = d
	}
	return f
}

func (f *fakes) written() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

type fakeThrottle struct{ *fakes }

func (f fakeThrottle) Take(
	_ context.Context, counters []account.Attempt, now time.Time,
) (time.Duration, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	next := map[string]account.Counter{}
	for _, a := range counters {
		c, wait := a.Policy.Take(f.counters[a.Key], now)
		if wait > 0 {
			return wait, nil
		}
		next[a.Key] = c
	}
	f.writes += len(next)
	maps.Copy(f.counters, next)
	return 0, nil
}

func (f fakeThrottle) Settle(_ context.Context, forgiven, refunded []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes += len(forgiven) + len(refunded)
	for _, key := range forgiven {
		delete(f.counters, key)
	}
	for _, key := range refunded {
		if c := f.counters[key]; c.Failures > 0 {
			f.counters[key] = account.Counter{Failures: c.Failures - 1, Last: c.Last}
		}
	}
	return nil
}

func (f fakeThrottle) Sweep(context.Context, time.Time, int) (int, error) { return 0, nil }

type fakeDevices struct{ *fakes }

func (f fakeDevices) Find(_ context.Context, id string) (account.Device, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d, ok := f.devices[id]
	if !ok {
		return d, account.ErrNotFound
	}
	return d, nil
}

func (f fakeDevices) Rename(context.Context, string, string, string) (account.Device, error) {
	return account.Device{}, account.ErrNotFound
}

func (f fakeDevices) Keep(_ context.Context, d account.Device, most int, _ ...account.SignIn) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes++
	f.devices[d.ID] = d
	for i, other := range f.listed(d.Account, d.ID) {
		if i >= most-1 {
			delete(f.devices, other.ID)
		}
	}
	return nil
}

// listed needs the lock.
func (f fakeDevices) listed(owner, except string) (list []account.Device) {
	for _, d := range f.devices {
		if d.Account == owner && d.ID != except {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b account.Device) int { return b.LastSeen.Compare(a.LastSeen) })
	return list
}

func (f fakeDevices) List(_ context.Context, owner string) ([]account.Device, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.listed(owner, ""), nil
}

func (f fakeDevices) End(_ context.Context, owner string, except ...string) (n int, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes++
	for _, d := range f.listed(owner, "") {
		if !slices.Contains(except, d.ID) {
			delete(f.devices, d.ID)
			n++
		}
	}
	return n, nil
}

func (f fakeDevices) Sweep(context.Context, time.Time, int) (int, error) { return 0, nil }

// fakeSignIns remembers nothing.
type fakeSignIns struct{ account.SignIns }

func (fakeSignIns) End(context.Context, []account.SignIn) error { return nil }

// fakeTokens are none.
type fakeTokens struct{ account.Tokens }

func (fakeTokens) EndAll(context.Context, string, time.Time) (int, error) { return 0, nil }

// fakeAccounts knows who there is, and lets no address be changed.
type fakeAccounts struct {
	account.Repository
	*fakes
}

func (f fakeAccounts) ByID(_ context.Context, id string) (account.Developer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d, ok := f.people[id]
	if !ok {
		return d, account.ErrNotFound
	}
	return d, nil
}

func (f fakeAccounts) ByEmail(_ context.Context, key string) (account.Developer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.people {
		if d.EmailKey == key {
			return d, nil
		}
	}
	return account.Developer{}, account.ErrNotFound
}

func (f fakeAccounts) Update(
	_ context.Context, _ account.Actor, id string, c account.Change, _ time.Time,
) (account.Developer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.people[id]
	if c.Email != nil {
		return d, account.ErrEmailTaken
	}
	f.writes++
	if c.PasswordHash != nil {
		d.PasswordHash = *c.PasswordHash
	}
	if c.EndSignIns {
		d.Epoch++
	}
	f.people[id] = d
	return d, nil
}

// nowhere is a book that keeps nothing.
type nowhere struct{}

func (nowhere) Append(context.Context, ...book.Entry) error { return nil }
