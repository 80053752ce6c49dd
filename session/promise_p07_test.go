package session_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// P7: broken is empty.

// Guard: lifecycle.go, Session.load: counted, not cleared.
func TestP07BrokenCookie(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := "__Host-session="
	for _, value := range []string{"x", "\"", "%", "\xff\xfe"} {
		b := &browser{w: w, header: http.Header{}, cookie: name + value}
		a := b.get("/city")
		check(t, "status", a.status, http.StatusOK)
		check(t, "cookies", len(a.header["Set-Cookie"]), 0)
	}
	check(t, "counted", w.seen(session.EventUnreadable), 4)
	b := &browser{w: w, header: http.Header{}, cookie: name + "x"}
	b.get("/in?as=ada")
	check(t, "subject after signing in over it", b.get("/who").body, "ada")

	b = &browser{w: w, header: http.Header{}, cookie: name + "x"}
	b.get("/out")
	check(t, "cookie after signing out", b.cookie, "")
}

// unreadableStore gives every record without its values, like a store whose values are damaged.
type unreadableStore struct{ *spy }

func (s unreadableStore) Load(ctx context.Context, id session.ID, now time.Time) (store.Record, error) {
	r, err := s.spy.Load(ctx, id, now)
	if err == nil && r.Values["broken"] != nil {
		r.Values, err = nil, fmt.Errorf("damaged: %w", store.ErrUnreadable)
	}
	return r, err
}

// Guard: internal/place/stored.go, stored.Open, ErrUnreadable; lifecycle.go, Session.openIn;
// session.go, Session.drop.
func TestP07BrokenRecord(t *testing.T) {
	t.Parallel()
	var w *world
	broken := func() *browser {
		w = newWorld(t, func(c *session.Config) { c.Home.Store = unreadableStore{c.Home.Store.(*spy)} })
		w.on("/break", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
			s.SignIn("ada")
			session.Key[bool]("broken").Set(s, true)
		})
		b := w.browser()
		b.get("/break")
		return b
	}
	b := broken()
	a := b.get("/who")
	check(t, "status", a.status, http.StatusOK)
	check(t, "subject", a.body, "")
	check(t, "cookies", len(a.header["Set-Cookie"]), 0)
	check(t, "counted", w.seen(session.EventUnreadable), 1)
	check(t, "still in the list", w.live("ada"), 1)

	b.get("/out") // its owner can end it
	check(t, "after signing out", w.live("ada"), 0)
	check(t, "cookie", b.cookie, "")

	b = broken()
	b.get("/in?as=ada") // or replace it
	check(t, "after signing in", w.live("ada"), 1)
	check(t, "subject", b.get("/who").body, "ada")

	b = broken()
	b.get("/set?city=Oslo")
	check(t, "a stranger's write", b.get("/city").body, "Oslo")
}

// One key that no longer decodes is one absent key. Guard: key.go, Get and Pop and Update;
// Session.Flashes.
func TestP07BrokenValue(t *testing.T) {
	t.Parallel()
	type old struct{ Name string }
	type renamed struct{ Name int }
	w := newWorld(t)
	w.on("/write", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		session.Key[old]("user").Set(s, old{"Ada"})
		session.Key[string]("count").Set(s, "not a number")
		city.Set(s, "Oslo")
	})
	w.on("/read", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		v, ok := session.Key[renamed]("user").Get(s)
		n, okN := count.Get(s)
		p, okP := session.Key[renamed]("user").Pop(s)
		c, _ := city.Get(s)
		_, _ = fmt.Fprintln(rw, v, ok, n, okN, p, okP, c, s.Err())
	})
	w.on("/update", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
		count.Update(s, func(n int) int { return n + 1 })
	})
	w.on("/count", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		_, _ = fmt.Fprint(rw, must(count.Get(s)))
	})
	b := w.browser()
	b.get("/write")
	check(t, "reads", b.get("/read").body, "{0} false 0 false {0} false Oslo <nil>\n")
	check(t, "counted", w.seen(session.EventUnreadable), 3)
	b.get("/update")
	check(t, "counted anew", b.get("/count").body, "1")

	// A message that another program wrote in another form is passed over.
	w.on("/flash", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		s.Flash("info", "fine")
		_, _ = fmt.Fprint(rw, s.Flashes())
	})
	list, _ := w.memory.BySubject(t.Context(), "", w.clock.Now())
	check(t, "strangers in lists", len(list), 0)
	w.store.forget()
	b.get("/set?city=Rome")
	patch := w.store.patches[0]
	patch.Set = store.Values{"_flash.0": []byte("[")}
	if _, err := w.memory.Patch(t.Context(), patch); err != nil {
		t.Fatal(err)
	}
	check(t, "messages", b.get("/flash").body, "[{info fine}]")
	check(t, "counted", w.seen(session.EventUnreadable), 4)
}

func must[T any](v T, _ bool) T { return v }
