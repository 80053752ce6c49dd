package door_test

import (
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/passhash/passhashtest"
)

// TestCrowdOfDevices: one person, at one address, with an account and twenty known devices of their
// own takes all places at the door, and sends the owner away whose device is known.
func TestCrowdOfDevices(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	before := sitetest.Open(t, dir)
	ada, eve := before.Developer("Ada", account.Member), before.Developer("Eve", account.Member)
	owner := signedIn(t, before, ada).device
	g := account.DefaultGuessing()
	var devices []string
	for range g.MostDevices {
		devices = append(devices, signedIn(t, before, eve).device)
	}
	hasher, began, release := passhashtest.Held(t, passhash.Config{
		Slots: g.Door.All, Queue: -1, Wait: time.Minute,
	})
	s := sitetest.Open(t, dir, func(p *server.Parts) { p.Passwords = hasher })
	var all sync.WaitGroup
	enter := func(addr, device, email string) (err error, inside bool) {
		b := newBrowser(t, s, addr)
		b.device = device
		answer := make(chan error, 1)
		all.Go(func() { answer <- b.signIn(email, sitetest.Password) })
		select {
		case err := <-answer:
			return err, false
		case <-began:
			return nil, true
		}
	}
	inside := 0
	for _, device := range devices {
		for range g.Door.Device {
			if _, in := enter("192.0.2.66", device, eve.Email); in {
				inside++
			}
		}
	}
	err, in := enter("198.51.100.7", owner, ada.Email)
	if !in {
		t.Errorf("%d places are one person's; the owner with a known device: %v (busy %v)",
			inside, err, fault.Is(err, fault.Busy))
	}
	close(release)
	all.Wait()
}
