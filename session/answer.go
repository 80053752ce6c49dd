package session

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/doorbook/doorbook/session/internal/place"
)

// answer is what the answer carries of the session.
type answer struct {
	due    *http.Cookie // nil for none
	saved  *http.Cookie // the one that was due after the last Save
	needed bool         // it must not be lost: without it the session, or its end, is lost on the client
	taken  bool         // the caller of TakeCookie sends it
	bare   bool         // none can be carried: the connection is about to be hijacked
}

// setDue makes the cookie for the session as it is now, if the browser holds another. It never
// outlives the record.
func (s *Session) setDue(now time.Time) error {
	cookie := s.in.cookie
	if s.forget || len(s.dropped) > 0 {
		s.answer.due, s.answer.needed = cookie.removal(), true
	}
	if !s.lives() || s.found.Urgency < place.Wanted || s.answer.bare && s.found.Urgency < place.Needed {
		return nil
	}
	value, err := s.in.place.Cookie(s.found)
	if err != nil {
		if s.found.Urgency == place.Wanted { // it works as it is
			s.observe(EventTouchFailed, s.found.Record.ID, err)
			return nil
		}
		return fmt.Errorf("session: save: %w", err)
	}
	s.answer.needed = s.answer.needed || s.found.Urgency == place.Needed
	s.found.Urgency = place.Fresh
	var expires time.Time
	if s.found.Record.Persist {
		expires = s.found.Record.Expires
	}
	if s.answer.due = cookie.build(value, now, expires); value == "" {
		s.answer.due = cookie.removal()
	}
	return nil
}

// sendDue puts the session key where the client keeps it. A cookie of an old name goes away
// together with it.
func (s *Session) sendDue(h http.Header) {
	if s.via == viaHeader || s.via == viaEmptyHeader {
		h.Set(s.m.cfg.Header, s.answer.due.Value)
		return
	}
	if line := s.answer.due.String(); !s.answer.taken || !slices.Contains(h["Set-Cookie"], line) {
		h.Add("Set-Cookie", line)
	}
	if old := s.m.cfg.Old.Cookie; old.Name != s.in.cookie.Name {
		if value, duplicate := findCookie(s.r.Header, old.Name); value != "" || duplicate {
			h.Add("Set-Cookie", old.removal().String())
		}
	}
}

// clearDuplicates makes the browser forget cookies of which it sends several. The one that is due, if
// there is one, comes after.
func (s *Session) clearDuplicates(h http.Header) {
	home, old := s.m.cfg.Home.Cookie, s.m.cfg.Old.Cookie
	for _, cookie := range []Cookie{home, old} {
		if _, several := findCookie(s.r.Header, cookie.Name); several {
			for _, k := range cookie.clearing(s.r.Host) {
				h.Add("Set-Cookie", k.String())
			}
		}
		if old.Name == home.Name {
			break
		}
	}
}

// cookieDue reports whether a cookie waits that must not be lost.
func (s *Session) cookieDue() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answer.due != nil && s.answer.needed && !s.answer.taken
}
