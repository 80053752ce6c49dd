package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/store"
)

// flashPrefix begins the keys of flash messages. Each message has a key of its own, so that adding
// one is a plain write that no other request can swallow.
const flashPrefix = "_flash."

// Flash is a message that is shown once, on this page or the next.
type Flash struct {
	Category string `json:"c"`
	Text     string `json:"t"`
}

// maxFlashes is how many messages may wait. A client that never asks for pages cannot fill its
// session with them.
const maxFlashes = 64

// Flash adds a message for the next page that asks for them. Of more than 64 that wait the oldest
// is dropped.
func (s *Session) Flash(category, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.writable() {
		return
	}
	b, err := json.Marshal(Flash{category, text})
	if err != nil {
		s.failLocked(fmt.Errorf("session: flash: %w", err))
		return
	}
	if waiting := s.waiting(); len(waiting) >= maxFlashes {
		s.put(change{key: waiting[0].key})
	}
	// Keys sort by time; the count keeps the order within one request, the random part keeps
	// requests apart.
	key := fmt.Sprintf("%s%016x.%04x.%08x", flashPrefix, s.m.now().UnixMilli(), max(s.flashed, len(s.changes)), random())
	s.flashed = max(s.flashed, len(s.changes)) + 1
	s.put(change{key: key, value: b})
}

// waiting gives the messages that this request sees, oldest first.
func (s *Session) waiting() (list []stored) {
	if s.lives() && !s.clear {
		for _, k := range flashesIn(s.found.Record.Values) {
			if s.find(k.key) < 0 {
				list = append(list, k)
			}
		}
	}
	for i := range s.changes {
		if c := &s.changes[i]; c.value != nil && strings.HasPrefix(c.key, flashPrefix) {
			list = append(list, stored{c.key, c.value})
		}
	}
	sortStored(list)
	return list
}

func sortStored(list []stored) {
	slices.SortFunc(list, func(a, b stored) int { return strings.Compare(a.key, b.key) })
}

// Flashes takes the messages that wait, oldest first. They are removed from the store before
// Flashes returns, whatever becomes of the answer, so that a message is shown at most once, to one
// visitor, however many requests ask. One that is added meanwhile waits for the next page. A HEAD
// request takes none, nor does a page that a browser fetches on suspicion (Sec-Purpose: prefetch):
// nobody may ever read its answer. While the store cannot remove them none is shown,
// and the page goes on without.
func (s *Session) Flashes() []Flash {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.load() || s.r.Method == http.MethodHead || speculative(s.r) {
		return nil
	}
	if s.committed {
		s.failLocked(ErrCommitted)
		return nil
	}
	if s.state == nil {
		return nil
	}
	list := s.takeStored()
	// Those of this very request follow.
	kept := s.changes[:0]
	for _, c := range s.changes {
		switch {
		case !strings.HasPrefix(c.key, flashPrefix):
			kept = append(kept, c)
		case c.value != nil:
			list = append(list, stored{c.key, c.value})
		}
	}
	clear(s.changes[len(kept):])
	s.changes, s.bytes = kept, -1
	sortStored(list)
	var flashes []Flash
	for _, k := range list {
		var f Flash
		if err := json.Unmarshal(k.value, &f); err != nil {
			s.observe(EventUnreadable, s.found.Record.ID, err)
			continue
		}
		flashes = append(flashes, f)
	}
	return flashes
}

// speculative reports whether a browser asks for a page before anybody has gone there: to
// Sec-Purpose (Fetch standard) and the headers that came before it.
func speculative(r *http.Request) bool {
	for _, name := range []string{"Sec-Purpose", "Purpose", "X-Moz"} {
		if strings.HasPrefix(r.Header.Get(name), "prefetch") {
			return true
		}
	}
	return false
}

type stored struct {
	key   string
	value []byte
}

// takeStored removes the stored messages under the version they were read at, and gives them.
func (s *Session) takeStored() []stored {
	if !s.lives() || s.clear {
		return nil
	}
	ctx, cancel := s.saveContext()
	defer cancel()
	for try := 1; ; try++ {
		taken := flashesIn(s.found.Record.Values)
		if len(taken) == 0 {
			return nil
		}
		p := store.Patch{Now: s.m.now(), IfVersion: s.found.Record.Version}
		for _, k := range taken {
			p.Delete = append(p.Delete, k.key)
		}
		f, err := s.in.place.Write(ctx, s.found, place.Change{Patch: p})
		if err == nil {
			s.settle(f)
			s.found.Record.Values = f.Record.Values.Apply(p)
			if f.Urgency == place.Needed { // what was shown must not come back with the request's cookie
				s.keep()
			}
			return taken
		}
		s.found = f
		if err = s.retry(ctx, err, try); err != nil {
			s.notTaken(err)
			return nil
		}
	}
}

// notTaken leaves the messages for another page, when the store is away or too busy. Only a session
// that has ended, or changes of this request that cannot be saved any more, are its affair.
func (s *Session) notTaken(err error) {
	if errors.Is(err, ErrEnded) && s.standsAlone() {
		return
	}
	if errors.Is(err, ErrEnded) || errors.Is(err, errRebase) {
		s.failLocked(fmt.Errorf("session: flashes: %w", err))
		return
	}
	s.observe(EventSaveFailed, s.found.Record.ID, fmt.Errorf("session: flashes: %w", err))
}

func flashesIn(v store.Values) (list []stored) {
	for k, b := range v {
		if strings.HasPrefix(k, flashPrefix) {
			list = append(list, stored{k, b})
		}
	}
	return list
}
