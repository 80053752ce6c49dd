package session_test

import (
	"context"
	"net/http"
	"testing"
	"time"
	"unsafe"

	"github.com/doorbook/doorbook/session"
)

// wallClock is the clock of a machine: time passes, and somebody may set it, which moves the wall
// clock alone.
type wallClock struct {
	began       time.Time // with the reading of the monotonic clock
	passed, set time.Duration
}

// Now gives the time with both readings. The second field of a time.Time is the monotonic one, if
// there is one.
func (c *wallClock) Now() time.Time {
	now := c.began.Add(c.passed)
	mono := *(*int64)(unsafe.Add(unsafe.Pointer(&now), 8))
	now = now.Add(c.set)
	*(*int64)(unsafe.Add(unsafe.Pointer(&now), 8)) = mono
	return now
}

func newWallClock(t *testing.T) *wallClock {
	c := &wallClock{began: time.Now(), passed: time.Hour, set: -5 * time.Hour}
	now := c.Now()
	if mono, wall := now.Sub(c.began), now.Round(0).Sub(c.began.Round(0)); mono != time.Hour || wall != -4*time.Hour {
		t.Fatalf("this is no wall clock: %v, %v", mono, wall)
	}
	c.passed, c.set = 0, 0
	return c
}

// Setting the clock back while the program runs makes nothing live longer; setting it forward ends
// what is over by it. Guard: clock.go, Manager.now.
func TestClockIsSet(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		set, after time.Duration
		want       string
	}{
		"not at all, in time":                {0, 2*time.Hour - time.Millisecond, "ada"},
		"not at all":                         {0, 2 * time.Hour, ""},
		"back an hour, in time":              {-time.Hour, 2*time.Hour - time.Millisecond, "ada"},
		"back an hour":                       {-time.Hour, 2 * time.Hour, ""},
		"back nearly a day":                  {-24*time.Hour + time.Minute, 2 * time.Hour, ""},
		"forward an hour, in time":           {time.Hour, time.Hour - time.Millisecond, "ada"},
		"forward an hour":                    {time.Hour, time.Hour, ""},
		"forward a year":                     {365 * 24 * time.Hour, 0, ""},
		"back for years: it was wrong":       {-2 * 365 * 24 * time.Hour, 0, ""},
		"back by ten days, beyond all sense": {-10 * 24 * time.Hour, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newWallClock(t)
			w := newWorld(t, func(conf *session.Config) { conf.Now = c.Now })
			b := w.signedIn("ada")
			c.set, c.passed = test.set, test.after
			check(t, "subject", b.get("/who").body, test.want)
			list, err := w.m.List(t.Context(), "ada")
			check(t, "error", err, nil)
			check(t, "listed", len(list), len(test.want)/3)
		})
	}
}

// A session that began while the clock ran ahead by more than minutes is nobody's when that is
// put right: its age is not known. One that is a little ahead, as nodes are of each other, lives.
// Guard: clock.go, Manager.alive, the future.
func TestClockRanAhead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ahead time.Duration
		want  string
	}{
		"a second": {time.Second, "ada"}, "minutes": {5*time.Minute - time.Millisecond, "ada"}, "more": {5 * time.Minute, ""}, "an hour": {time.Hour, ""},
		"a day": {24 * time.Hour, ""}, "a year": {365 * 24 * time.Hour, ""},
	} {
		w := newWorld(t)
		w.clock.add(test.ahead)
		b := w.signedIn("ada")
		w.clock.add(-test.ahead)
		check(t, name, b.get("/who").body, test.want)
	}
}

// limited is a node of the same store with other limits.
func (w *world) limited(life session.Lifetime) *world {
	return w.node(func(c *session.Config) { c.Lifetime = life })
}

// Limits that are lowered reach the sessions that exist; raised ones do not prolong them.
// Guard: clock.go, Manager.alive; the limits in the record.
func TestClockLimitsChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	strict, lax := w.limited(session.Lifetime{Idle: 2 * time.Hour, Absolute: 3 * time.Hour}), w.limited(session.Lifetime{Idle: 20 * time.Hour, Absolute: 200 * time.Hour})
	for range 2 {
		w.clock.add(90*time.Minute - time.Millisecond)
		check(t, "in time", b.at(strict).get("/who").body, "ada")
	}
	w.clock.add(2 * time.Millisecond)
	list, _ := strict.m.List(t.Context(), "ada")
	check(t, "listed where limits are lowered", len(list), 0)
	n := 0
	_ = strict.m.Each(context.Background(), func(session.Info) error { n++; return nil })
	check(t, "counted there", n, 0)
	check(t, "where they are as before", b.at(w).get("/who").body, "ada")
	check(t, "subject there", b.at(strict).get("/who").body, "")

	b = w.signedIn("ada")
	w.clock.add(2*time.Hour - time.Millisecond)
	check(t, "where idle limits are raised", b.at(lax).get("/who").body, "ada")
	w.clock.add(2 * time.Hour)
	check(t, "the idle limit of its own", b.at(lax).get("/who").body, "")
	b = w.signedIn("ada")
	for range 23 {
		w.clock.add(time.Hour)
		check(t, "used", b.at(lax).get("/who").body, "ada")
	}
	w.clock.add(time.Hour)
	check(t, "the absolute limit of its own", b.at(lax).get("/who").body, "")
	b.at(lax).get("/set?city=Oslo")
	check(t, "status of a use afterwards", b.at(lax).get("/who").status, http.StatusOK)
}

// The clock is set back by hours while the program runs: people can sign in, and those who use
// their session stay. Guard: clock.go, Manager.now.
func TestClockSetBackKeepsUsers(t *testing.T) {
	t.Parallel()
	c := newWallClock(t)
	w := newWorld(t, func(conf *session.Config) { conf.Now = c.Now })
	b := w.signedIn("ada")
	c.passed, c.set = time.Hour, -3*time.Hour
	check(t, "a sign-in after the clock was set back", w.signedIn("bob").get("/who").body, "bob")
	for range 10 {
		c.passed += 30 * time.Minute
		check(t, "in use", b.get("/who").body, "ada")
	}
}

// However often it is set, to and fro, no session that is in use lives past its absolute limit.
// Guard: clock.go, Manager.now; internal/place/place.go, Used, the Deadline.
func TestClockToAndFro(t *testing.T) {
	t.Parallel()
	c := newWallClock(t)
	w := newWorld(t, func(conf *session.Config) { conf.Now = c.Now })
	b := w.signedIn("ada")
	for c.passed < 24*time.Hour {
		if got := b.get("/who").body; got != "ada" {
			t.Fatalf("in use after %v, set by %v: %q", c.passed, c.set, got)
		}
		c.passed += 30 * time.Minute
		if c.set -= 15 * time.Minute; c.passed%(4*time.Hour) == 0 {
			c.set = 0
		}
	}
	check(t, "subject after a day", b.get("/who").body, "")
}

// The idle limit is lowered: sessions that exist obey it. Guard: clock.go, Manager.alive.
func TestClockLoweredIdle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	strict := w.limited(session.Lifetime{Idle: 10 * time.Minute, Absolute: 24 * time.Hour})
	w.clock.add(10*time.Minute - time.Millisecond)
	check(t, "in time", b.at(strict).get("/who").body, "ada")
	w.clock.add(10*time.Minute - time.Millisecond)
	check(t, "used in time", b.at(strict).get("/who").body, "ada")
	w.clock.add(10 * time.Minute)
	check(t, "at the lowered idle limit", b.at(strict).get("/who").body, "")
}
