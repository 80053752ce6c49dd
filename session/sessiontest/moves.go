package sessiontest

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"time"

	"github.com/doorbook/doorbook/session"
)

// What the tabs of a round can do.

const (
	accepted     = http.StatusAccepted
	unauthorized = http.StatusUnauthorized
	conflict     = http.StatusConflict
)

// The registers of a session: a key of each tab's own, one that all write, and one that all pop.
const (
	shared = "shared"
	ticket = "ticket"
)

func own(tab int) string { return fmt.Sprint("tab ", tab) }

var registers = func() []string {
	keys := []string{shared, ticket}
	for n := range tabs + 1 {
		keys = append(keys, own(n))
	}
	return keys
}()

// menus say how likely each move is. Some rounds end nothing, so that much comes together in one
// session.
var menus = []map[string]int{
	{"load": 3, "set": 6, "set shared": 3, "count": 5, "set ticket": 2, "pop": 3, "flash": 4, "flashes": 4, "wait": 1},
	{"load": 3, "set": 5, "set shared": 2, "count": 4, "set ticket": 2, "pop": 2, "flash": 3, "flashes": 3, "renew": 2, "sign in": 2, "wait": 1},
	{
		"load": 4, "set": 4, "set shared": 2, "count": 3, "set ticket": 2, "pop": 2, "flash": 3, "flashes": 3, "renew": 2,
		"sign in": 3, "sign in other": 2, "sign out": 2, "end": 1, "end all": 1, "wait": 1,
	},
	{"load": 5, "set": 5, "sign in": 3, "sign in other": 4, "sign out": 1, "end all": 1, "expire": 1, "flash": 3, "flashes": 3, "count": 3},
}

// tab is one of the browser's: it does one thing after the other, with the cookies of all.
type tab struct {
	h      *history
	n      int
	random *rand.Rand
	serial int
}

// unique returns a text that occurs once in a round.
func (b *tab) unique() string {
	b.serial++
	return fmt.Sprintf("%d.%d", b.n, b.serial)
}

// move does something from the menu.
func (b *tab) move(menu map[string]int) {
	total := 0
	names := slices.Sorted(maps.Keys(menu)) // in the order of every run with the same seed
	for _, name := range names {
		total += menu[name]
	}
	pick, name := b.random.IntN(total), ""
	for _, name = range names {
		if pick -= menu[name]; pick < 0 {
			break
		}
	}
	node := b.random.IntN(2)
	b.do(name, node, b.h.subjects[b.random.IntN(2)])
}

func (b *tab) do(name string, node int, subject string) { actions[name](b, name, node, subject) }

// action is what a tab does at a node: a request, or a call that ends sessions of a subject.
type action func(b *tab, name string, node int, subject string)

// actions are what the menus name.
var actions = map[string]action{
	"load":          asks((*tab).load),
	"set":           asks(func(b *tab, s *session.Session, e *event) { b.write(s, e, own(b.n)) }),
	"set shared":    asks(func(b *tab, s *session.Session, e *event) { b.write(s, e, shared) }),
	"set ticket":    asks(func(b *tab, s *session.Session, e *event) { b.write(s, e, ticket) }),
	"count":         asks((*tab).count),
	"pop":           asks((*tab).pop),
	"flash":         asks((*tab).flash),
	"flashes":       asks((*tab).flashes),
	"renew":         asks((*tab).renew),
	"sign in":       asks((*tab).signInAgain),
	"sign in other": asks((*tab).signInOther),
	"sign out":      asks((*tab).signOut),
	"end":           func(b *tab, _ string, node int, subject string) { b.end(node, subject) },
	"end all":       func(b *tab, _ string, node int, subject string) { b.endAll(node, subject) },
	// So long that a use is written down again.
	"wait": func(b *tab, name string, _ int, _ string) { b.pass(name, time.Minute+time.Second) },
	// Longer than the absolute limit.
	"expire": func(b *tab, name string, _ int, _ string) { b.pass(name, 25*time.Hour) },
}

// asks returns the action of a request, in which do uses the session.
func asks(do func(*tab, *session.Session, *event)) action {
	return func(b *tab, name string, node int, _ string) {
		b.request(name, node, func(s *session.Session, e *event) { do(b, s, e) })
	}
}

func (b *tab) load(*session.Session, *event) {}

func (b *tab) renew(s *session.Session, e *event) {
	e.renews = e.saw.found
	s.Renew()
}

func (b *tab) signOut(s *session.Session, e *event) {
	e.ends = true
	s.SignOut()
}

// write sets a register to a value that tells whose it is.
func (b *tab) write(s *session.Session, e *event, key string) {
	value := s.Subject() + "|" + b.unique()
	session.Key[string](key).Set(s, value)
	e.writes[key] = value
}

func (b *tab) count(s *session.Session, e *event) {
	e.counts = true
	count.Update(s, func(n int) int { return n + 1 })
}

func (b *tab) pop(s *session.Session, e *event) {
	if value, ok := session.Key[string](ticket).Pop(s); ok {
		e.popped, e.writes[ticket] = value, ""
	}
}

func (b *tab) flash(s *session.Session, e *event) {
	e.added = "flash-" + b.unique() + "."
	s.Flash("info", e.added)
}

func (b *tab) flashes(s *session.Session, e *event) {
	for _, f := range s.Flashes() {
		e.showed = append(e.showed, f.Text)
	}
}

// signInAgain signs in as whoever is signed in already, or as the first subject.
func (b *tab) signInAgain(s *session.Session, e *event) {
	b.signIn(s, e, cmp.Or(s.Subject(), b.h.subjects[0]))
}

func (b *tab) signIn(s *session.Session, e *event, subject string) {
	e.renews = e.saw.found
	s.SignIn(subject)
	b.write(s, e, own(b.n))
}

// signInOther signs in as who is not signed in now.
func (b *tab) signInOther(s *session.Session, e *event) {
	other := b.h.subjects[1]
	if s.Subject() == other {
		other = b.h.subjects[0]
	}
	if e.ends = e.saw.found && e.saw.subject != ""; !e.ends {
		e.renews = e.saw.found
	}
	s.SignIn(other)
	b.write(s, e, own(b.n))
}

// request makes a request, or now and then opens the session by its key: it looks at everything,
// dawdles, and does one thing.
func (b *tab) request(name string, node int, do func(*session.Session, *event)) {
	h := b.h
	e := &event{name: name, tab: b.n, node: node, writes: map[string]string{}}
	h.mu.Lock()
	mine := maps.Clone(h.jar)
	h.mu.Unlock()
	for _, value := range mine {
		e.sent = value
	}
	pauses := [2]int{b.random.IntN(8), b.random.IntN(8)}
	visit := mine.visit
	if e.byKey = b.random.IntN(3) == 0; e.byKey {
		visit = mine.visitByKey
	}
	h.begin(e)
	a := visit(h.nodes[node], httptest.NewRequest(http.MethodPost, "/", nil), func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
		e.saw = see(s)
		pause(pauses[0])
		e.acts = h.order.Add(1)
		do(s, e)
		pause(pauses[1])
		e.commits = h.order.Add(1)
		w.WriteHeader(accepted)
		if s.Err() == nil {
			e.after.id, e.after.found = s.ID()
			e.after.subject = s.Subject()
		}
	})
	e.status = a.status
	res := http.Response{Header: a.header}
	for _, c := range res.Cookies() {
		e.got = c.Value
	}
	h.mu.Lock()
	if !e.byKey || e.got != "" || h.jar[cookieName] == e.sent { // another tab's key is not for this one to forget
		h.jar.keep(&res)
	}
	h.mu.Unlock()
	h.finish(e)
}

func see(s *session.Session) (v sight) {
	v.id, v.found = s.ID()
	v.subject = s.Subject()
	v.values = map[string]string{}
	for _, key := range registers {
		if value, ok := session.Key[string](key).Get(s); ok {
			v.values[key] = value
		}
	}
	v.count, _ = count.Get(s)
	return v
}

// pause lets others come between: not at all, a few, or many.
func pause(n int) {
	if n == 7 {
		time.Sleep(50 * time.Microsecond)
		return
	}
	for range n {
		runtime.Gosched()
	}
}

// end ends one of a subject's sessions, if there is one.
func (b *tab) end(node int, subject string) {
	list := &event{name: "list", tab: b.n, node: node}
	b.h.begin(list)
	infos, err := b.h.nodes[node].List(b.h.t.Context(), subject)
	list.err = err
	for _, info := range infos {
		list.listed = append(list.listed, info.ID)
	}
	b.h.finish(list)
	if len(infos) == 0 {
		return
	}
	e := &event{name: "end", tab: b.n, node: node, endsID: infos[b.random.IntN(len(infos))].ID}
	b.h.begin(e)
	e.err = b.h.nodes[node].End(b.h.t.Context(), subject, e.endsID)
	b.h.finish(e)
}

func (b *tab) endAll(node int, subject string) {
	e := &event{name: "end all", tab: b.n, node: node, endsSubject: subject}
	b.h.begin(e)
	_, e.err = b.h.nodes[node].EndAll(b.h.t.Context(), subject)
	b.h.finish(e)
}

// pass lets time pass.
func (b *tab) pass(name string, d time.Duration) {
	e := &event{name: name, tab: b.n, expires: d > time.Hour}
	b.h.begin(e)
	b.h.clock.Add(d.Milliseconds())
	b.h.finish(e)
}
