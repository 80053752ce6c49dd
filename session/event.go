package session

import (
	"errors"

	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/store"
)

// Event is something that happened to a session.
type Event struct {
	Kind EventKind
	ID   ID    // the record's id, zero where there is none
	Err  error // why, for the kinds that are failures
}

// EventKind says what happened.
type EventKind string

// The kinds of events.
const (
	EventCreated     EventKind = "created"      // a record came into being
	EventSignedIn    EventKind = "signed in"    // a sign-in was saved
	EventRenewed     EventKind = "renewed"      // the key changed without a sign-in
	EventEnded       EventKind = "ended"        // a record was deleted: by its request, End, Config.Valid, or the cap
	EventRevived     EventKind = "revived"      // a request with the key of a session that had ended was refused
	EventUnreadable  EventKind = "unreadable"   // a cookie, a record or a value could not be read and counted as absent
	EventConflict    EventKind = "conflict"     // an update met another and is tried again
	EventLoadFailed  EventKind = "load failed"  // the store did not answer
	EventSaveFailed  EventKind = "save failed"  // the store did not save, or the session was not fit to be saved
	EventMoved       EventKind = "moved"        // a session that came in a cookie of Config.Old was stored
	EventTouchFailed EventKind = "touch failed" // the store did not write down a use, and the request went on
)

// tellOpened tells what came to pass when a cookie was opened, and holds whose session began with
// that to Config.MaxPerSubject.
func (s *Session) tellOpened(f *place.Found) {
	if f.Left != (ID{}) {
		s.observe(EventEnded, f.Left, nil)
	}
	if f.Begun {
		s.observe(EventCreated, f.Record.ID, nil)
	}
	if f.Begun && f.State.Lives() {
		s.trim(f.Record)
	}
	if f.State == place.Ended {
		s.observe(EventRevived, f.Record.ID, store.ErrNotFound)
	}
}

// settle goes on with a session as its place has made it, and tells if it began or moved with that.
func (s *Session) settle(f place.Found) {
	was := s.found.State
	s.found = f
	switch {
	case was == place.Arriving:
		s.observe(EventMoved, f.Record.ID, nil)
	case !was.Lives():
		s.observe(EventCreated, f.Record.ID, nil)
	}
}

// tellSaved tells what was saved of a session that lived before, or begins with it, and holds who
// signed in to Config.MaxPerSubject.
func (s *Session) tellSaved(lived bool) {
	switch {
	case !s.lives():
	case s.signIn != nil:
		s.observe(EventSignedIn, s.found.Record.ID, nil)
		s.trim(s.found.Record)
	case s.renew && lived:
		s.observe(EventRenewed, s.found.Record.ID, nil)
	}
}

// tellFailure tells of a session that could not be saved, unless that is told already.
func (s *Session) tellFailure(err error) {
	if !errors.Is(err, ErrEnded) && !errors.Is(err, errLoad) {
		s.observe(EventSaveFailed, s.id(), err)
	}
}

// observe tells of an event. The context it passes does not lead to this session, whose lock is
// held.
func (s *Session) observe(kind EventKind, id ID, err error) {
	s.m.cfg.Observe(s.r.Context(), Event{Kind: kind, ID: id, Err: err})
}
