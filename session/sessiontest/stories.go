package sessiontest

import (
	"context"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/store"
)

// story is one request, or one call of a Manager, that needs the store.
type story struct {
	name   string
	before func(s *session.Session, subject string) // makes the session that the browser comes with; nil: it has none
	later  time.Duration                            // how long after that the story happens
	newKey bool                                     // the ring got a new first key meanwhile

	do   func(s *session.Session, c *scene)                                               // the request's handler; or
	call func(ctx context.Context, m *session.Manager, subject string, id store.ID) error // what is called instead

	passedOver []string // methods whose failure is no reason for an error page
	others     int      // other sessions of the same subject, in a Manager that allows as many in all
	final      bool     // nothing of the session may be left once the story is acknowledged
}

const (
	city  session.Key[string] = "city"
	fruit session.Key[string] = "fruit"
	count session.Key[int]    = "count"
)

// signedInBefore makes a session of subject with all there can be in it.
func signedInBefore(s *session.Session, subject string) {
	s.SignIn(subject)
	strangerBefore(s, subject)
}

func strangerBefore(s *session.Session, _ string) {
	city.Set(s, "Rome")
	fruit.Set(s, "fig")
	count.Set(s, 7)
	s.Flash("info", "hello")
}

func add(n int) func(int) int { return func(old int) int { return old + n } }

// capped is what a sign-in does to hold its subject to Config.MaxPerSubject. The next one does it
// again.
var capped = []string{"BySubject"}

// stories are all that a request can do to a session.
var stories = []story{
	{name: "nothing", before: signedInBefore, do: func(*session.Session, *scene) {}},
	{name: "a stranger's read", do: func(s *session.Session, _ *scene) { city.Get(s) }},
	{name: "a stranger's sign-out", do: func(s *session.Session, _ *scene) { s.SignOut() }},
	{name: "first write", do: func(s *session.Session, _ *scene) { city.Set(s, "Oslo"); count.Update(s, add(1)) }},
	{name: "first flash", do: func(s *session.Session, _ *scene) { s.Flash("info", "hello") }},
	{
		name: "first sign-in", passedOver: capped,
		do: func(s *session.Session, c *scene) { s.SignIn(c.subject); city.Set(s, "Oslo") },
	},
	{
		name: "first sign-in, remembered", passedOver: capped,
		do: func(s *session.Session, c *scene) { s.SignInRemembered(c.subject) },
	},
	{
		name: "sign-in beside too many others", others: 2, passedOver: []string{"BySubject", "Delete"},
		do: func(s *session.Session, c *scene) { s.SignIn(c.subject) },
	},
	{name: "read", before: signedInBefore, do: func(s *session.Session, _ *scene) { city.Get(s) }},
	{
		name: "read and touch", before: signedInBefore, later: time.Hour, passedOver: []string{"Touch"},
		do: func(s *session.Session, _ *scene) { city.Get(s) },
	},
	{
		name: "read under a new key", before: signedInBefore, later: time.Hour, newKey: true, passedOver: []string{"Patch"},
		do: func(s *session.Session, _ *scene) { city.Get(s) },
	},
	{name: "write", before: signedInBefore, do: func(s *session.Session, _ *scene) { city.Set(s, "Oslo") }},
	{name: "write and delete", before: signedInBefore, later: time.Hour, do: func(s *session.Session, _ *scene) {
		city.Set(s, "Oslo")
		fruit.Delete(s)
		count.Set(s, 8)
	}},
	{name: "save and write more", before: signedInBefore, do: func(s *session.Session, _ *scene) {
		city.Set(s, "Oslo")
		_ = s.Save() // an error is sticky
		city.Set(s, "Bergen")
	}},
	{name: "clear", before: signedInBefore, do: func(s *session.Session, _ *scene) { s.Clear(); city.Set(s, "Oslo") }},
	{name: "update", before: signedInBefore, do: func(s *session.Session, _ *scene) { count.Update(s, add(1)) }},
	{name: "update that meets another", before: signedInBefore, do: func(s *session.Session, c *scene) {
		count.Update(s, add(1))
		c.meanwhile(s, func(s *session.Session) { count.Update(s, add(10)) })
	}},
	{name: "pop", before: signedInBefore, do: func(s *session.Session, _ *scene) { city.Pop(s) }},
	{name: "pop that meets another", before: signedInBefore, do: func(s *session.Session, c *scene) {
		city.Pop(s)
		c.meanwhile(s, func(s *session.Session) { fruit.Set(s, "pear") })
	}},
	{name: "flash", before: signedInBefore, do: func(s *session.Session, _ *scene) { s.Flash("info", "two") }},
	{
		name: "flashes", before: signedInBefore, passedOver: []string{"Patch"},
		do: func(s *session.Session, _ *scene) { s.Flashes() },
	},
	{name: "renew", before: signedInBefore, do: func(s *session.Session, _ *scene) { s.Renew() }},
	{name: "sign-in", before: strangerBefore, passedOver: capped, do: func(s *session.Session, c *scene) {
		s.SignIn(c.subject)
		city.Set(s, "Oslo")
	}},
	{
		name: "sign-in again", before: signedInBefore, passedOver: capped,
		do: func(s *session.Session, c *scene) { s.SignIn(c.subject) },
	},
	{
		name: "sign-in over another subject", before: signedInBefore, passedOver: capped,
		do: func(s *session.Session, c *scene) {
			s.SignIn(c.subject + " the second")
			city.Set(s, "Oslo")
		},
	},
	{
		name: "sign-in over another subject after a pop", before: signedInBefore, passedOver: capped,
		do: func(s *session.Session, c *scene) {
			city.Pop(s)
			s.SignIn(c.subject + " the second")
		},
	},
	{name: "sign-out", before: signedInBefore, final: true, do: func(s *session.Session, _ *scene) { s.SignOut() }},
	{name: "sign-out with a message", before: signedInBefore, final: true, do: func(s *session.Session, _ *scene) {
		s.SignOut()
		s.Flash("info", "bye")
	}},
	{
		name: "End", before: signedInBefore, final: true,
		call: func(ctx context.Context, m *session.Manager, subject string, id store.ID) error {
			return m.End(ctx, subject, id)
		},
	},
	{
		name: "EndAll", before: signedInBefore, final: true,
		call: func(ctx context.Context, m *session.Manager, subject string, _ store.ID) error {
			_, err := m.EndAll(ctx, subject)
			return err
		},
	},
	{
		name: "List", before: signedInBefore,
		call: func(ctx context.Context, m *session.Manager, subject string, _ store.ID) error {
			_, err := m.List(ctx, subject)
			return err
		},
	},
}
