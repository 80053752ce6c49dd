package session

import (
	"sync"
	"time"
)

// askAgainEvery is how long after a request was sent to its own address another one of the same
// session is not.
const askAgainEvery = 10 * time.Second

// askedAgain remembers the sessions whose requests were sent to their own address, each for ten
// seconds. Each node remembers its own: a browser is sent there once by each.
type askedAgain struct {
	mu sync.Mutex
	at map[ID]time.Time
}

// first reports whether a session's request may be sent to its own address at now, and remembers
// that it was.
func (a *askedAgain) first(id ID, now time.Time) bool {
	const most = 1000
	a.mu.Lock()
	defer a.mu.Unlock()
	if at, ok := a.at[id]; ok && now.Sub(at) < askAgainEvery {
		return false
	}
	if a.at == nil || len(a.at) >= most { // a crowd is sent once more, at worst
		a.at = make(map[ID]time.Time)
	}
	a.at[id] = now
	return true
}

// mayAskAgain is decided once for a request.
func (s *Session) mayAskAgain() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sendsAgain()
}

func (s *Session) sendsAgain() bool {
	if s.again == undecided {
		if s.again = once; !s.m.askedAgain.first(s.id(), s.m.now()) {
			s.again = enough
		}
	}
	return s.again == once
}

// again says whether a request may be sent to its own address.
type again uint8

const (
	undecided again = iota
	once
	enough
)
