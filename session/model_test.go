package session_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
)

// model is what one browser's session should be.
type model struct {
	subject string
	values  map[string]string
	flashes []string
}

func (m model) copy() model {
	return model{m.subject, maps.Clone(m.values), slices.Clone(m.flashes)}
}

func (m *model) empty() { *m = model{values: map[string]string{}} }

func (m model) String() string { return fmt.Sprintf("%q %v %v", m.subject, m.values, m.flashes) }

func seenBy(s *session.Session) model {
	got := model{subject: s.Subject(), values: map[string]string{}}
	for _, k := range []string{"a", "b"} {
		if v, ok := session.Key[string](k).Get(s); ok {
			got.values[k] = v
		}
	}
	return got
}

// played is a play of random calls, request after request, beside a model of what they should do.
type played struct {
	t     *testing.T
	b     *browser
	rnd   *rand.Rand
	name  string
	log   []string
	saved model  // what is saved
	now   model  // what the request sees
	of    string // the subject of the session that the request goes on with
	left  bool   // the stored messages are not that session's any more
	bad   bool
}

func (p *played) fail(format string, args ...any) {
	p.t.Helper()
	p.bad = true
	p.t.Errorf("%s: %v: %s", p.name, p.log, fmt.Sprintf(format, args...))
}

// leave is what becomes of the model when the request goes on with another session.
func (p *played) leave() {
	p.now.empty()
	p.of, p.left = "", true
}

// calls are what the model knows. Each gets a key and a value.
var calls = []struct {
	name string
	do   func(p *played, s *session.Session, k, v string)
}{
	{"set", func(p *played, s *session.Session, k, v string) {
		session.Key[string](k).Set(s, v)
		p.now.values[k] = v
	}},
	{"delete", func(p *played, s *session.Session, k, _ string) {
		session.Key[string](k).Delete(s)
		delete(p.now.values, k)
	}},
	{"pop", func(p *played, s *session.Session, k, _ string) {
		if got, _ := session.Key[string](k).Pop(s); got != p.now.values[k] {
			p.fail("pop %q, want %q", got, p.now.values[k])
		}
		delete(p.now.values, k)
	}},
	{"update", func(p *played, s *session.Session, k, _ string) {
		session.Key[string](k).Update(s, func(old string) string { return old + "+" })
		p.now.values[k] += "+"
	}},
	{"clear", func(p *played, s *session.Session, _, _ string) {
		s.Clear()
		clear(p.now.values)
		p.now.flashes, p.left = nil, true
	}},
	{"flash", func(p *played, s *session.Session, _, v string) {
		s.Flash("", v)
		p.now.flashes = append(p.now.flashes, v)
	}},
	{"flashes", takesFlashes},
	{"save", func(p *played, s *session.Session, _, _ string) {
		if err := s.Save(); err != nil {
			p.fail("save: %v", err)
		}
		p.saved, p.of, p.left = p.now.copy(), p.now.subject, false
	}},
	{"discard", func(p *played, s *session.Session, _, _ string) {
		s.Discard()
		p.now, p.of, p.left = p.saved.copy(), p.saved.subject, false
	}},
	{"sign in", func(p *played, s *session.Session, k, _ string) {
		who := map[string]string{"a": "ada", "b": "bob"}[k]
		s.SignIn(who)
		if p.of != "" && p.of != who || p.of == "" && p.now.subject != "" && p.now.subject != who {
			p.leave()
		}
		p.now.subject = who
	}},
	{"sign out", func(p *played, s *session.Session, _, _ string) {
		s.SignOut()
		p.leave()
	}},
	{"renew", func(_ *played, s *session.Session, _, _ string) { s.Renew() }},
}

func takesFlashes(p *played, s *session.Session, _, _ string) {
	var got []string
	for _, f := range s.Flashes() {
		got = append(got, f.Text)
	}
	slices.Sort(got) // of one millisecond; see TestFlashOrderAcrossSave
	slices.Sort(p.now.flashes)
	if !slices.Equal(got, p.now.flashes) {
		p.fail("flashes %q, want %q", got, p.now.flashes)
	}
	if p.now.flashes = nil; !p.left {
		p.saved.flashes = nil
	}
}

// request does a few calls in one request, and looks at what the next one sees.
func (p *played) request() {
	p.t.Helper()
	p.now, p.of, p.left = p.saved.copy(), p.saved.subject, false
	p.log = append(p.log, "REQUEST")
	if p.rnd.IntN(3) == 0 {
		p.b.w.clock.add(5 * time.Minute)
		p.log = append(p.log, "+5m")
	}
	a := inHandler(p.b, func(s *session.Session) {
		for range 1 + p.rnd.IntN(7) {
			call := calls[p.rnd.IntN(len(calls))]
			k, v := []string{"a", "b"}[p.rnd.IntN(2)], fmt.Sprint(p.rnd.IntN(100))
			p.log = append(p.log, call.name+" "+k+v)
			call.do(p, s, k, v)
			if got := seenBy(s); got.subject != p.now.subject || !maps.Equal(got.values, p.now.values) {
				p.fail("sees %v, want %v", got, p.now)
			}
			if p.bad {
				return
			}
		}
	})
	if p.bad {
		return
	}
	if n := len(a.header.Values("Set-Cookie")); a.status != http.StatusOK || n > 1 {
		p.fail("status %d, %d cookies", a.status, n)
	}
	p.saved = p.now
	inRequestOf(p.b, func(s *session.Session) {
		if got := seenBy(s); got.subject != p.saved.subject || !maps.Equal(got.values, p.saved.values) {
			p.fail("the next request sees %v, want %v", got, p.saved)
		}
	})
}

// Random orders of calls, request after request, do what a model of them does, in every home.
func TestModel(t *testing.T) {
	t.Parallel()
	for _, home := range []string{"store", "sealed", "sealed to store"} {
		t.Run(home, func(t *testing.T) {
			for seed := range uint64(200) { // 20,000 found nothing more
				w := newWorld(t)
				if home != "store" {
					w = newWorld(t, sealedHome)
				}
				rnd := rand.New(rand.NewPCG(seed, 1))
				p := &played{t: t, b: w.browser(), rnd: rnd, name: fmt.Sprint("seed ", seed)}
				p.saved.empty()
				for n := range 3 {
					if n == 1 && home == "sealed to store" {
						p.b.w = newWorld(t, func(c *session.Config) {
							c.Old.Format, c.Home.Cookie.Name, c.Now = sealed.New(), "__Host-session", w.clock.Now
						})
						p.b.w.clock = w.clock
					}
					if p.request(); p.bad {
						return
					}
				}
			}
		})
	}
}
