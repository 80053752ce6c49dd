package movestore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/movestore"
	"github.com/doorbook/doorbook/session/store"
)

// play is a rolling change as it may go: nodes of both kinds, each of which does some things with
// one session and may die between two visits to a store.
type play struct {
	t        *testing.T
	dice     *rand.Rand
	how      string
	from, to store.Store
	trace    []string

	wrote map[string]bool // keys whose patch was acknowledged, or may have been done (false)
	seen  time.Time       // the latest touch that was acknowledged
	ended string          // "", "perhaps", "yes"
	bad   bool
}

func (p *play) fail(format string, args ...any) {
	if !p.bad {
		p.t.Errorf("%s: %s; the visits were\n%s", p.how, fmt.Sprintf(format, args...), strings.Join(p.trace, "\n"))
	}
	p.bad = true
}

// user gives an actor. Its visits after its death reach nothing, and it is told so.
func (p *play) user(name string, ends bool) func(func()) {
	kind := []string{"new", "ready"}[p.dice.IntN(2)]
	dies, visits := 1000, 0
	if p.dice.IntN(2) == 0 {
		dies = p.dice.IntN(20)
	}
	steps := make([]int, 1+p.dice.IntN(3))
	for i := range steps {
		steps[i] = p.dice.IntN(6)
	}
	return func(turn func()) {
		to, from := visited(p.to, p.from, turn, &p.trace, name+" "+kind)
		alive := func(string) error {
			if visits++; visits > dies {
				return errDead
			}
			return nil
		}
		m := nodes[kind](gated{to, alive}, gated{from, alive})
		for i, step := range steps {
			p.step(m, fmt.Sprint(name, i), step, ends && i == len(steps)-1)
		}
	}
}

// step does one thing, and judges the answer.
func (p *play) step(m store.Store, key string, step int, end bool) {
	ctx, before, r := context.Background(), p.ended, record()
	var err error
	switch {
	case end:
		p.ended = "perhaps"
		if err = m.Delete(ctx, r.ID); err == nil {
			p.ended = "yes"
		}
		return
	case step == 0:
		seen := now.Add(time.Duration(p.dice.IntN(50)) * time.Minute)
		err = m.Touch(ctx, r.ID, r.Digest, store.Touch{LastSeen: seen, Expires: r.Expires}, now)
		if err == nil && seen.After(p.seen) {
			p.seen = seen
		}
	case step < 3:
		err = p.write(m, key)
	default:
		wrote := maps.Clone(p.wrote)
		r, err = m.Load(ctx, r.ID, now)
		for key, acknowledged := range wrote {
			if err == nil && acknowledged && r.Values[key] == nil {
				p.fail("the write of %q was acknowledged, but is not seen", key)
			}
		}
		if err == nil && (r.Digest != record().Digest || r.State != store.Live) {
			p.fail("loaded in state %q", r.State)
		}
	}
	switch {
	case err == nil && before == "yes":
		p.fail("%s: done after the end", key)
	case errors.Is(err, store.ErrNotFound) && !errors.Is(err, errDead) && p.ended == "":
		p.fail("%s: logged out", key)
	case err != nil && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, errDead):
		p.fail("%s: %v", key, err)
	}
}

func (p *play) write(m store.Store, key string) error {
	p.wrote[key] = false
	_, err := m.Patch(context.Background(), set(key))
	if err == nil {
		p.wrote[key] = true
	}
	return err
}

// always is what holds after each visit.
func (p *play) always() {
	switch {
	case p.bad:
		return
	case usable(p.from) && usable(p.to):
		p.fail("there are two")
	case p.ended == "yes" && (usable(p.from) || usable(p.to)):
		p.fail("revived")
	}
	for kind, made := range nodes {
		m, each := made(p.to, p.from), 0
		list, err := m.BySubject(context.Background(), "ada", now)
		_ = m.Each(context.Background(), now, func(store.Record) error { each++; return nil })
		if err != nil || len(list) != each || p.ended == "" && each != 1 || p.ended == "yes" && each != 0 {
			p.fail("%s: listed %d times, and %d times by Each, %v", kind, len(list), each, err)
		}
	}
}

// finally is what those find that come later, of both kinds, and those who know the new store
// alone.
func (p *play) finally() {
	later := []store.Store{movestore.Ready(p.from, p.to), movestore.New(p.to, p.from), p.to}
	for i, m := range later {
		r, err := load(m)
		if p.ended == "" && err != nil || p.ended == "yes" && !errors.Is(err, store.ErrNotFound) {
			p.fail("later %d: %v", i, err)
		}
		if err != nil {
			continue
		}
		for key, acknowledged := range p.wrote {
			if acknowledged && r.Values[key] == nil {
				p.fail("later %d: the write of %q is lost", i, key)
			}
		}
		if r.LastSeen.Before(p.seen) || r.Digest != record().Digest || r.State != store.Live || r.Values["city"] == nil {
			p.fail("later %d: %+v", i, r)
		}
	}
}

// TestModel plays rolling changes at random.
func TestModel(t *testing.T) {
	t.Parallel()
	const seeds = 500 // 30,000 found nothing more
	for seed := range uint64(seeds) {
		p := &play{
			t: t, dice: rand.New(rand.NewPCG(seed, 2)), how: fmt.Sprint("seed ", seed), from: memory(), to: memory(),
			wrote: make(map[string]bool),
		}
		mustCreate(t, []store.Store{p.from, p.to}[min(1, p.dice.IntN(6)/5)])
		ends := p.dice.IntN(3)
		var users []func(func())
		for i := range 2 + p.dice.IntN(3) {
			users = append(users, p.user(string(rune('a'+i)), i == 0 && ends == 0))
		}
		keeps := p.dice.IntN(4) // some go on for a while before another comes
		turns{after: p.always, pick: func(now int, ready []int) int {
			if at := slices.Index(ready, now); at >= 0 && keeps > 0 && p.dice.IntN(keeps+1) > 0 {
				return at
			}
			return p.dice.IntN(len(ready))
		}}.run(users...)
		p.finally()
		if p.bad {
			return
		}
	}
}
