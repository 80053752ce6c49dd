package session

import (
	"context"
	"net/http"
	"net/url"
)

// Open returns the session of a key that did not come with an HTTP request: in the metadata of an RPC,
// in a message, in a job's arguments. An empty key, or one that opens nothing, is a session of nobody,
// as in a request. What is changed is kept by Session.Save, and only by that; then Session.Key is
// what the client sends from now on. All promises hold, and so do the limits of time: a client that
// hangs up does not cancel a save.
//
//	s := sessions.Open(ctx, key)
//	s.SignIn("ada")
//	if err := s.Save(); err != nil { … }
//	reply.Key = s.Key()
//
// If the store does not answer the session is nobody's, too, and Session.Err says so. A Session that
// was opened is for one call, and safe for the goroutines of that: open it anew for the next.
// Config.ClientAddr is given a request without an address.
func (m *Manager) Open(ctx context.Context, key string) *Session {
	r := &http.Request{URL: &url.URL{Path: "/"}, Header: http.Header{openedKey: {key}}}
	return &Session{m: m, r: r.WithContext(ctx)}
}

// openedKey is where the request that stands in for none has the key. It has no method, which no
// request of a server lacks.
const openedKey = "Key"

// openedWith returns the key of Manager.Open, if the session is one of those.
func (s *Session) openedWith() (key string, opened bool) {
	if s.m == nil || s.r.Method != "" {
		return "", false
	}
	return s.r.Header.Get(openedKey), true
}

// Key returns what the client is to send to come back to the session: the key that it was opened
// with, or the one that took its place with the last Save; "" if there is no session any more, or
// none yet. An error leaves it as it was. In a request the cookie does this (see TakeCookie): there
// it is always "".
func (s *Session) Key() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, opened := s.openedWith()
	if !opened {
		return ""
	}
	switch sound := s.load(); {
	case s.answer.saved != nil:
		return s.answer.saved.Value
	case !sound, s.lives():
		return key
	}
	return ""
}
