package account_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/account"
)

// TestLanes is the first table of docs/security.md#guessing.
func TestLanes(t *testing.T) {
	t.Parallel()
	g := account.DefaultGuessing()
	ago := g.Recent
	for name, c := range map[string]struct {
		lanes []account.Lane
		want  [][]string
	}{
		"new browser":    {g.SignIn(account.Comer{Address: "a", Network: "n"}), [][]string{{"network n", "account a"}}},
		"recent session": {g.Proof("id", "s", ago), [][]string{{"session s"}, {"proofs id"}}},
		"older session":  {g.Proof("id", "s", ago+1), [][]string{{"proofs id"}}},
		"no session":     {g.Proof("id", "", 0), [][]string{{"proofs id"}}},
		"registration":   {g.Register("n"), [][]string{{"register n"}}},
		"address":        {g.ChangeAddress("id"), [][]string{{"address change id"}}},
		"known device": {
			g.SignIn(account.Comer{Address: "a", Network: "n", Device: "d", Account: "id"}),
			[][]string{{"device d"}, {"devices id"}, {"network n", "account a"}},
		},
	} {
		var got [][]string
		for _, lane := range c.lanes {
			var counters []string
			for _, count := range lane {
				counters = append(counters, count.Kind+" "+count.Of)
			}
			got = append(got, counters)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestShares: an owner has three attempts a day that nobody else can use up, and no more of them.
func TestShares(t *testing.T) {
	t.Parallel()
	g := account.DefaultGuessing()
	for name, p := range map[string]account.Policy{"device": g.Device, "session": g.Session} {
		var c account.Counter
		now, wait, n := epoch, time.Duration(0), 0
		for ; wait == 0; n++ {
			c, wait = p.Take(c, now)
		}
		if n-1 != 3 || wait != 24*time.Hour {
			t.Errorf("%s: %d attempts, then a wait of %v", name, n-1, wait)
		}
		if _, wait = p.Take(c, now.Add(24*time.Hour)); wait != 0 {
			t.Errorf("%s: a wait of %v a day later", name, wait)
		}
	}
}

// TestPlaces: neither one network nor all new browsers together take the places of known devices.
func TestPlaces(t *testing.T) {
	t.Parallel()
	p := account.Places{All: 10, Kept: 3, Network: 4, Device: 2, Account: 3}
	for _, c := range []struct {
		taken           account.Taken
		device, browser bool
	}{
		{account.Taken{}, true, true},
		{account.Taken{All: 4, New: 4, Network: 4}, true, false},
		{account.Taken{All: 6, New: 6, Network: 3}, true, true},
		{account.Taken{All: 7, New: 7}, true, false},
		{account.Taken{All: 9, New: 7}, true, false},
		{account.Taken{All: 10, New: 6}, false, false},
		{account.Taken{All: 2, Device: 2}, false, true},
		{account.Taken{All: 3, Account: 2, Known: 3}, true, true},
		{account.Taken{All: 3, Account: 3}, false, true},
		{account.Taken{All: 4, Known: 4}, false, true},
	} {
		device, browser := p.Admit(c.taken)
		if device != c.device || browser != c.browser {
			t.Errorf("%+v: device %v, browser %v", c.taken, device, browser)
		}
	}
}

// TestKnownTo: a device is known to one account, in one epoch of it, for a time.
func TestKnownTo(t *testing.T) {
	t.Parallel()
	const age = time.Hour
	row := account.Device{ID: "x", Account: "a", Epoch: 2, LastSeen: epoch}
	ada := account.Developer{ID: "a", Epoch: 2}
	for name, c := range map[string]struct {
		dev  account.Developer
		at   time.Time
		want bool
	}{
		"its account": {ada, epoch, true},
		"nearly old":  {ada, epoch.Add(age - 1), true},
		"old":         {ada, epoch.Add(age), false},
		"another":     {account.Developer{ID: "b", Epoch: 2}, epoch, false},
		"earlier":     {account.Developer{ID: "a", Epoch: 1}, epoch, false},
		"later":       {account.Developer{ID: "a", Epoch: 3}, epoch, false},
		"disabled":    {account.Developer{ID: "a", Epoch: 2, State: account.Disabled}, epoch, false},
		"nobody":      {account.Developer{Epoch: 2}, epoch, false},
	} {
		if got := row.KnownTo(c.dev, c.at, age); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if (account.Device{Epoch: 0}).KnownTo(account.Developer{}, time.Time{}, age) {
		t.Error("no device is known to nobody")
	}
}

// TestPlacesPlayed lets new browsers of a few networks and known devices come and go in any order:
// of the places of the program none can be taken away without one of the promises.
func TestPlacesPlayed(t *testing.T) {
	t.Parallel()
	good := account.DefaultGuessing().Door
	for name, c := range map[string]struct {
		change func(p *account.Places)
		broken bool
	}{
		"as it is":                {func(*account.Places) {}, false},
		"no bound in all":         {func(p *account.Places) { p.All = 1000 }, true},
		"none for known devices":  {func(p *account.Places) { p.Kept = 0 }, true},
		"no bound of one network": {func(p *account.Places) { p.Network = 1000 }, true},
		"no bound of one device":  {func(p *account.Places) { p.Device = 1000 }, true},
	} {
		p := good
		c.change(&p)
		if found := playPlaces(p, good); (found != "") != c.broken {
			t.Errorf("%s: broken is %q", name, found)
		}
	}
}

// playPlaces returns the promise of the good places that others break, "" for none.
func playPlaces(p, good account.Places) string {
	r := rand.New(rand.NewPCG(1, 2))
	var (
		taken    account.Taken
		networks [6]int // new browsers of each
		devices  [12]int
	)
	for range 20_000 {
		i, j := r.IntN(len(networks)), r.IntN(len(devices))
		device, _ := p.Admit(account.Taken{All: taken.All, New: taken.New, Device: devices[j]})
		_, browser := p.Admit(account.Taken{All: taken.All, New: taken.New, Network: networks[i]})
		others := taken.All - taken.New // known devices within
		if !device && devices[j] < good.Device && others < good.Kept {
			return "a known device is sent away by new browsers"
		}
		switch leaves := r.IntN(5) == 0; {
		case leaves && networks[i] > 0:
			networks[i], taken.New, taken.All = networks[i]-1, taken.New-1, taken.All-1
		case leaves && devices[j] > 0:
			devices[j], taken.All = devices[j]-1, taken.All-1
		case leaves:
		case r.IntN(8) == 0 && device:
			devices[j], taken.All = devices[j]+1, taken.All+1
		case browser:
			networks[i], taken.New, taken.All = networks[i]+1, taken.New+1, taken.All+1
		}
		switch {
		case taken.All > good.All:
			return "there are too many"
		case networks[i] > good.Network:
			return "there are too many of one network"
		case devices[j] > good.Device:
			return "there are too many of one device"
		}
	}
	return ""
}
