package session

import (
	"net/http"
)

// Save saves what was changed so far, before the answer begins: for handlers that must know that it
// is done before they go on, and for work that goes on after a panic. What is changed afterwards is
// saved with the answer, as ever. The cookie that is due goes with the answer, too, whatever
// becomes of that. An error is sticky, as every other.
func (s *Session) Save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.committed && s.err == nil {
		s.err = ErrCommitted
	}
	if s.err != nil || !s.loaded {
		return s.err
	}
	if err := s.save(); err != nil {
		s.answer.due, s.err, s.told = s.answer.saved, err, true
		s.tellFailure(err)
		return err
	}
	s.answer.saved, s.forget = s.answer.due, false
	if s.state != nil {
		r := &s.found.Record
		r.Values = r.Values.Apply(s.patch(r.Version))
		s.reset()
		s.dropped = nil
		s.keep()
	}
	return nil
}

// keep remembers what was found and is saved, for Discard.
func (s *Session) keep() {
	kept := *s.state
	kept.reset()
	kept.dropped = nil
	s.kept = &kept
}

// commitBare is commit for a connection that is about to be hijacked: what cookies can wait do.
func (s *Session) commitBare() error {
	s.mu.Lock()
	s.answer.bare = true
	s.mu.Unlock()
	return s.commit(http.StatusSwitchingProtocols)
}

// TakeCookie saves the session now and returns the cookie that its caller promises to send, or nil
// if none is due. It is for those who hijack the connection and write the answer's header
// themselves, such as WebSocket libraries. A client that brought its key in a header
// (Config.Header) wants the cookie's Value there, and no cookie. If the answer is sent the ordinary
// way after all, it carries the cookie once.
func (s *Session) TakeCookie() (*http.Cookie, error) {
	if s.m == nil {
		return nil, ErrNoMiddleware
	}
	if err := s.commit(http.StatusSwitchingProtocols); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer.taken = true
	return s.answer.due, nil
}
