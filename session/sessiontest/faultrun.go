package sessiontest

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// faultTests play every story against every failure it can meet: each of its calls to the store
// fails, in every way, once and for as long as the story lasts. Whatever happens:
//
//   - an answer that names somebody has a live record behind it;
//   - what was acknowledged as ended opens nothing any more;
//   - every record is as it was before the call that failed or as it is after it, never between;
//   - the failure is told: in place of the answer comes an error page, with no byte, header or
//     cookie of the handler's, and its cause is the store's error; unless it is one that the answer
//     can do without;
//   - when the failure is over the same request works, and so does the next.
//
// A story that comes to its session by key (Manager.Open) makes the same calls. It meets an error
// and a lost answer at each of them: then Save gives the error, and the key stays as it was.
var faultTests = func() (tests []test) {
	for _, st := range stories {
		tests = append(tests, test{st.name, st.run})
	}
	return tests
}()

// hangTimeout is the SaveTimeout of a manager whose store hangs. A store that is slower by itself
// gets more, up to hangTimeout·4⁵.
const hangTimeout = 5 * time.Millisecond

// step is what the store held before and after one of a story's calls, when nothing failed.
type step struct{ method, before, after string }

func (st story) run(p probe) {
	steps := st.rehearse(p, byCookie)
	var hangs []Plan
	for i, step := range steps {
		for _, times := range []int{1, -1} {
			for _, kind := range []Kind{Error, Lost} {
				plan := Plan{Call: i + 1, For: times, Kind: kind}
				st.fail(p, byCookie, plan, step)
			}
			hangs = append(hangs, Plan{Call: i + 1, For: times, Kind: Hang})
		}
	}
	together(len(hangs), func(i int) { st.fail(p, byCookie, hangs[i], steps[hangs[i].Call-1]) })
	if st.call != nil || st.name == "nothing" { // asking for the key is something
		return
	}
	if got := st.rehearse(p, byKey); !slices.Equal(got, steps) {
		p.Errorf("by key the store's calls and what it held are %+v, by cookie %+v", got, steps)
		return
	}
	for i, step := range steps {
		st.fail(p, byKey, Plan{Call: i + 1, For: 1, Kind: Error}, step)
		st.fail(p, byKey, Plan{Call: i + 1, For: -1, Kind: Lost}, step)
	}
}

// rehearse plays the story without a failure and returns its steps.
func (st story) rehearse(p probe, how way) (steps []step) {
	undisturbed(p, func(int) *scene {
		c, ok := newScene(p, st, how, 0)
		if !ok {
			return c
		}
		steps = nil
		c.faulty.around = func(call func() error) error {
			before := c.state()
			err := call()
			steps = append(steps, step{before: before, after: c.state()})
			return err
		}
		thief := maps.Clone(c.jar)
		a, ok := c.play(c.m)
		if !ok {
			c.wrong("without a failure the answer is %d, and the errors are %v", a.status, c.errs)
			return c
		}
		for i, method := range c.faulty.Calls() {
			steps[i].method = method
		}
		c.acknowledged(a, thief, "without a failure")
		return c
	})
	if p.Failed() {
		p.FailNow()
	}
	return steps
}

// undisturbed plays a scene, and again when the store failed by itself meanwhile: one that is slow
// needs more than hangTimeout, and a call that was cut off may leave a broken connection to those
// that come after it. What is wrong with the last try is wrong.
func undisturbed(p probe, play func(try int) *scene) {
	const tries = 6
	for try := range tries {
		c := play(try)
		if len(c.troubles) > 0 && try < tries-1 {
			continue
		}
		for _, wrong := range c.wrongs {
			p.Errorf("%s (the store's own errors: %v)", wrong, c.troubles)
		}
		return
	}
}

// fail plays the story with a failure.
func (st story) fail(p probe, how way, plan Plan, at step) {
	undisturbed(p, func(try int) *scene {
		timeout := time.Duration(0)
		if plan.Kind == Hang {
			timeout = hangTimeout << (2 * try)
		}
		c, ok := newScene(p, st, how, timeout)
		if !ok {
			return c
		}
		thief := maps.Clone(c.jar)
		c.faulty.SetPlan(plan)
		a, ok := c.play(c.m)
		c.faulty.SetPlan(Plan{})
		c.judge(a, ok, thief, plan, at)
		return c
	})
}

// judge checks what a story left that met a failure, and that its end is one of the failure.
func (c *scene) judge(a answer, ok bool, thief jar, plan Plan, at step) {
	where := string(c.way) + plan.Kind.String() + " of " + at.method
	if plan.For < 0 {
		where += ", and of all that follows"
	}
	want := at.before
	if plan.Kind == Lost {
		want = at.after
	}
	if got := c.state(); got != want {
		c.wrong("%s: the store holds\n%swant\n%s", where, got, want)
	}
	if !c.told() {
		c.wrong("%s: nobody is told; the errors are %v", where, c.errs)
	}
	passed := slices.Contains(c.story.passedOver, at.method)
	switch {
	case ok && passed:
		c.acknowledged(a, thief, where)
	case ok:
		c.wrong("%s: the story was acknowledged", where)
	case passed:
		c.wrong("%s: the answer is %d, but could do without", where, a.status)
	case c.way == byKey:
		c.keptKey(thief, where)
	case c.story.call == nil:
		c.withheld(a, where)
	}
	if who := c.who(maps.Clone(c.jar)); !ok && who != "" && who != c.subject {
		c.wrong("%s: after the error page %q is signed in", where, who)
	}
	m := c.m
	if plan.Kind == Hang {
		m = c.healthy // the other's limit is too short for those that work
	}
	c.goesOn(m, thief, where)
}

// goesOn checks that the same request works when the failure is over, and so does the next.
func (c *scene) goesOn(m *session.Manager, thief jar, where string) {
	a, ok := c.play(m)
	if !ok && !errors.Is(errors.Join(c.errs...), store.ErrNotFound) {
		c.wrong("%s: afterwards the same again is answered by %d, and the errors are %v", where, a.status, c.errs)
		return
	}
	c.acknowledged(a, thief, where+", and the same again")
	c.now = c.now.Add(10 * time.Second) // if the answer with a new key got lost, the browser may begin anew after that
	c.jar.visit(m, c.request(), func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { city.Set(s, "Bergen") })
	var got string
	c.jar.visit(m, c.request(), func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { got, _ = city.Get(s) })
	if got != "Bergen" {
		c.wrong("%s: afterwards a value that is set is %q at the next request", where, got)
	}
}

// acknowledged checks what an answer promises that was not withheld.
func (c *scene) acknowledged(a answer, thief jar, where string) {
	if c.story.call == nil && c.story.name != "nothing" {
		if named, who := strings.TrimPrefix(a.body, marker), c.who(maps.Clone(c.jar)); named != who {
			c.wrong("%s: the answer names %q, but the cookie opens the session of %q", where, named, who)
		}
	}
	if !c.story.final {
		return
	}
	if r, err := c.Load(c.Context(), c.id, c.now); !errors.Is(err, store.ErrNotFound) {
		c.wrong("%s: the session was ended, but loading it gives %+v, %v", where, r, err)
	}
	if who := c.who(thief); who != "" {
		c.wrong("%s: the session was ended, but its cookie opens the session of %q", where, who)
	}
	if left, err := c.BySubject(c.Context(), c.subject, c.now); len(left) > 0 || err != nil {
		c.wrong("%s: the session was ended, but %d records are left, %v", where, len(left), err)
	}
}

// withheld checks that an error page is one, and nothing else.
func (c *scene) withheld(a answer, where string) {
	if a.status != http.StatusServiceUnavailable {
		c.wrong("%s: the answer is %d, want 503", where, a.status)
	}
	if len(a.header["Set-Cookie"]) > 0 || a.header.Get("X-Handler") != "" || strings.Contains(a.body, marker) {
		c.wrong("%s: the error page holds something of the handler's: %v %q", where, a.header, a.body)
	}
	if !slices.Contains(a.header["Cache-Control"], "no-store") {
		c.wrong("%s: the error page may be kept by caches: %v", where, a.header)
	}
}

// keptKey checks that a client whose session could not be saved is to keep the key that it has.
func (c *scene) keptKey(before jar, where string) {
	if !maps.Equal(c.jar, before) {
		c.wrong("%s: the session was not saved, but the client's key became %q instead of %q", where, c.jar, before)
	}
}
