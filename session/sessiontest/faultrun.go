package sessiontest

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/doorbook/doorbook/session"
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
var faultTests = func() (tests []test) {
	for _, st := range stories {
		tests = append(tests, test{st.name, st.run})
	}
	return tests
}()

// hangTimeout is the SaveTimeout of a manager whose store hangs. A store that is slower by itself
// gets more.
const hangTimeout = 25 * time.Millisecond

// step is what the store held before and after one of a story's calls, when nothing failed.
type step struct{ method, before, after string }

func (st story) run(p probe) {
	steps := st.rehearse(p)
	var hangs []Plan
	for i, step := range steps {
		for _, times := range []int{1, -1} {
			for _, kind := range []Kind{Error, Lost} {
				plan := Plan{Call: i + 1, For: times, Kind: kind}
				st.fail(p, plan, step)
			}
			hangs = append(hangs, Plan{Call: i + 1, For: times, Kind: Hang})
		}
	}
	together(len(hangs), func(i int) { st.fail(p, hangs[i], steps[hangs[i].Call-1]) })
}

// rehearse plays the story without a failure and gives its steps.
func (st story) rehearse(p probe) (steps []step) {
	c, err := newScene(p, st, 0)
	if err != nil {
		p.Fatalf("preparing: %v", err)
	}
	c.faulty.around = func(call func() error) error {
		before := c.state()
		err := call()
		steps = append(steps, step{before: before, after: c.state()})
		return err
	}
	thief := maps.Clone(c.jar)
	a, ok := c.play(c.m)
	if !ok {
		p.Fatalf("without a failure the answer is %d, and the errors are %v", a.status, c.errs)
	}
	for i, method := range c.faulty.Calls() {
		steps[i].method = method
	}
	c.acknowledged(a, thief, "without a failure")
	return steps
}

// fail plays the story with a failure.
func (st story) fail(p probe, plan Plan, at step) {
	timeout := time.Duration(0)
	if plan.Kind == Hang {
		timeout = hangTimeout
	}
	for try := 1; ; try++ {
		c, err := newScene(p, st, timeout)
		if err != nil {
			p.Errorf("preparing: %v", err)
			return
		}
		thief := maps.Clone(c.jar)
		c.faulty.SetPlan(plan)
		a, ok := c.play(c.m)
		c.faulty.SetPlan(Plan{})
		if c.slow() && try < 4 {
			timeout *= 4
			continue
		}
		c.judge(a, ok, thief, plan, at)
		return
	}
}

func (c *scene) judge(a answer, ok bool, thief jar, plan Plan, at step) {
	where := plan.Kind.String() + " of " + at.method
	if plan.For < 0 {
		where += ", and of all that follows"
	}
	want := at.before
	if plan.Kind == Lost {
		want = at.after
	}
	if got := c.state(); got != want {
		c.Errorf("%s: the store holds\n%swant\n%s", where, got, want)
	}
	if !c.told() {
		c.Errorf("%s: nobody is told; the errors are %v", where, c.errs)
	}
	passed := slices.Contains(c.story.passedOver, at.method)
	switch {
	case ok && passed:
		c.acknowledged(a, thief, where)
	case ok:
		c.Errorf("%s: the story was acknowledged", where)
	case passed:
		c.Errorf("%s: the answer is %d, but could do without", where, a.status)
	case c.story.call == nil:
		c.withheld(a, where)
	}
	if who := c.who(maps.Clone(c.jar)); !ok && who != "" && who != c.subject {
		c.Errorf("%s: after the error page %q is signed in", where, who)
	}

	m := c.m
	if plan.Kind == Hang {
		m = c.healthy // the other's limit is too short for those that work
	}
	if a, ok = c.play(m); !ok && !errors.Is(errors.Join(c.errs...), session.ErrNotFound) {
		c.Errorf("%s: afterwards the same again is answered by %d, and the errors are %v", where, a.status, c.errs)
		return
	}
	c.acknowledged(a, thief, where+", and the same again")
	c.jar.visit(m, c.request(), func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { city.Set(s, "Bergen") })
	var got string
	c.jar.visit(m, c.request(), func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { got, _ = city.Get(s) })
	if got != "Bergen" {
		c.Errorf("%s: afterwards a value that is set is %q at the next request", where, got)
	}
}

// acknowledged checks what an answer promises that was not withheld.
func (c *scene) acknowledged(a answer, thief jar, where string) {
	if c.story.call == nil && c.story.name != "nothing" {
		if named, who := strings.TrimPrefix(a.body, marker), c.who(maps.Clone(c.jar)); named != who {
			c.Errorf("%s: the answer names %q, but the cookie opens the session of %q", where, named, who)
		}
	}
	if !c.story.final {
		return
	}
	c.gone(c.id, c.now)
	if who := c.who(thief); who != "" {
		c.Errorf("%s: the session was ended, but its cookie opens the session of %q", where, who)
	}
	if left := c.of(c.subject, c.now); len(left) > 0 {
		c.Errorf("%s: the session was ended, but %d records are left", where, len(left))
	}
}

// withheld checks that an error page is one, and nothing else.
func (c *scene) withheld(a answer, where string) {
	if a.status != http.StatusServiceUnavailable {
		c.Errorf("%s: the answer is %d, want 503", where, a.status)
	}
	if len(a.header["Set-Cookie"]) > 0 || a.header.Get("X-Handler") != "" || strings.Contains(a.body, marker) {
		c.Errorf("%s: the error page holds something of the handler's: %v %q", where, a.header, a.body)
	}
	if !slices.Contains(a.header["Cache-Control"], "no-store") {
		c.Errorf("%s: the error page may be kept by caches: %v", where, a.header)
	}
}
