package flask_test

import (
	"context"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
	"github.com/doorbook/doorbook/session/sealed"
)

// life is a session that began at Flask's side, and copies of its cookie from every moment.
type life struct {
	*world
	store   *watched
	unseen  string // a copy of before that was never used here
	first   string // as Flask's side made it, when it was seen first
	named   string // as it was after that
	fresh   string // the same, signed anew by Flask's side
	renewed string // with another key
	last    string // the same, signed anew by Flask's side
}

func newLife(t *testing.T, change ...func(*flask.Config, *session.Config)) *life {
	t.Helper()
	l := &life{}
	l.world = newWorld(t, append(change, watch(&l.store))...)
	l.unseen = l.born("ada")
	l.now = l.now.Add(time.Minute)
	l.first = l.refresh(l.unseen)
	_, l.named = l.see(l.first)
	l.now = l.now.Add(time.Minute)
	l.fresh = l.refresh(l.named)
	_, _, l.renewed = l.visit(l.fresh, func(s *session.Session) string { s.Renew(); return "" })
	l.now = l.now.Add(time.Minute)
	l.last = l.refresh(l.renewed)
	check(t, "signed in", l.opens(l.last), "ada")
	check(t, "sessions", len(l.list("ada")), 1)
	return l
}

// copies that we have seen, or that name a session that we know.
func (l *life) copies() map[string]string {
	return map[string]string{
		"as it was first seen": l.first, "named": l.named, "named and signed anew": l.fresh, "renewed": l.renewed,
		"renewed and signed anew": l.last, "named, signed anew later": l.refresh(l.named), "renewed, signed anew later": l.refresh(l.last),
	}
}

func (l *life) refused(t *testing.T, what string) {
	t.Helper()
	for name, cookie := range l.copies() {
		subject, left := l.see(cookie)
		check(t, what+": a copy "+name, subject, "")
		check(t, what+": a copy "+name+" is forgotten", left, "")
	}
}

// Renewal: what came before opens nothing, what comes after does.
func TestCopiesAfterRenewal(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	for name, cookie := range map[string]string{"first": l.first, "named": l.named, "fresh": l.fresh, "named later": l.refresh(l.named)} {
		check(t, name, l.opens(cookie), "")
	}
	check(t, "renewed", l.opens(l.renewed), "ada")
	check(t, "last", l.opens(l.last), "ada")
}

// Every way to end a session, against every copy of its cookie. What was never seen is refused
// where all sessions of its subject ended, and only there; nobody here can tell it from another
// sign-in otherwise.
func TestCopiesAfterEnd(t *testing.T) {
	t.Parallel()
	cli := func(l *life) *session.Manager { // that of a command: it shares the store and nothing else
		t.Helper()
		keys, err := session.NewKeyRing([]byte("a key that the server does not have"))
		if err != nil {
			t.Fatal(err)
		}
		longest := session.Lifetime{Idle: flask.DefaultMaxAge, Absolute: flask.DefaultMaxAge}
		m, err := session.New(session.Config{
			Keys: keys, Home: session.Home{Store: l.store, Format: sealed.New()}, Remembered: longest, Now: func() time.Time { return l.now },
		})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	out := func(s *session.Session) string { s.SignOut(); return "" }
	for name, c := range map[string]struct {
		end    func(l *life) error
		unseen bool // it is refused, too
	}{
		"SignOut":                         {func(l *life) error { l.visit(l.last, out); return nil }, false},
		"SignOut with the one before":     {func(l *life) error { l.visit(l.renewed, out); return nil }, false},
		"SignOut with a superseded one":   {func(l *life) error { l.visit(l.named, out); return nil }, false},
		"End":                             {func(l *life) error { return l.sessions.End(t.Context(), "ada", l.list("ada")[0].ID) }, false},
		"EndAll":                          {func(l *life) error { _, err := l.sessions.EndAll(t.Context(), "ada"); return err }, true},
		"EndEverything":                   {func(l *life) error { _, err := l.sessions.EndEverything(t.Context()); return err }, true},
		"EndAll on the command line":      {func(l *life) error { _, err := cli(l).EndAll(t.Context(), "ada"); return err }, true},
		"Everything on the command line":  {func(l *life) error { _, err := cli(l).EndEverything(t.Context()); return err }, true},
		"Flask takes the user away":       {func(l *life) error { l.see(l.edit(l.last, noUser)); return nil }, false},
		"Flask does so with an older one": {func(l *life) error { l.see(l.edit(l.named, noUser)); return nil }, false},
		"Flask signs in somebody else":    {func(l *life) error { l.see(l.edit(l.last, asGrace)); return nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLife(t)
			l.now = l.now.Add(time.Minute)
			if err := c.end(l); err != nil {
				t.Fatal(err)
			}
			l.now = l.now.Add(time.Second)
			l.refused(t, "at once")
			check(t, "sessions", len(l.list("ada")), 0)
			for range 3 { // up to the limit of the youngest copy
				l.now = l.now.Add(10 * 24 * time.Hour)
				if _, err := l.sessions.Sweep(t.Context(), 1000); err != nil {
					t.Fatal(err)
				}
				l.refused(t, "later")
			}
			l.now = l.now.Add(-30 * 24 * time.Hour)
			want := "ada"
			if c.unseen {
				want = ""
			}
			check(t, "a copy of before that was never seen", l.opens(l.unseen), want)
			check(t, "a sign-in of after", l.opens(l.born("ada", `"new":1`)), "ada")
		})
	}
}

func noUser(v map[string]string) { delete(v, "loggedin_user") }

func asGrace(v map[string]string) { v["loggedin_user"] = `{"_id":"grace"}` }

// A copy that was never seen stays refused after EndAll for as long as its age would let it in,
// whoever sweeps meanwhile.
func TestUnseenCopyStaysRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	copied := w.born("ada")
	w.now = w.now.Add(time.Second)
	w.endAll("ada")
	for range 31 {
		w.now = w.now.Add(24*time.Hour - time.Second)
		if _, err := w.sessions.Sweep(t.Context(), 1000); err != nil {
			t.Fatal(err)
		}
		check(t, "a copy", w.opens(copied), "")
	}
}

// The same moment: a cookie of the second in which all sessions ended counts as one of before.
func TestEndAllInTheSameSecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.now = w.now.Add(500 * time.Millisecond)
	before := w.born("ada")
	w.now = w.now.Add(200 * time.Millisecond)
	w.endAll("ada")
	check(t, "before", w.opens(before), "")
	w.now = w.now.Add(200 * time.Millisecond)
	check(t, "after, in the same second", w.opens(w.born("ada")), "")
	w.now = w.now.Add(200 * time.Millisecond)
	check(t, "after, in the next", w.opens(w.born("ada")), "ada")
}

// All but this one: the excepted session stays, with every copy of its cookie that is of today's
// key.
func TestEndAllButThisOne(t *testing.T) {
	t.Parallel()
	l := newLife(t)
	_, _, other := l.visit("", signedInAs("ada"))
	l.now = l.now.Add(time.Second)
	if _, err := l.sessions.EndAll(t.Context(), "ada", l.idOf(l.last)); err != nil {
		t.Fatal(err)
	}
	check(t, "the other", l.opens(other), "")
	check(t, "a copy that was never seen", l.opens(l.unseen), "")
	check(t, "this one", l.opens(l.last), "ada")
	check(t, "this one, signed anew", l.opens(l.refresh(l.last)), "ada")
	check(t, "this one of before its renewal", l.opens(l.named), "")
}

func (w *world) idOf(cookie string) (id session.ID) {
	w.t.Helper()
	w.visit(cookie, func(s *session.Session) string { id, _ = s.ID(); return "" })
	return id
}

// Config.Valid ends what it declares invalid, for every copy.
func TestInvalidEnds(t *testing.T) {
	t.Parallel()
	disabled := false
	l := newLife(t, func(_ *flask.Config, c *session.Config) {
		c.Valid = func(_ context.Context, s *session.Session) (bool, error) { return !disabled, nil }
	})
	disabled = true
	check(t, "while it is invalid", l.opens(l.last), "")
	check(t, "never seen, while it is invalid", l.opens(l.unseen), "")
	disabled = false
	for name, cookie := range l.copies() {
		check(t, "afterwards: "+name, l.opens(cookie), "")
	}
	check(t, "afterwards: never seen before", l.opens(l.unseen), "")
}

// A session that began here is no different.
func TestCopiesOfOwnSession(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world, cookie string){
		"SignOut": func(w *world, c string) { w.visit(c, func(s *session.Session) string { s.SignOut(); return "" }) },
		"End":     func(w *world, _ string) { w.endOnly("ada") },
		"EndAll":  func(w *world, _ string) { w.endAll("ada") },
	} {
		w := newWorld(t)
		_, _, first := w.visit("", signedInAs("ada"))
		w.now = w.now.Add(2 * time.Minute)
		_, second := w.see(w.refresh(first))
		check(t, name+": before", w.opens(second), "ada")
		end(w, second)
		w.now = w.now.Add(time.Hour)
		for _, c := range []string{first, second, w.refresh(first), w.refresh(second)} {
			check(t, name+": a copy", w.opens(c), "")
		}
	}
}
