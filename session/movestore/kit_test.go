package movestore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/movestore"
	"github.com/doorbook/doorbook/session/store"
)

var now = time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)

func memory() store.Store { return memstore.New(memstore.Config{}) }

func record() store.Record {
	return store.Record{
		ID: store.ID{1, 2, 3}, Digest: store.Digest{4, 5, 6}, Version: 1, KeyID: "0123abcd", Subject: "ada",
		Created: now, SignedIn: now, LastSeen: now, Expires: now.Add(time.Hour),
		Deadline: now.Add(24 * time.Hour), Idle: time.Hour, Values: store.Values{"city": []byte(`"Oslo"`)},
	}
}

// node is one of the two kinds of nodes over the same two stores.
type node func(to, from store.Store) store.Store

var nodes = map[string]node{
	"new":   movestore.New,
	"ready": func(to, from store.Store) store.Store { return movestore.Ready(from, to) },
}

// usable reports whether a store holds the record so that its key opens it.
func usable(s store.Store) bool {
	r, err := s.Load(context.Background(), record().ID, now)
	return err == nil && r.Digest == record().Digest
}

func load(s store.Store) (store.Record, error) { return s.Load(context.Background(), record().ID, now) }

func set(key string) store.Patch {
	return store.Patch{ID: record().ID, Digest: record().Digest, Now: now, Set: store.Values{key: []byte("1")}}
}

func mustCreate(t *testing.T, s store.Store) {
	t.Helper()
	if err := s.Create(context.Background(), record()); err != nil {
		t.Fatal(err)
	}
}

// gated calls before ahead of each visit to a store, whose error is the answer if it has one.
type gated struct {
	store.Store
	before func(method string) error
}

func (g gated) Create(ctx context.Context, r store.Record) error {
	if err := g.before("Create"); err != nil {
		return err
	}
	return g.Store.Create(ctx, r)
}

func (g gated) Load(ctx context.Context, id store.ID, now time.Time) (store.Record, error) {
	if err := g.before("Load"); err != nil {
		return store.Record{}, err
	}
	return g.Store.Load(ctx, id, now)
}

func (g gated) Patch(ctx context.Context, p store.Patch) (int64, error) {
	if err := g.before("Patch"); err != nil {
		return 0, err
	}
	return g.Store.Patch(ctx, p)
}

func (g gated) Touch(ctx context.Context, id store.ID, digest store.Digest, t store.Touch, now time.Time) error {
	if err := g.before("Touch"); err != nil {
		return err
	}
	return g.Store.Touch(ctx, id, digest, t, now)
}

func (g gated) Delete(ctx context.Context, ids ...store.ID) error {
	if err := g.before("Delete"); err != nil {
		return err
	}
	return g.Store.Delete(ctx, ids...)
}

func (g gated) BySubject(ctx context.Context, subject string, now time.Time) ([]store.Record, error) {
	if err := g.before("BySubject"); err != nil {
		return nil, err
	}
	return g.Store.BySubject(ctx, subject, now)
}

func (g gated) Each(ctx context.Context, now time.Time, yield func(store.Record) error) error {
	if err := g.before("Each"); err != nil {
		return err
	}
	return g.Store.Each(ctx, now, yield)
}

func (g gated) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	if err := g.before("DeleteExpired"); err != nil {
		return 0, err
	}
	return g.Store.DeleteExpired(ctx, now, limit)
}

var errDead = errors.New("dead")

// dying gives the stores of a node that dies after so many visits.
func dying(to, from store.Store, visits int) (store.Store, store.Store) {
	n := 0
	before := func(string) error {
		if n++; n > visits {
			return errDead
		}
		return nil
	}
	return gated{to, before}, gated{from, before}
}

// turns runs actors of which one at a time does one visit to a store at a time, in the order that
// pick says.
type turns struct {
	pick  func(now int, ready []int) int
	after func() // each visit
}

func (s turns) run(actors ...func(turn func())) {
	step, resume := make(chan bool), make([]chan bool, len(actors))
	var ready []int
	for i, act := range actors {
		resume[i] = make(chan bool)
		ready = append(ready, i)
		go func() {
			<-resume[i]
			act(func() { step <- false; <-resume[i] })
			step <- true
		}()
	}
	for now := 0; len(ready) > 0; {
		at := s.pick(now, ready)
		now = ready[at]
		resume[now] <- true
		if done := <-step; done {
			ready = append(ready[:at:at], ready[at+1:]...)
		}
		if s.after != nil {
			s.after()
		}
	}
}

// plan is an interruption: before the at-th visit the actor to takes over.
type plan struct{ at, to int }

// order is one of those that interleave plays.
type order struct {
	number int
	plans  []plan
	dice   bool // at random, by its number, and not by plans
}

func (o order) String() string {
	if o.dice {
		return fmt.Sprintf("order %d, at random", o.number)
	}
	return fmt.Sprintf("order %d, %v", o.number, o.plans)
}

// interleave plays every order of the actors' visits with at most that many interruptions, which is
// the proof, and some at random beyond that.
func interleave(t *testing.T, interruptions, random int, play func(s turns, how order)) {
	t.Helper()
	var explore func(plans []plan)
	runs := 0
	explore = func(plans []plan) {
		runs++
		visit, first, rest := 0, 0, plans
		type choice struct {
			now   int
			ready []int
		}
		var choices []choice
		play(turns{pick: func(now int, ready []int) int {
			for len(rest) > 0 && rest[0].at == visit {
				now, rest = rest[0].to, rest[1:]
			}
			visit++
			choices = append(choices, choice{now, append([]int(nil), ready...)})
			for i, r := range ready {
				if r == now {
					return i
				}
			}
			return 0
		}}, order{number: runs, plans: plans})
		if len(plans) == interruptions || t.Failed() {
			return
		}
		if len(plans) > 0 {
			first = plans[len(plans)-1].at + 1
		}
		for at := first; at < len(choices); at++ {
			for _, r := range choices[at].ready {
				if r != choices[at].now && !t.Failed() {
					explore(append(plans[:len(plans):len(plans)], plan{at, r}))
				}
			}
		}
	}
	explore(nil)
	for range random {
		if t.Failed() {
			return
		}
		runs++
		dice := rand.New(rand.NewPCG(uint64(runs), 1))
		pick := func(_ int, ready []int) int { return dice.IntN(len(ready)) }
		play(turns{pick: pick}, order{number: runs, dice: true})
	}
	t.Logf("%d orders", runs)
}

// visited gives the stores of a node that takes turns with others, and notes its visits.
func visited(to, from store.Store, turn func(), trace *[]string, who string) (store.Store, store.Store) {
	before := func(which string) func(string) error {
		return func(method string) error {
			turn()
			*trace = append(*trace, who+" "+which+"."+method)
			return nil
		}
	}
	return gated{to, before("new")}, gated{from, before("old")}
}
