package flask_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// P13: see and end sessions, those that Flask began from their first visit here on.
func TestSeeAndEndSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	unseen := w.born("ada", `"n":1`)
	_, one := w.see(w.born("ada", `"n":2`))
	w.now = w.now.Add(time.Second)
	_, _, two := w.visit("", signedInAs("ada"))
	list := w.list("ada")
	check(t, "sessions", len(list), 2)
	check(t, "the latest first", list[0].ID == w.idOf(two) && list[1].ID == w.idOf(one), true)
	w.visit(one, func(s *session.Session) string {
		s.Subject()
		return ""
	})
	if err := w.sessions.End(t.Context(), "bob", list[0].ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("somebody else's: %v", err)
	}
	if err := w.sessions.End(t.Context(), "ada", list[0].ID); err != nil {
		t.Error(err)
	}
	check(t, "ended", w.opens(two), "")
	check(t, "the other", w.opens(one), "ada")
	n, err := w.sessions.EndAll(t.Context(), "ada")
	check(t, "EndAll", fmt.Sprint(n, err), "1 <nil>")
	check(t, "ended too", w.opens(one), "")
	check(t, "never seen", w.opens(unseen), "")
	check(t, "sessions now", len(w.list("ada")), 0)
}

// P14: identity changes, key changes, for cookies that we have seen.
func TestIdentityChangesKeyChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stranger := w.flask(`{"city":"Oslo"}`)
	_, _, in := w.visit(stranger, signedInAs("ada"))
	check(t, "a stranger's cookie after the sign-in", w.opens(stranger), "")
	check(t, "its values go on", w.values(in)["city"], `"Oslo"`)
	_, _, again := w.visit(in, signedInAs("ada"))
	check(t, "a cookie of before signing in again", w.opens(in), "")
	check(t, "the one of after", w.opens(again), "ada")
	_, _, bob := w.visit(again, signedInAs("bob"))
	check(t, "a cookie of before somebody else", w.opens(again), "")
	check(t, "somebody else", w.opens(bob), "bob")
	check(t, "takes nothing along", w.values(bob)["city"], "")
	_, _, up := w.visit(bob, func(s *session.Session) string { s.Renew(); return "" })
	check(t, "before Renew", w.opens(bob), "")
	_, named := w.see(w.born("ada"))
	_, _, renewed := w.visit(named, func(s *session.Session) string { s.Renew(); return "" })
	check(t, "Flask's before Renew", w.opens(named), "")
	check(t, "after Renew", w.opens(up)+w.opens(renewed), "bobada")
}
