// Package api is the JSON interface: the original's routes and envelope, with honest status codes.
// It translates between JSON and the door and decides nothing.
//
//	{"status": true, "data": …}
//	{"status": false, "error": "…", "fields": {"email": "…"}}
package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
)

// API is the JSON interface over one door. It is safe for concurrent use.
type API struct {
	door     *door.Door
	document json.RawMessage // see openAPI
}

// New makes the interface.
func New(d *door.Door) *API { return &API{door: d, document: openAPI()} }

// Handlers are the handlers of the interface, by the pattern of their route.
func (a *API) Handlers() map[string]httpx.Handler {
	list := a.handlers()
	for pattern, op := range operations() {
		if _, path, _ := strings.Cut(pattern, " "); strings.HasPrefix(path, "/api/") {
			list[pattern] = knownQuery(op, list[pattern])
		}
	}
	return list
}

// knownQuery refuses a parameter that an operation does not have: "stat=disabled" would list everybody.
// The original's routes pass over such parameters, as it did.
func knownQuery(op operation, h httpx.Handler) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
		for _, name := range slices.Sorted(maps.Keys(r.URL.Query())) {
			if !slices.ContainsFunc(op.query, func(q query) bool { return q.name == name }) {
				return fault.New(fault.Malformed, httpx.Named(name, "What stands behind the ? of this address")+" is no parameter of this address.")
			}
		}
		return h(w, r, v)
	}
}

func (a *API) handlers() map[string]httpx.Handler {
	return map[string]httpx.Handler{
		"GET /openapi.json": a.openapi,

		"GET /developers":         a.developers,
		"POST /developers":        a.createDeveloper,
		"PATCH /developers/{id}":  a.changeDeveloper,
		"DELETE /developers/{id}": a.deleteDeveloper,
		"GET /logs":               a.logs,
		"PUT /logs/{id}":          a.hideLog,
		"PUT /logs/{id}/{$}":      a.hideLog,
		"DELETE /logs/{id}":       a.deleteLog,
		"DELETE /logs/{id}/{$}":   a.deleteLog,

		"GET /api/people":                     a.people,
		"POST /api/people":                    a.invite,
		"GET /api/people/{id}":                a.person,
		"PATCH /api/people/{id}":              a.changePerson,
		"DELETE /api/people/{id}":             a.deletePerson,
		"POST /api/people/{id}/password-link": forPerson(a.passwordLink),
		"POST /api/people/{id}/approve":       forPerson(a.approve),
		"POST /api/people/{id}/invitation":    forPerson(a.inviteAgain),
		"DELETE /api/people/{id}/invitation":  forPerson(a.withdraw),

		"GET /api/applications":      a.applications,
		"GET /api/registration":      a.registration,
		"PATCH /api/registration":    a.changeRegistration,
		"GET /api/account":           a.account,
		"PATCH /api/account":         a.changeAccount,
		"POST /api/account/password": a.changePassword,
		"POST /api/account/close":    a.closeAccount,
		"GET /api/account/data":      a.ownData,
		"POST /api/account/data":     a.ownData,

		"GET /api/sessions":           a.sessions(mine),
		"POST /api/sessions/{id}/end": a.endSession(mine),
		"POST /api/sessions/end":      a.endSessions(mine),

		"POST /api/sessions/{id}/name": a.nameSession,

		"GET /api/tokens":           a.tokens(mine),
		"POST /api/tokens":          a.makeToken,
		"POST /api/tokens/{id}/end": a.endToken(mine),

		"GET /api/developers/{id}/tokens":              a.tokens(theirToken),
		"POST /api/developers/{id}/tokens/{token}/end": a.endToken(theirToken),

		"GET /api/developers/{id}/sessions":                a.sessions(theirs),
		"POST /api/developers/{id}/sessions/{session}/end": a.endSession(theirs),
		"POST /api/developers/{id}/sessions/end":           a.endSessions(theirs),
	}
}

// envelope is the form of a good answer.
type envelope struct {
	Status bool   `json:"status"`
	Data   any    `json:"data"`
	Next   string `json:"next,omitempty"` // send it as "before" or "after" for the next page
}

func ok(w http.ResponseWriter, status int, data any) error {
	httpx.WriteJSON(w, status, envelope{Status: true, Data: data})
	return nil
}

// noFields refuses a body that says something: these addresses know no fields.
func noFields(r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	return httpx.DecodeJSON(r, &struct{}{})
}

// proof reads a body that says nothing but the current password, which may be left out.
func proof(r *http.Request) (string, error) {
	var in provenIn
	if r.Method == http.MethodGet || r.ContentLength == 0 {
		return "", nil
	}
	err := httpx.DecodeJSON(r, &in)
	return in.CurrentPassword, err
}

// limit reads how many items a page should have: 1 to door.MaxPage, 50 if nothing is said.
func limit(r *http.Request) (int, error) {
	s := r.URL.Query().Get("limit")
	if s == "" {
		return 50, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > door.MaxPage {
		return 0, fault.New(fault.Malformed, "The limit is a number from 1 to "+strconv.Itoa(door.MaxPage)+".")
	}
	return n, nil
}
