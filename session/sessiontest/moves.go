package sessiontest

import (
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

func registers() []string {
	keys := []string{shared, ticket}
	for n := range tabs + 1 {
		keys = append(keys, own(n))
	}
	return keys
}

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

// unique gives a text that occurs once in a round.
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
	subject := b.h.subjects[b.random.IntN(2)]
	switch name {
	case "load":
		b.request(name, node, b.load)
	case "set":
		b.request(name, node, b.set(own(b.n)))
	case "set shared":
		b.request(name, node, b.set(shared))
	case "set ticket":
		b.request(name, node, b.set(ticket))
	case "count":
		b.request(name, node, b.count)
	case "pop":
		b.request(name, node, b.pop)
	case "flash":
		b.request(name, node, b.flash)
	case "flashes":
		b.request(name, node, b.flashes)
	case "renew":
		b.request(name, node, func(s *session.Session, e *event) { e.renews = e.saw.found; s.Renew() })
	case "sign in":
		b.request(name, node, b.signIn(""))
	case "sign in other":
		b.request(name, node, b.signInOther)
	case "sign out":
		b.request(name, node, func(s *session.Session, e *event) { e.ends = true; s.SignOut() })
	case "end":
		b.end(node, subject)
	case "end all":
		b.endAll(node, subject)
	case "wait":
		b.pass("wait", time.Minute+time.Second) // so that a use is written down again
	case "expire":
		b.pass("expire", 25*time.Hour) // more than the absolute limit
	}
}

func (b *tab) load(*session.Session, *event) {}

func (b *tab) set(key string) func(*session.Session, *event) {
	return func(s *session.Session, e *event) { b.write(s, e, key) }
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

// signIn signs in as a subject; "" is whoever is signed in already.
func (b *tab) signIn(subject string) func(*session.Session, *event) {
	return func(s *session.Session, e *event) {
		if subject == "" {
			subject = s.Subject()
		}
		if subject == "" {
			subject = b.h.subjects[0]
		}
		e.renews = e.saw.found
		s.SignIn(subject)
		b.write(s, e, own(b.n))
	}
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

// request makes a request: it looks at everything, dawdles, and does one thing.
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
	h.begin(e)
	a := mine.visit(h.nodes[node], httptest.NewRequest(http.MethodPost, "/", nil), func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
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
	h.mu.Lock()
	h.jar.keep(&res)
	h.mu.Unlock()
	for _, c := range res.Cookies() {
		e.got = c.Value
	}
	h.finish(e)
}

func see(s *session.Session) (v sight) {
	v.id, v.found = s.ID()
	v.subject = s.Subject()
	v.values = map[string]string{}
	for _, key := range registers() {
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
