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
	Device     string     `json:"device"`
	UserAgent  string     `json:"user_agent"`
	ClientAddr string     `json:"client_addr"`
	SignedInAt time.Time  `json:"signed_in_at"`
	LastSeenAt time.Time  `json:"last_seen_at"`
	ExpiresAt  time.Time  `json:"expires_at"`
	FirstSeen  *time.Time `json:"first_seen_at,omitempty"` // of the device
	Parent     string     `json:"parent,omitempty"`        // it ends with that one
	Current    bool       `json:"current"`
	New        bool       `json:"new"`
}

// SessionOf returns a session of the door as Session.
func SessionOf(s door.SessionInfo) Session {
	out := Session{
		ID: s.ID, Device: s.Device, UserAgent: s.UserAgent, ClientAddr: s.Addr,
		SignedInAt: s.SignedIn.UTC(), LastSeenAt: s.LastSeen.UTC(), ExpiresAt: s.Expires.UTC(),
		Parent: s.Parent, Current: s.Current, New: s.New,
	}
	if !s.FirstSeen.IsZero() {
		first := s.FirstSeen.UTC()
		out.FirstSeen = &first
	}
	return out
}

// whose says of whom the sessions are that an address names, and which of them.
type whose func(r *http.Request, v *door.Visit) (target, session string, err error)

// mine is the visitor themself.
func mine(r *http.Request, v *door.Visit) (target, session string, err error) {
	return v.Developer.ID, r.PathValue("id"), nil
}

// theirs is the developer that the address names.
func theirs(r *http.Request, _ *door.Visit) (target, session string, err error) {
	target, err = pathID(r, "There is no such developer.")
	return target, r.PathValue("session"), err
}

func (a *API) sessions(of whose) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
		target, _, err := of(r, v)
		if err != nil {
			return err
		}
		list, err := a.door.Sessions(r.Context(), v, target)
		if err != nil {
			return err
		}
		shown := make([]Session, len(list))
		for i, s := range list {
			shown[i] = SessionOf(s)
		}
		return ok(w, http.StatusOK, shown)
	}
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
		return ok(w, http.StatusOK, map[string]string{"ended_id": ended.ID})
	}
}

func (a *API) endSessions(of whose) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
		target, _, err := of(r, v)
		if err != nil {
			return err
		}
		var in struct {
			All             bool   `json:"all"`
			CurrentPassword string `json:"current_password"`
		}
		if err := httpx.DecodeJSON(r, &in); err != nil {
			return err
		}
		n, err := a.door.EndSessions(r.Context(), v, target, door.EndSessions{All: in.All, CurrentPassword: in.CurrentPassword})
		if err != nil {
			return err
		}
		return ok(w, http.StatusOK, map[string]int{"ended": n})
	}
}
