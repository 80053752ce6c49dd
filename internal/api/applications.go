package api

import (
	"net/http"
	"time"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/httpx"
)

// application is one behind the door as admins see it.
type application struct {
	Name        string     `json:"name"`
	URL         string     `json:"url"`      // where people reach it
	Upstream    string     `json:"upstream"` // where it listens; "": a proxy reaches it by itself
	Rules       []string   `json:"rules"`    // in words, the first one that matches decides
	Anyone      bool       `json:"anyone"`   // a rule is for strangers
	Everybody   bool       `json:"everybody"`
	Groups      []string   `json:"groups"`
	People      []string   `json:"people"` // by e-mail address
	Health      string     `json:"health"` // answers, silent, or unknown: nobody here reaches it
	SilentSince *time.Time `json:"silent_since,omitempty"`
}

func (a *API) applications(w http.ResponseWriter, r *http.Request, _ *door.Visit) error {
	list := []application{}
	g := httpx.Gate(r)
	if g == nil {
		return ok(w, http.StatusOK, list)
	}
	states := httpx.Health(r)
	for i := range g.Apps {
		app, to := &g.Apps[i], g.Apps[i].Audience()
		one := application{
			Name: app.Name, URL: httpx.AppOrigin(r, app) + "/", Rules: app.Words(), Anyone: to.Anyone, Everybody: to.SignedIn,
			Groups: append([]string{}, to.Groups...), People: append([]string{}, to.People...), Health: "unknown",
		}
		if app.Upstream != nil {
			one.Upstream = app.Upstream.String()
		}
		switch s := states[i]; {
		case s.Answers:
			one.Health = "answers"
		case s.Asked:
			since := s.Since.UTC()
			one.Health, one.SilentSince = "silent", &since
		}
		list = append(list, one)
	}
	return ok(w, http.StatusOK, list)
}
