package session_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
	"github.com/doorbook/doorbook/session/store"
)

// A sign-out that has popped a value ends the session, also when its key was renewed meanwhile.
func TestSignOutWithAPoppedValueEndsARenewedSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
	b := w.signedIn("ada")
	b.get("/set?city=Oslo")
	other := b.copy()
	w.on("/leave", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Pop(s)
		other.get("/renew")
		s.SignOut()
	})
	if a := b.get("/leave"); a.status == http.StatusOK {
		t.Errorf("a value that was popped under an old key: %d %q", a.status, a.body)
	}
	check(t, "records", w.live("ada"), 0)
	check(t, "who by the new key", other.get("/who").body, "")
}

// Of two sign-ins at once that pop one value, such as the state of an OAuth login, at most one is
// answered, though a sign-in that lost its session goes on otherwise.
func TestOneValuePoppedSignsInOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.get("/set?city=state")
	other, first := b.copy(), true
	w.on("/callback", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		city.Pop(s)
		if first {
			first = false
			if a := other.get("/callback"); a.status != http.StatusOK {
				t.Errorf("the quicker one: %d", a.status)
			}
		}
		s.SignIn("ada")
	})
	if a := b.get("/callback"); a.status == http.StatusOK {
		t.Error("both are answered")
	}
	check(t, "records", w.live("ada"), 1)
	check(t, "who by the quicker one", other.get("/who").body, "ada")
}

// A session that comes in its old cookie, and is renewed at once, has its new key, also if a dead
// record of its id was in the way.
func TestRenewedOnArrivalOverADeadRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *session.Config) { c.Old = session.Home{Format: sealed.New()} })
	before := w.node(sealedHome)
	before.clock = w.clock
	b := before.signedIn("ada")
	b.w = w
	var id session.ID
	inRequestOf(b.copy(), func(s *session.Session) { id, _ = s.ID() })
	now := w.clock.Now()
	dead := store.Record{ID: id, Version: 1, Created: now, LastSeen: now, Expires: now.Add(-time.Second), Deadline: now, Subject: "ada", SignedIn: now}
	if err := w.memory.Create(t.Context(), dead); err != nil && !errors.Is(err, store.ErrExists) {
		t.Fatal(err)
	}
	w.on("/renew", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.Renew() })
	check(t, "status", b.get("/renew").status, http.StatusOK)
	check(t, "who", b.get("/who").body, "ada")
}

// Of two sessions that one request leaves each ends if it can, and the answer says that one did not.
func TestEachSessionThatIsLeftEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	w.on("/leave", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.SignIn("bob") // leaves ada's
		s.SignOut()     // and bob's, which is not there yet
		s.SignIn("eve")
	})
	first := true
	w.store.stepIn(func(method string) error {
		if method == "Delete" && first {
			first = false
			return errors.New("away")
		}
		return nil
	})
	check(t, "status", b.get("/leave").status, http.StatusServiceUnavailable)
	w.store.stepIn(nil)
	check(t, "who", b.get("/who").body, "ada")
	check(t, "status afterwards", b.get("/leave").status, http.StatusOK)
	check(t, "records", w.live("ada")+w.live("bob"), 0)
	check(t, "who afterwards", b.get("/who").body, "eve")
}
