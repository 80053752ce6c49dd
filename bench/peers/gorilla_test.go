package peers_test

import (
	"net/http"

	"github.com/gorilla/sessions"
)

// peerGorilla is github.com/gorilla/sessions with its encrypted CookieStore. The whole session is
// in the cookie and nothing of it on the server, so signing out can only ask the browser to forget
// the cookie: one that somebody copied, or that a slow answer sets again, opens the session until
// its 30 days are over. No library that seals its data in the cookie can do otherwise, ours
// neither.
type peerGorilla struct{ store *sessions.CookieStore }

func newGorilla() peerGorilla {
	return peerGorilla{sessions.NewCookieStore([]byte("an authentication key of gorilla"), []byte("a key of 32 bytes for comparison"))}
}

func (peerGorilla) pass() {} // it writes a use down only if a handler saves

func (p peerGorilla) do(cookie string, what func(access)) string {
	return serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, _ := p.store.Get(r, "session")
		in := &inGorilla{s: s}
		what(in)
		if in.changed {
			_ = s.Save(r, w)
		}
	}), cookie)
}

type inGorilla struct {
	s       *sessions.Session
	changed bool
}

func (g *inGorilla) get(key string) string { v, _ := g.s.Values[key].(string); return v }
func (g *inGorilla) set(key, value string) { g.s.Values[key], g.changed = value, true }
func (g *inGorilla) signIn()               {}
func (g *inGorilla) signOut()              { g.s.Options.MaxAge, g.changed = -1, true }
