package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/gorilla/sessions"

	"github.com/doorbook/doorbook/session"
)

// store is a sessions.Store of gorilla's for libraries that ask for one, as gothic does: what they
// keep is a value of the request's own session. So it is where sessions live, has their promises,
// and there is no second cookie. A value that is text comes back as it was; others are refused.
type store struct{}

// text is bytes, because what gothic keeps is compressed.
type text map[string][]byte

func key(name string) session.Key[text] { return session.Key[text]("gorilla " + name) }

func (st store) Get(r *http.Request, name string) (*sessions.Session, error) { return st.New(r, name) }

func (st store) New(r *http.Request, name string) (*sessions.Session, error) {
	g := sessions.NewSession(st, name)
	g.Options = &sessions.Options{MaxAge: 600} // a sign-in that is under way; the cookie's attributes are ours
	own := session.From(r.Context())
	kept, ok := key(name).Get(own)
	for k, v := range kept {
		g.Values[k] = string(v)
	}
	g.IsNew = !ok
	return g, own.Err()
}

// Save keeps the values for MaxAge seconds, with the answer's first byte.
func (st store) Save(r *http.Request, _ http.ResponseWriter, g *sessions.Session) error {
	own, keep := session.From(r.Context()), text{}
	for k, v := range g.Values {
		name, ok := k.(string)
		value, fits := v.(string)
		if !ok || !fits {
			return fmt.Errorf("session %q: a %T named %v, and only text fits", g.Name(), v, k)
		}
		keep[name] = []byte(value)
	}
	switch age := time.Duration(g.Options.MaxAge) * time.Second; {
	case age < 0:
		key(g.Name()).Delete(own)
	case age == 0:
		key(g.Name()).Set(own, keep)
	default:
		key(g.Name()).SetFor(own, keep, age)
	}
	return own.Err()
}
