package session_test

import (
	"net/http"
	"testing"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/sealed"
)

// What another request writes between the load, the Save and the answer of this one.

// An Update after Save counts what another request wrote between the load and that Save (P1).
func TestUpdateAfterSaveCountsOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	add := func(s *session.Session) { count.Update(s, func(n int) int { return n + 1 }) }
	w.on("/add", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { add(s) })
	b := w.signedIn("ada")
	other := b.copy()
	w.on("/a", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		city.Set(s, "Oslo") // loads
		other.get("/add")
		if err := s.Save(); err != nil {
			t.Error(err)
		}
		add(s)
	})
	check(t, "status", b.get("/a").status, http.StatusOK)
	inRequestOf(b, func(s *session.Session) { n, _ := count.Get(s); check(t, "count", n, 2) })
}

// A value that another request popped between the load and Save is not popped again after it.
func TestPopAfterSaveIsForOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	b.get("/set?city=Oslo")
	other := b.copy()
	answered := 0
	w.on("/pop", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { city.Pop(s) })
	w.on("/a", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		count.Set(s, 1)
		if other.get("/pop").status == http.StatusOK {
			answered++
		}
		if err := s.Save(); err != nil {
			t.Error(err)
		}
		city.Pop(s)
	})
	if b.get("/a").status == http.StatusOK {
		answered++
	}
	check(t, "requests that popped the value and were answered", answered, 1)
}

// Nor is a message that another request has shown shown again.
func TestFlashesAfterSaveAreShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	inHandler(b, func(s *session.Session) { s.Flash("info", "once") })
	other := b.copy()
	shown := 0
	w.on("/flashes", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { shown += len(s.Flashes()) })
	w.on("/a", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		count.Set(s, 1)
		other.get("/flashes")
		if err := s.Save(); err != nil {
			t.Error(err)
		}
		shown += len(s.Flashes())
	})
	b.get("/a")
	check(t, "times shown", shown, 1)
}

// One goroutine of a request may update while another saves, and meets a conflict with that.
func TestUpdateDuringSave(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	inHandler(b, func(s *session.Session) { count.Set(s, 1) })
	other := b.copy()
	inHandler(b, func(s *session.Session) {
		s.Subject()
		inHandler(other, func(s *session.Session) { count.Set(s, 5) })
		done := make(chan int, 1)
		go func() { done <- count.Update(s, func(n int) int { return n + 1 }) }()
		if err := s.Save(); err != nil { // conflict, rebase
			t.Error(err)
		}
		<-done
	})
}

// A Pop after an Update of the same request is exclusive, too.
func TestPopAfterUpdateIsForOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.signedIn("ada")
	inHandler(b, func(s *session.Session) { count.Set(s, 1) })
	other := b.copy()
	answered := 0
	pop := func(s *session.Session) { count.Update(s, func(n int) int { return n + 1 }); count.Pop(s) }
	if inHandler(b, func(s *session.Session) {
		pop(s)
		if inHandler(other, pop).status == http.StatusOK {
			answered++
		}
	}).status == http.StatusOK {
		answered++
	}
	check(t, "requests that popped the value and were answered", answered, 1)
}

// A Pop, and then a sign-out or a sign-in over another subject, does not mind what others write
// under another key.
func TestPopAndSignOutBesideAnotherKey(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"out", "in"} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			b := w.signedIn("ada")
			b.get("/set?city=Oslo")
			other := b.copy()
			w.on("/count", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { count.Set(s, 1) })
			a := inHandler(b, func(s *session.Session) {
				city.Pop(s)
				other.get("/count") // does not touch city
				if how == "out" {
					s.SignOut()
				} else {
					s.SignIn("bob")
				}
			})
			check(t, "status", a.status, http.StatusOK)
			check(t, "live records of ada", w.live("ada"), 0)
		})
	}
}

// The same for a session that is about to leave its cookie, of which nothing is stored.
func TestPopAndSignOutOnTheWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sealedHome)
	b := w.signedIn("ada")
	b.get("/set?city=Oslo")
	b.w = newWorld(t, func(c *session.Config) { c.Old.Format = sealed.New() })
	a := inHandler(b, func(s *session.Session) { city.Pop(s); s.SignOut() })
	check(t, "status", a.status, http.StatusOK)
	check(t, "who", b.get("/who").body, "")
}
