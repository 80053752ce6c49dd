package session

import (
	"context"
	"errors"
	"net/http"
)

// saveContext bounds a visit to the store that is carried out whether the client still waits or
// not.
func (s *Session) saveContext() (context.Context, context.CancelFunc) {
	return s.m.visit(s.r.Context())
}

// commit saves what the request did and prepares the cookie that is due. It runs once, before the
// first byte of the answer; an error means that the handler's answer must not be sent.
func (s *Session) commit(status int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.committed {
		if s.withheld == errPanicked && status >= http.StatusInternalServerError {
			return nil // the error page of somebody who recovered outside, and kept the writer of inside
		}
		if s.withheld == nil { // a change after TakeCookie, or after a Hijack that failed
			s.withheld = s.err
		}
		return s.withheld
	}
	s.committed = true
	if s.cutShort(status) {
		if s.changed() {
			s.observe(EventSaveFailed, s.id(), errCutShort)
		}
		if s.state != nil {
			s.reset()
			s.dropped = nil
		}
		s.err, s.forget = nil, false
		return nil
	}
	s.withheld = errAborted // until it is known better: a store or a callback may panic
	failed := s.err
	if failed == nil && s.loaded {
		failed = s.save()
	}
	if failed != nil {
		s.due = s.saved
		if s.moved && errors.Is(failed, ErrEnded) {
			s.due = s.m.cfg.Cookie.removal() // it would open the same again, and end the same way
		}
		if !s.told {
			s.tellFailure(failed)
		}
	}
	s.err, s.withheld = failed, failed
	return failed
}

var (
	errAborted  = errors.New("session: the request was aborted while its session was loaded or saved")
	errCutShort = errors.New("session: the handler was cut short, so nothing of its changes was saved")
	errPanicked = errors.New("session: the handler panicked before its answer began")
)

// commitBare is commit for a connection that is about to be hijacked: what cookies can wait do.
func (s *Session) commitBare() error {
	s.mu.Lock()
	s.bare = true
	s.mu.Unlock()
	return s.commit(http.StatusSwitchingProtocols)
}

// close ends the session of a request that never began its answer because its handler panicked.
// Nothing is saved.
func (s *Session) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due = s.saved
	if !s.committed {
		s.committed, s.withheld = true, errPanicked
	}
}

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
	var before state
	if s.state != nil {
		before = *s.state
	}
	if err := s.save(); err != nil {
		if s.m.keyed.Load().carrier != nil && s.state != nil {
			*s.state = before // the cookie is all there is, and it did not come to be
		}
		s.due, s.err, s.told = s.saved, err, true
		s.tellFailure(err)
		return err
	}
	s.saved, s.forget = s.due, false
	if s.state != nil {
		s.rec.Values = s.rec.Values.Apply(s.patch())
		s.reset()
		s.dropped = nil
		kept := *s.state
		s.kept = &kept
	}
	return nil
}

// tellFailure tells of a session that could not be saved, unless that is told already.
func (s *Session) tellFailure(err error) {
	if !errors.Is(err, ErrEnded) && !errors.Is(err, errLoad) {
		s.observe(EventSaveFailed, s.id(), err)
	}
}

// TakeCookie saves the session now and gives the cookie that its caller promises to send, or nil if
// none is due. It is for those who hijack the connection and write the answer's header themselves,
// such as WebSocket libraries. A client that brought its key in a header (Config.Header) wants the
// cookie's Value there, and no cookie. If the answer is sent the ordinary way after all, it carries
// the cookie once.
func (s *Session) TakeCookie() (*http.Cookie, error) {
	if s.m == nil {
		return nil, ErrNoMiddleware
	}
	if err := s.commit(http.StatusSwitchingProtocols); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken = true
	return s.due, nil
}

// cookieDue reports whether a cookie waits that must not be lost.
func (s *Session) cookieDue() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.due != nil && s.needed && !s.taken
}
