package api

import (
	"net/http"
	"time"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
)

// entry is one line of the book. The first seven fields are the original's.
type entry struct {
	OldID      string    `json:"_id"`
	Type       string    `json:"type"`
	ClientAddr string    `json:"client_addr"`
	URL        string    `json:"url"`
	Method     string    `json:"http_method"`
	Body       string    `json:"body"`
	CreatedAt  time.Time `json:"created_at"`

	ID         string  `json:"id"`
	Status     int     `json:"status,omitempty"`
	DurationMS float64 `json:"duration_ms"`
	Route      string  `json:"route,omitempty"`
	User       string  `json:"user,omitempty"`
	UserName   string  `json:"user_name,omitempty"`
	Session    string  `json:"session,omitempty"`
	RequestID  string  `json:"request_id,omitempty"`
	Token      string  `json:"token,omitempty"`
	TokenName  string  `json:"token_name,omitempty"`
	App        string  `json:"application,omitempty"`
	Host       string  `json:"host,omitempty"`
	Rule       string  `json:"rule,omitempty"`
	Bytes      int64   `json:"bytes,omitempty"`
	Action     string  `json:"action,omitempty"`
	Target     string  `json:"target,omitempty"`
	TargetName string  `json:"target_name,omitempty"`
	Text       string  `json:"text,omitempty"`
}

func showEntry(e *book.Entry) entry {
	return entry{
		OldID: e.ID, Type: string(e.Type), ClientAddr: e.ClientAddr, URL: e.URL, Method: e.Method, Body: e.Body,
		CreatedAt: e.CreatedAt.UTC(), ID: e.ID, Status: e.Status, DurationMS: float64(e.Duration.Microseconds()) / 1000,
		Route: e.Route, User: e.User, UserName: e.UserName, Session: e.Session, RequestID: e.RequestID,
		Token: e.Token, TokenName: e.TokenName, App: e.Application, Host: e.Host, Rule: e.Rule, Bytes: e.Bytes,
		Action: e.Action, Target: e.Target, TargetName: e.TargetName, Text: e.Text,
	}
}

func (a *API) logs(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	n, err := limit(r)
	if err != nil {
		return err
	}
	kind := book.Type(r.URL.Query().Get("type"))
	switch kind {
	case "", book.Request, book.Activity, book.Error:
	default:
		return fault.New(fault.Malformed, `The type is "request", "activity" or "error".`)
	}
	list, next, err := a.door.Entries(r.Context(), v, book.Query{Type: kind, Before: r.URL.Query().Get("before"), Limit: n})
	if err != nil {
		return err
	}
	shown := make([]entry, len(list))
	for i := range list {
		shown[i] = showEntry(&list[i])
	}
	httpx.WriteJSON(w, http.StatusOK, envelope{Status: true, Data: shown, Next: next})
	return nil
}

// hiddenEntry is an entry that is not listed any more.
type hiddenEntry struct {
	entry
	Deleted bool `json:"deleted"`
}

func (a *API) hideLog(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	target, err := pathID(r, "There is no such entry.")
	if err != nil {
		return err
	}
	if err := noFields(r); err != nil {
		return err
	}
	e, err := a.door.HideEntry(r.Context(), v, target)
	if err != nil {
		return err
	}
	return ok(w, http.StatusOK, hiddenEntry{showEntry(&e), true})
}

func (a *API) deleteLog(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	target, err := pathID(r, "There is no such entry.")
	if err != nil {
		return err
	}
	if err := noFields(r); err != nil {
		return err
	}
	if err := a.door.DeleteEntry(r.Context(), v, target); err != nil {
		return err
	}
	return ok(w, http.StatusOK, deletedID{target})
}
