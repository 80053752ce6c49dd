package api

import (
	"net/http"
	"time"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/httpx"
)

// Session is a session as the interface, and the command line in JSON, show one. Its id opens
// nothing.
type Session struct {
	ID         string     `json:"id"`
	Device     string     `json:"device"`         // browser and system in words
	Name       string     `json:"name,omitempty"` // what its owner calls the device
	UserAgent  string     `json:"user_agent"`
	ClientAddr string     `json:"client_addr"`
	SignedInAt time.Time  `json:"signed_in_at"`
	LastSeenAt time.Time  `json:"last_seen_at"`
	ExpiresAt  time.Time  `json:"expires_at"`
	FirstSeen  *time.Time `json:"first_seen_at,omitempty"` // of the device
	Current    bool       `json:"current"`
	New        bool       `json:"new"`
}

// SessionOf returns a session of the door as Session.
func SessionOf(s door.SessionInfo) Session {
	out := Session{
		ID: s.ID, Device: s.Device, Name: s.Name, UserAgent: s.UserAgent, ClientAddr: s.Addr,
		SignedInAt: s.SignedIn.UTC(), LastSeenAt: s.LastSeen.UTC(), ExpiresAt: s.Expires.UTC(),
		Current: s.Current, New: s.New,
	}
	if !s.FirstSeen.IsZero() {
		first := s.FirstSeen.UTC()
		out.FirstSeen = &first
	}
	return out
}

// EndedSession is a session that is over, as the interface, and the command line in JSON, show one.
type EndedSession struct {
	ID         string    `json:"id"`
	Device     string    `json:"device"`
	Name       string    `json:"name,omitempty"`
	UserAgent  string    `json:"user_agent"`
	ClientAddr string    `json:"client_addr"`
	Method     string    `json:"method,omitempty"` // absent for a session that another program began
	SignedInAt time.Time `json:"signed_in_at"`
	LastSeenAt time.Time `json:"last_seen_at"`
	EndedAt    time.Time `json:"ended_at"`
	Why        string    `json:"why"`
	By         *EndedBy  `json:"ended_by,omitempty"` // absent where nobody ended it
}

// EndedBy is who has ended a session.
type EndedBy struct {
	ID   string `json:"id,omitempty"` // absent for the operator
	Name string `json:"name"`
}

// EndedOf returns an ended session of the door as EndedSession.
func EndedOf(e door.EndedSession) EndedSession {
	out := EndedSession{
		ID: e.Session, Device: e.DeviceWords, Name: e.Name, UserAgent: e.UserAgent, ClientAddr: e.Addr, Method: string(e.Method),
		SignedInAt: e.Began.UTC(), LastSeenAt: e.LastSeen.UTC(), EndedAt: e.At.UTC(), Why: string(e.Reason),
	}
	if !e.Ended.IsZero() {
		out.By = &EndedBy{ID: e.By, Name: e.ByName}
	}
	return out
}

// history is where somebody is and was signed in.
type history struct {
	Sessions []Session      `json:"sessions"`
	Ended    []EndedSession `json:"ended"`      // in the last 30 days, the latest end first
	More     bool           `json:"more_ended"` // there are others before those
}

// whose says of whom the sessions are that an address names, and which of them.
type whose func(r *http.Request, v *door.Visit) (target, session string, err error)

// mine is the visitor themselves.
func mine(r *http.Request, v *door.Visit) (target, session string, err error) {
	return v.Developer.ID, r.PathValue("id"), nil
}

// theirs is the developer that the address names.
func theirs(r *http.Request, _ *door.Visit) (target, session string, err error) {
	target, err = pathID(r, "There is no such person.")
	return target, r.PathValue("session"), err
}

func (a *API) sessions(of whose) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
		target, _, err := of(r, v)
		if err != nil {
			return err
		}
		h, err := a.door.History(r.Context(), v, target)
		if err != nil {
			return err
		}
		return ok(w, http.StatusOK, showHistory(h))
	}
}

func showHistory(h door.History) history {
	out := history{Sessions: make([]Session, len(h.Live)), Ended: make([]EndedSession, len(h.Ended)), More: h.More}
	for i, s := range h.Live {
		out.Sessions[i] = SessionOf(s)
	}
	for i, e := range h.Ended {
		out.Ended[i] = EndedOf(e)
	}
	return out
}

type nameSessionIn struct {
	Name string `json:"name"`
}

func (a *API) nameSession(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	var in nameSessionIn
	if err := httpx.DecodeJSON(r, &in); err != nil {
		return err
	}
	named, err := a.door.NameSession(r.Context(), v, r.PathValue("id"), in.Name)
	if err != nil {
		return err
	}
	return ok(w, http.StatusOK, SessionOf(named))
}

// endedID is what has ended.
type endedID struct {
	ID string `json:"ended_id"`
}

func (a *API) endSession(of whose) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
		target, id, err := of(r, v)
		if err != nil {
			return err
		}
		if err := noFields(r); err != nil {
			return err
		}
		ended, err := a.door.EndSession(r.Context(), v, target, id)
		if err != nil {
			return err
		}
		return ok(w, http.StatusOK, endedID{ended.ID})
	}
}

type endSessionsIn struct {
	All             bool   `json:"all"`
	CurrentPassword string `json:"current_password"`
}

// EndedCount is how many sessions have ended.
type EndedCount struct {
	Ended int `json:"ended"`
}

func (a *API) endSessions(of whose) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
		target, _, err := of(r, v)
		if err != nil {
			return err
		}
		var in endSessionsIn
		if err := httpx.DecodeJSON(r, &in); err != nil {
			return err
		}
		n, err := a.door.EndSessions(r.Context(), v, target, door.EndSessions{All: in.All, CurrentPassword: in.CurrentPassword})
		if err != nil {
			return err
		}
		return ok(w, http.StatusOK, EndedCount{n})
	}
}
