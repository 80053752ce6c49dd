package door_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

// TestGuessing plays owners and attackers against the model of docs/security.md#guessing: whatever
// the mix of cookies, networks, ways in and nodes, what that page promises holds.
func TestGuessing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		if found := play(t, account.DefaultGuessing(), seed); found != "" {
			t.Errorf("seed %d: %s", seed, found)
		}
	}
}

// TestGuessingNeedsEveryNumber: without any one of its ceilings and shares the model breaks a
// promise, and the play finds it.
func TestGuessingNeedsEveryNumber(t *testing.T) {
	t.Parallel()
	free := account.Policy{Free: math.MaxInt32, First: time.Second, Most: time.Second, Forget: time.Hour}
	one := account.Policy{Free: 1, First: 24 * time.Hour, Most: 24 * time.Hour, Forget: 24 * time.Hour}
	for name, change := range map[string]func(g *account.Guessing){
		"no ceiling of the account":    func(g *account.Guessing) { g.Account = free },
		"no ceiling of the network":    func(g *account.Guessing) { g.Network = free },
		"no ceiling of the devices":    func(g *account.Guessing) { g.Devices = free },
		"no ceiling of the proofs":     func(g *account.Guessing) { g.Proofs = free },
		"no end of a device's share":   func(g *account.Guessing) { g.Device = free },
		"no end of a session's share":  func(g *account.Guessing) { g.Session = free },
		"no most of the devices":       func(g *account.Guessing) { g.MostDevices = math.MaxInt32 },
		"a smaller share of a device":  func(g *account.Guessing) { g.Device = one },
		"a smaller share of a session": func(g *account.Guessing) { g.Session = one },
		"no session is recent":         func(g *account.Guessing) { g.Recent = -1 },
		"devices are not known":        func(g *account.Guessing) { g.DeviceAge = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := account.DefaultGuessing()
			change(&g)
			for seed := range uint64(20) {
				if found := play(t, g, seed); found != "" {
					t.Logf("seed %d: %s", seed, found)
					return
				}
			}
			t.Error("no promise is broken")
		})
	}
}

// world is two nodes over one set of databases, an owner and those who want to be her.
type world struct {
	t        testing.TB
	rand     *rand.Rand
	clock    *sitetest.Clock
	fakes    *fakes
	hasher   *passhash.Hasher
	sessions *session.Manager
	nodes    []*door.Door
	ada      account.Developer

	own    *visitor   // a browser of the owner's whose cookie nobody has stolen
	stolen []*visitor // browsers whose device cookies are stolen
	thief  []*visitor // the latest sessions that are stolen

	right   time.Time // when the owner's password was last right
	guesses []guess   // that were judged
	found   string    // the promise that was broken
}

// guess is a wrong password that was judged.
type guess struct {
	at      time.Time
	way     string // "new", "known", "proof"
	network string
	ada     bool // at the owner's account
}

// visitor is a browser.
type visitor struct {
	device string
	jar    *http.Cookie
}

func newWorld(t testing.TB, g account.Guessing, seed uint64) *world {
	hasher := sitetest.Hasher(t)
	hash, err := hasher.Hash(t.Context(), sitetest.Password)
	if err != nil {
		t.Fatal(err)
	}
	ada := account.Developer{
		ID: "0123456789abcdef01234567", Name: "Ada", Email: "ada@example.org",
		EmailKey: "ada@example.org", PasswordHash: hash, Role: account.Member,
	}
	w := &world{
		t: t, rand: rand.New(rand.NewPCG(seed, 1)), clock: sitetest.NewClock(), fakes: newFakes(ada),
		hasher: hasher, ada: ada, own: &visitor{},
	}
	keys, err := session.NewKeyRing([]byte(sitetest.Secret))
	if err != nil {
		t.Fatal(err)
	}
	store := memstore.New(memstore.Config{})
	w.sessions, err = session.New(session.Config{Keys: keys, Home: session.Home{Store: store}, Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		w.nodes = append(w.nodes, door.New(door.Config{
			Accounts: fakeAccounts{nil, w.fakes}, Throttle: fakeThrottle{w.fakes},
			Devices: fakeDevices{w.fakes}, SignIns: fakeSignIns{}, Tokens: fakeTokens{}, Recorder: nowhere{}, Sessions: w.sessions, Passwords: hasher,
			Rules: account.NewPasswordRules(), Keys: keys, Guessing: &g, Now: w.clock.Now,
		}))
	}
	return w
}

// ask lets a browser do something on one of the nodes, and checks that a refusal writes nothing. It
// reports whether a password was judged.
func (w *world) ask(
	b *visitor, addr string, f func(context.Context, *door.Door, *door.Visit) error,
) (judged bool, err error) {
	node := w.nodes[w.rand.IntN(len(w.nodes))]
	before, writes := w.hasher.Computed(), 0
	h := w.sessions.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		v := &door.Visit{Addr: addr, Session: session.From(r.Context()), Device: b.device}
		if err := node.Identify(r.Context(), v); err != nil {
			w.t.Fatal(err)
		}
		writes = w.fakes.written()
		err = f(r.Context(), node, v)
		writes = w.fakes.written() - writes
	}))
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	if b.jar != nil {
		r.AddCookie(b.jar)
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	for _, c := range answer.Result().Cookies() {
		b.jar = c
	}
	judged = w.hasher.Computed() > before
	if err != nil && !judged && writes > 0 {
		w.broken("a refusal has written %d times", writes)
	}
	return judged, err
}

func (w *world) broken(format string, args ...any) {
	if w.found == "" {
		w.found = fmt.Sprintf(format, args...)
	}
}

// signIn is one attempt, which is counted if it is a guess.
func (w *world) signIn(b *visitor, addr, email, password string) error {
	way := "new"
	if b.device != "" {
		way = "known"
	}
	judged, err := w.ask(b, addr, func(ctx context.Context, d *door.Door, v *door.Visit) error {
		cookie, err := d.SignIn(ctx, v, door.Credentials{Email: email, Password: password})
		if err == nil {
			b.device = cookie
		}
		return err
	})
	switch {
	case err == nil:
		w.right = w.clock.Now()
	case judged:
		w.count(guess{at: w.clock.Now(), way: way, network: addr, ada: email == w.ada.Email})
	}
	return err
}

// prove is one proof of the current password in a browser's session.
func (w *world) prove(b *visitor, addr, password string) (judged bool) {
	change := door.DeveloperChange{Email: ptr("taken@example.org"), CurrentPassword: password}
	judged, _ = w.ask(b, addr, func(ctx context.Context, d *door.Door, v *door.Visit) error {
		if !v.SignedIn() {
			return fault.New(fault.Unauthorized, "")
		}
		_, err := d.ChangeDeveloper(ctx, v, w.ada.ID, change)
		return err
	})
	switch {
	case judged && password == sitetest.Password:
		w.right = w.clock.Now()
	case judged:
		w.count(guess{at: w.clock.Now(), way: "proof", network: addr, ada: true})
	}
	return judged
}

// within returns how many attempts a policy lets through in a time that is no longer than what it
// forgets after.
func within(p account.Policy, d time.Duration) (n int) {
	var c account.Counter
	start := time.Unix(0, 0)
	for now := start; now.Sub(start) < d; n++ {
		next, wait := p.Take(c, now)
		if wait > 0 {
			if now = now.Add(wait); now.Sub(start) >= d {
				return n
			}
			next, _ = p.Take(c, now)
		}
		c = next
	}
	return n
}

// count checks the ceilings: of the owner's account since her password was last right, a day at
// most, and of each network in an hour.
func (w *world) count(g guess) {
	w.guesses = append(w.guesses, g)
	numbers := account.DefaultGuessing()
	byWay, ofNetwork := map[string]int{}, 0
	for i := len(w.guesses) - 1; i >= 0 && g.at.Sub(w.guesses[i].at) < 24*time.Hour; i-- {
		other := w.guesses[i]
		if other.ada && !other.at.Before(w.right) {
			byWay[other.way]++
		}
		if other.way == "new" && other.network == g.network && g.at.Sub(other.at) < time.Hour {
			ofNetwork++
		}
	}
	const day = 24 * time.Hour
	strangers := within(numbers.Account, day)
	all := strangers + within(numbers.Devices, day) + numbers.MostDevices*numbers.Device.Free
	proofs := within(numbers.Proofs, day) + mostStolen*numbers.Session.Free
	if n := byWay["new"]; n > strangers {
		w.broken("%d guesses by new browsers in a day, at most %d", n, strangers)
	}
	if n := byWay["new"] + byWay["known"]; n > all {
		w.broken("%d guesses by browsers in a day, at most %d", n, all)
	}
	if n := byWay["proof"]; n > proofs {
		w.broken("%d guesses by proofs in a day, at most %d", n, proofs)
	}
	if most := within(numbers.Network, time.Hour); ofNetwork > most {
		w.broken("%d guesses from %s in an hour, at most %d", ofNetwork, g.network, most)
	}
}

// mostStolen is how many sessions thieves have at once.
const mostStolen = 2

// play runs one game and returns the promise that was broken, "" for none.
func play(t testing.TB, g account.Guessing, seed uint64) string {
	w := newWorld(t, g, seed)
	for range account.DefaultGuessing().MostDevices + 3 {
		w.stealDevice()
	}
	if err := w.signIn(w.own, "192.0.2.1", w.ada.Email, sitetest.Password); err != nil {
		t.Fatal(err)
	}
	moves := []func(){
		w.guessAsNew, w.guessAsNew, w.guessAsKnown, w.guessAsKnown, w.guessProofs, w.spray,
		w.guessAsNew, w.guessAsKnown, w.guessProofs, w.spray, w.stealSession, w.stealDevice,
		w.ownerComes,
	}
	steps := []time.Duration{
		0, 0, 0, 0, time.Second, 30 * time.Second, time.Minute, 15 * time.Minute, time.Hour,
	}
	most := account.DefaultGuessing().MostDevices
	for range 120 {
		moves[w.rand.IntN(len(moves))]()
		if list, _ := (fakeDevices{w.fakes}).List(t.Context(), w.ada.ID); len(list) > most {
			w.broken("%d devices", len(list))
		}
		if w.found != "" {
			return w.found
		}
		w.clock.Turn(steps[w.rand.IntN(len(steps))])
	}
	return ""
}

// addr is one of a few networks; the owner's is the first.
func (w *world) addr() string { return fmt.Sprintf("192.0.2.%d", 1+w.rand.IntN(4)) }

func (w *world) guessAsNew() {
	for range 1 + w.rand.IntN(120) {
		_ = w.signIn(&visitor{}, fmt.Sprintf("198.51.100.%d", w.rand.IntN(250)), w.ada.Email, wrong)
	}
}

func (w *world) guessAsKnown() {
	addr := w.addr()
	for range 1 + w.rand.IntN(200) {
		_ = w.signIn(w.stolen[w.rand.IntN(len(w.stolen))], addr, w.ada.Email, wrong)
	}
}

func (w *world) spray() {
	addr := w.addr()
	for range 1 + w.rand.IntN(120) {
		_ = w.signIn(&visitor{}, addr, fmt.Sprintf("person%d@example.org", w.rand.Int()), wrong)
	}
}

func (w *world) guessProofs() {
	if len(w.thief) == 0 {
		return
	}
	for range 1 + w.rand.IntN(250) {
		w.prove(w.thief[w.rand.IntN(len(w.thief))], w.addr(), wrong)
	}
}

// stealDevice: the owner uses a browser that somebody else copies, session apart.
func (w *world) stealDevice() {
	b := &visitor{}
	if w.signIn(b, w.addr(), w.ada.Email, sitetest.Password) == nil && b.device != "" {
		w.stolen = append(w.stolen, &visitor{device: b.device})
	}
	w.clock.Turn(time.Second)
}

// stealSession: somebody copies the session of a browser, and not what makes it a known one.
func (w *world) stealSession() {
	b := &visitor{}
	if w.signIn(b, w.addr(), w.ada.Email, sitetest.Password) != nil {
		return
	}
	w.thief = append(w.thief, &visitor{jar: b.jar})
	w.thief = w.thief[max(0, len(w.thief)-mostStolen):]
}

// ownerComes: the owner signs in on a device of hers, and proves who she is, mistyping twice each.
// She is to get in, whatever others do. Now and then she changes her password.
func (w *world) ownerComes() {
	addr := w.addr()
	w.own.jar = nil
	for range w.rand.IntN(3) {
		_ = w.signIn(w.own, addr, w.ada.Email, wrong)
	}
	if err := w.signIn(w.own, addr, w.ada.Email, sitetest.Password); err != nil {
		w.broken("the owner is kept out: %v", err)
		return
	}
	for range w.rand.IntN(3) {
		w.prove(w.own, addr, wrong)
	}
	if !w.prove(w.own, addr, sitetest.Password) {
		w.broken("the owner cannot prove who she is")
		return
	}
	if w.rand.IntN(8) > 0 {
		return
	}
	change := door.DeveloperChange{Password: ptr(sitetest.Password), CurrentPassword: sitetest.Password}
	_, err := w.ask(w.own, addr, func(ctx context.Context, d *door.Door, v *door.Visit) error {
		_, err := d.ChangeDeveloper(ctx, v, w.ada.ID, change)
		return err
	})
	if err != nil {
		w.broken("the owner cannot change her password: %v", err)
	}
}
