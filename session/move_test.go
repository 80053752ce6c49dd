package session_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sessiontest"
)

// The Store that moves sessions from one store to another, step by step. What people notice of it
// is in home_test.go.

func memory() *session.Memory { return session.NewMemory(session.MemoryConfig{}) }

func TestMovingStore(t *testing.T) {
	t.Parallel()
	sessiontest.Run(t, func(*testing.T) session.Store { return session.NewMoving(memory(), memory()) })
}

// startsOld creates every record where sessions lived before, from where a first look moves it.
type startsOld struct {
	session.Store
	to, from session.Store
	mu       *sync.Mutex
}

func (s startsOld) Create(ctx context.Context, r session.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.to.Create(ctx, r); err != nil {
		return err
	}
	if err := s.to.Delete(ctx, r.ID); err != nil {
		return err
	}
	r.Version -= 2 // a move takes two patches
	if err := s.from.Create(ctx, r); err != nil {
		return err
	}
	if _, err := s.Load(ctx, r.ID, r.Created); err != nil && !errors.Is(err, session.ErrNotFound) {
		return err
	}
	return nil
}

func TestMovingStoreFromOld(t *testing.T) {
	t.Parallel()
	sessiontest.Run(t, func(*testing.T) session.Store {
		to, from := memory(), memory()
		return startsOld{session.NewMoving(to, from), to, from, &sync.Mutex{}}
	})
}

// Nothing in the contract of a store says that a Load comes before a Patch or a Touch, and between
// the two another node may have moved the record back.
//
// Guard: move.go, moving.Patch and moving.Touch, for records that are not moved yet.
func TestMovingWithoutLoad(t *testing.T) {
	t.Parallel()
	ctx, r := context.Background(), moveRecord()
	for name, change := range map[string]func(session.Store, session.Digest) error{
		"Patch": func(s session.Store, d session.Digest) error {
			_, err := s.Patch(ctx, session.Patch{ID: r.ID, Digest: d, Now: moveTime, Set: session.Values{"a": []byte("1")}})
			return err
		},
		"Touch": func(s session.Store, d session.Digest) error {
			return s.Touch(ctx, r.ID, d, session.Touch{LastSeen: moveTime.Add(time.Minute), Expires: r.Expires}, moveTime)
		},
	} {
		from := memory()
		if err := from.Create(ctx, r); err != nil {
			t.Fatal(err)
		}
		m := session.NewMoving(memory(), from)
		if err := change(m, session.Digest{9}); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s with another digest: %v, want ErrNotFound", name, err)
		}
		if err := change(m, r.Digest); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := m.Delete(ctx, r.ID); err != nil {
			t.Fatal(err)
		}
		if err := change(m, r.Digest); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s after the end: %v, want ErrNotFound", name, err)
		}
	}
}

var moveTime = time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)

func moveRecord() session.Record {
	return session.Record{
		ID: session.ID{1, 2, 3}, Digest: session.Digest{4, 5, 6}, Version: 1, KeyID: "0123abcd", Subject: "ada",
		Created: moveTime, SignedIn: moveTime, LastSeen: moveTime, Expires: moveTime.Add(time.Hour),
		Deadline: moveTime.Add(24 * time.Hour), Idle: time.Hour, Values: session.Values{"city": []byte(`"Oslo"`)},
	}
}

// usable reports whether a store holds the record so that its key opens it.
func usable(s session.Store) bool {
	r, err := s.Load(context.Background(), moveRecord().ID, moveTime)
	return err == nil && r.Digest == moveRecord().Digest
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

// interleave plays every order of the actors' visits with at most that many interruptions, and some
// others.
func interleave(t *testing.T, interruptions, random int, play func(s turns, how string)) {
	t.Helper()
	type plan struct {
		at, to int // before the at-th visit the actor to takes over
	}
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
		}}, fmt.Sprint(plans))
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
	for i := range random {
		if t.Failed() {
			return
		}
		dice := rand.New(rand.NewPCG(uint64(i), 1))
		play(turns{pick: func(_ int, ready []int) int { return dice.IntN(len(ready)) }}, fmt.Sprint("dice ", i))
	}
	t.Logf("%d orders", runs+random)
}

func gate(s session.Store, turn func(), trace *[]string, who string) session.Store {
	g := &spy{Store: s}
	g.stepIn(func(method string) error {
		turn()
		*trace = append(*trace, who+"."+method)
		return nil
	})
	return g
}

func load(t *testing.T, m session.Store) (session.Record, error) {
	return m.Load(context.Background(), moveRecord().ID, moveTime)
}

// Whatever the order of the visits of two movers and an end: once the end was acknowledged nothing
// opens the session any more, not for a moment.
//
// Guard: move.go, moving.carryOn, the second look at the claim; moving.Delete, the old store first.
func TestMovingNeverRevives(t *testing.T) {
	t.Parallel()
	interleave(t, 3, 3000, func(s turns, how string) {
		a, b := memory(), memory()
		_ = a.Create(context.Background(), moveRecord())
		ended := false
		var trace []string
		mover := func(name string) func(func()) {
			return func(turn func()) {
				m := session.NewMoving(gate(b, turn, &trace, name+" new"), gate(a, turn, &trace, name+" old"))
				late := ended
				r, err := load(t, m)
				if late && err == nil {
					t.Errorf("%s: loaded after the end: %+v", how, r)
				}
			}
		}
		s.after = func() {
			if ended && (usable(a) || usable(b)) && !t.Failed() {
				t.Errorf("%s: revived; the visits were\n%s", how, strings.Join(trace, "\n"))
			}
		}
		s.run(mover("one"), mover("two"), func(turn func()) {
			m := session.NewMoving(gate(b, turn, &trace, "end new"), gate(a, turn, &trace, "end old"))
			if err := m.Delete(context.Background(), moveRecord().ID); err != nil {
				t.Errorf("%s: %v", how, err)
			}
			ended = true
		})
		if _, err := load(t, session.NewMoving(b, a)); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s: afterwards: %v, want ErrNotFound", how, err)
		}
	})
}

// Two movers and a third who looks: each finds the session, with what was in it.
func TestMovingTogether(t *testing.T) {
	t.Parallel()
	interleave(t, 2, 1000, func(s turns, how string) {
		a, b := memory(), memory()
		_ = a.Create(context.Background(), moveRecord())
		var trace []string
		mover := func(name string) func(func()) {
			return func(turn func()) {
				m := session.NewMoving(gate(b, turn, &trace, name+" new"), gate(a, turn, &trace, name+" old"))
				r, err := load(t, m)
				if err != nil || r.Digest != moveRecord().Digest || r.KeyID != "0123abcd" || string(r.Values["city"]) != `"Oslo"` {
					t.Errorf("%s: %+v, %v; the visits were\n%s", how, r, err, strings.Join(trace, "\n"))
					return
				}
				p := session.Patch{ID: r.ID, Digest: r.Digest, Now: moveTime, Set: session.Values{name: []byte("1")}}
				if _, err := m.Patch(context.Background(), p); err != nil {
					t.Errorf("%s: %v; the visits were\n%s", how, err, strings.Join(trace, "\n"))
				}
			}
		}
		s.run(mover("one"), mover("two"), mover("three"))
		r, err := load(t, b)
		if err != nil || len(r.Values) != 4 {
			t.Errorf("%s: %+v, %v; the visits were\n%s", how, r, err, strings.Join(trace, "\n"))
		}
		if _, err := load(t, a); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("%s: left in the old store: %v", how, err)
		}
	})
}

// While a program's nodes are being turned around, some move sessions one way and some the other.
// Nobody is logged out, and a write that was acknowledged is there.
//
// Guard: move.go, the mark that says which way a record is going.
func TestMovingBothWays(t *testing.T) {
	t.Parallel()
	interleave(t, 2, 3000, func(s turns, how string) {
		a, b := memory(), memory()
		_ = a.Create(context.Background(), moveRecord())
		var trace []string
		acknowledged := map[string]bool{}
		mover := func(name string, to, from session.Store) func(func()) {
			return func(turn func()) {
				m := session.NewMoving(gate(to, turn, &trace, name+" new"), gate(from, turn, &trace, name+" old"))
				r, err := load(t, m)
				if err != nil || r.Digest != moveRecord().Digest {
					t.Errorf("%s: %s is logged out: %v; the visits were\n%s", how, name, err, strings.Join(trace, "\n"))
					return
				}
				p := session.Patch{ID: r.ID, Digest: r.Digest, Now: moveTime, Set: session.Values{name: []byte("1")}}
				if _, err := m.Patch(context.Background(), p); err == nil {
					acknowledged[name] = true
				} else if !errors.Is(err, session.ErrNotFound) { // moved back meanwhile; see TestMovingStoreFromOld
					t.Errorf("%s: %v", how, err)
				}
			}
		}
		s.run(mover("on", b, a), mover("back", a, b), mover("on again", b, a))
		for way, m := range map[string]session.Store{"on": session.NewMoving(b, a), "back": session.NewMoving(a, b)} {
			r, err := load(t, m)
			if err != nil || r.Digest != moveRecord().Digest {
				t.Errorf("%s: %s: lost: %v; the visits were\n%s", how, way, err, strings.Join(trace, "\n"))
				return
			}
			for name := range acknowledged {
				if r.Values[name] == nil {
					t.Errorf("%s: %s: the write of %q is lost; the visits were\n%s", how, way, name, strings.Join(trace, "\n"))
					return
				}
			}
		}
	})
}

// Lists show a session once at every step of its move, as what it is, and not at all once it has
// ended.
//
// Guard: move.go, settled; moving.BySubject, moving.Each.
func TestMovingIsListed(t *testing.T) {
	t.Parallel()
	list := func(m session.Store) (got []string) {
		ctx := context.Background()
		records, err := m.BySubject(ctx, "ada", moveTime)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			got = append(got, fmt.Sprint("listed ", r.ID, " ", r.KeyID, " ", r.Digest == moveRecord().Digest))
		}
		err = m.Each(ctx, moveTime, func(r session.Record) error {
			got = append(got, fmt.Sprint("each ", r.ID, " ", r.KeyID, " ", r.Digest == moveRecord().Digest))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := fmt.Sprintf("[listed %v 0123abcd true each %v 0123abcd true]", moveRecord().ID, moveRecord().ID)
	for stop := range 12 { // the mover dies before this visit
		for _, end := range []bool{false, true} {
			a, b := memory(), memory()
			_ = a.Create(context.Background(), moveRecord())
			n := 0
			dying := func(s session.Store) session.Store {
				g := &spy{Store: s}
				g.stepIn(func(string) error {
					if n++; n > stop {
						return errors.New("dead")
					}
					return nil
				})
				return g
			}
			_, _ = load(t, session.NewMoving(dying(b), dying(a)))
			healthy, where := session.NewMoving(b, a), fmt.Sprintf("after %d visits, ended %t", stop, end)
			if end {
				if err := healthy.Delete(context.Background(), moveRecord().ID); err != nil {
					t.Fatal(err)
				}
				check(t, where, fmt.Sprint(list(healthy)), "[]")
				continue
			}
			check(t, where, fmt.Sprint(list(healthy)), want)
			check(t, where+", from the other side", fmt.Sprint(list(session.NewMoving(a, b))), want)
		}
	}
}

// An end while a mover is at work, which then dies: nothing is listed that nobody can use.
func TestMovingLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for stop := range 12 {
		a, b := memory(), memory()
		_ = a.Create(context.Background(), moveRecord())
		for die := range 6 { // it dies so many visits after the end
			n := 0
			dying := func(s session.Store) session.Store {
				g := &spy{Store: s}
				g.stepIn(func(string) error {
					if n++; n == stop+1 {
						_ = session.NewMoving(b, a).Delete(context.Background(), moveRecord().ID)
					}
					if n > stop+1+die {
						return errors.New("dead")
					}
					return nil
				})
				return g
			}
			_, _ = load(t, session.NewMoving(dying(b), dying(a)))
			list, err := session.NewMoving(b, a).BySubject(context.Background(), "ada", moveTime)
			if n > stop && (err != nil || len(list) > 0) {
				t.Errorf("ended before visit %d, died %d visits later: listed %v, %v", stop+1, die, list, err)
			}
			if usable(a) && n > stop || usable(b) && n > stop {
				t.Errorf("ended before visit %d, died %d visits later: revived", stop+1, die)
			}
		}
	}
}

// Every visit of every story fails in every way, in either store. Whatever was acknowledged stands,
// a session that was not ended lives, and the next request puts the rest right; also where the
// order of the stores is turned around then.
func TestMovingFaults(t *testing.T) {
	t.Parallel()
	stories := map[string]struct {
		path string
		ends bool
	}{
		"read": {path: "/who"}, "write": {path: "/set?city=Rome"}, "renew": {path: "/renew"}, "sign out": {path: "/out", ends: true},
	}
	kinds := []sessiontest.Kind{sessiontest.Error, sessiontest.Lost, sessiontest.Hang}
	for name, story := range stories {
		for side := range 2 {
			for _, kind := range kinds {
				for _, times := range []int{1, -1} {
					for call := 1; call < 20; call++ {
						for _, turned := range []bool{false, true} {
							where := fmt.Sprintf("%s, store %d, %v of call %d, %d times, turned %t", name, side, kind, call, times, turned)
							if !movingFault(t, where, story.path, story.ends, side, turned, sessiontest.Plan{Call: call, Kind: kind, For: times}) {
								call = 20
							}
						}
					}
				}
			}
		}
	}
}

// movingFault plays one story with one fault, and reports whether the fault came to pass.
func movingFault(t *testing.T, where, path string, ends bool, side int, turned bool, plan sessiontest.Plan) (came bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		stores := [2]*sessiontest.Faulty{sessiontest.Fault(memory(), sessiontest.Plan{}), sessiontest.Fault(memory(), sessiontest.Plan{})}
		world := func(to, from session.Store, timeout time.Duration) *world {
			w := newWorld(t, func(c *session.Config) {
				c.Store, c.SaveTimeout = to, timeout
				if from != nil {
					c.Old.Store = from
				}
			})
			w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
			return w
		}
		b := world(stores[0], nil, time.Second).signedIn("ada")
		b.get("/set?city=Oslo")
		thief := b.copy()

		b.w = world(stores[1], stores[0], 20*time.Millisecond)
		stores[side].SetPlan(plan)
		a := b.get(path)
		calls := len(stores[side].Calls())
		stores[side].SetPlan(sessiontest.Plan{})
		if calls < plan.Call {
			return
		}

		to, from := stores[1], stores[0]
		if turned {
			to, from = from, to
		}
		b.w = world(to, from, time.Second)
		thief.w = b.w
		who, where2 := b.get("/who"), b.get("/city")
		switch acknowledged := a.status == http.StatusOK; {
		case ends && acknowledged:
			if got := thief.get("/who").body; got != "" {
				t.Errorf("%s: signed out, but the cookie opens the session of %q", where, got)
			}
		case ends:
			if who.body == "" && thief.get("/who").body == "" {
				break // it was carried out, though the answer was lost
			}
		case path == "/renew" && !acknowledged && plan.Kind == sessiontest.Lost && who.body == "":
			// The key was renewed, and the answer with it was lost.
		case who.body != "ada" || who.status != http.StatusOK:
			t.Errorf("%s: answered by %d, then %d: %q is signed in", where, a.status, who.status, who.body)
		case strings.HasPrefix(path, "/set") && acknowledged && where2.body != "Rome":
			t.Errorf("%s: an acknowledged write is lost: %q", where, where2.body)
		case where2.body != "Oslo" && where2.body != "Rome":
			t.Errorf("%s: the city is %q", where, where2.body)
		}
		came = true
	})
	return came
}
