// Package api is the JSON interface: the original's routes and envelope, with honest status codes.
// It translates between JSON and the door and decides nothing.
//
//	{"status": true, "data": …}
//	{"status": false, "error": "…", "fields": {"email": "…"}}
package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strconv"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
)

// API is the JSON interface over one door. It is safe for concurrent use.
type API struct {
	door *door.Door
}

// New makes the interface.
func New(d *door.Door) *API { return &API{door: d} }

// Handlers are the handlers of the interface, by the pattern of their route.
func (a *API) Handlers() map[string]httpx.Handler {
	return map[string]httpx.Handler{
		"GET /developers":         a.developers,
		"POST /developers":        a.createDeveloper,
		"PATCH /developers/{id}":  a.changeDeveloper,
		"DELETE /developers/{id}": a.deleteDeveloper,
		"GET /logs":               a.logs,
		"PUT /logs/{id}":          a.hideLog,
		"PUT /logs/{id}/{$}":      a.hideLog,
		"DELETE /logs/{id}":       a.deleteLog,
		"DELETE /logs/{id}/{$}":   a.deleteLog,
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

// decode reads one JSON object into v and refuses fields that v does not have, and what is not
// strict.
func decode(r *http.Request, v any) error {
	body, err := io.ReadAll(r.Body) // no more than the route takes
	if err != nil {
		return badJSON(err)
	}
	if body = bytes.TrimLeft(body, " \t\r\n"); len(body) == 0 || body[0] != '{' {
		return badJSON(nil) // null would change nothing and say that all is well
	}
	if err := strict(body); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return badJSON(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Malformed, "There is something after the JSON object.")
	}
	return nil
}

// noFields refuses a body that says something: these addresses know no fields.
func noFields(r *http.Request) error {
	if r.ContentLength == 0 {
		return nil
	}
	return decode(r, &struct{}{})
}

// badJSON says what is wrong without repeating what was sent: it may be a secret.
func badJSON(err error) error {
	var large *http.MaxBytesError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &large):
		return fault.New(fault.TooLarge, "The body is larger than this address takes.")
	case errors.As(err, &kind) && kind.Field != "":
		return &fault.Error{
			Kind: fault.Invalid, Public: "A field has the wrong type.",
			Fields: []fault.Field{{Name: kind.Field, Text: "This should be " + inWords(kind.Type.Kind()) + "."}},
		}
	}
	return fault.New(fault.Malformed, "The body is not a JSON object with the fields that this address knows.")
}

// inWords names the JSON type that stands for a Go type.
func inWords(k reflect.Kind) string {
	switch k {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list of strings"
	}
	return "of another type"
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
