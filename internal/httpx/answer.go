package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/session"
)

// errMethod is the answer to a method that an address does not have.
var errMethod = &fault.Error{Kind: fault.Malformed, Public: "This address exists, but not for this kind of request."}

// Status is the table from kinds of errors to status codes.
func Status(f *fault.Error) int {
	if f == errMethod {
		return http.StatusMethodNotAllowed
	}
	switch f.Kind {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Malformed:
		return http.StatusBadRequest
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.Unsupported:
		return http.StatusUnsupportedMediaType
	case fault.Misdirected:
		return http.StatusMisdirectedRequest
	case fault.Unreached:
		return http.StatusBadGateway
	case fault.TimedOut:
		return http.StatusGatewayTimeout
	case fault.Throttled:
		return http.StatusTooManyRequests
	case fault.Busy:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// StatusHungUp is entered for a request whose client did not wait for its answer, which nobody
// sees. It is nginx' number for that, of the class of what the client did.
const StatusHungUp = 499

// hungUp reports whether a request failed because its client went away.
func hungUp(r *http.Request, err error) bool {
	return errors.Is(err, context.Canceled) && errors.Is(r.Context().Err(), context.Canceled)
}

// abandon ends a request whose client went away. Nothing of its session is saved.
func (e *Edge) abandon(w http.ResponseWriter, r *http.Request, v *door.Visit) {
	if of(r).begun {
		return
	}
	if v.Session != nil && v.Session.Err() == nil {
		v.Session.Discard()
	}
	e.door.NotKept(v)
	w.WriteHeader(StatusHungUp)
}

// fail turns a handler's error into the answer, and writes down what failed on our side.
func (e *Edge) fail(w http.ResponseWriter, r *http.Request, v *door.Visit, err error) {
	if hungUp(r, err) {
		e.abandon(w, r, v)
		return
	}
	f := fault.From(err)
	// What the session could not load or save is told by SessionError, which this answer will come
	// to.
	sessions := v.Session != nil && v.Session.Err() != nil && errors.Is(err, v.Session.Err())
	if (f.Kind == fault.Internal || f.Kind == fault.Busy) && f.Err != nil && !sessions {
		e.door.NoteError(r.Context(), v, book.ActionInternalError, f.Err.Error())
	}
	if q := of(r); q.begun {
		e.log.Error("an error came after the answer had begun", "request_id", v.RequestID, "error", err)
		return
	}
	// The session's changes belong to an answer that will not be sent, but what failed to load or
	// save stays an error.
	if v.Session != nil && f.Kind != fault.Invalid && f.Kind != fault.Unauthorized && v.Session.Err() == nil {
		v.Session.Discard()
		e.door.NotKept(v)
	}
	e.answer(w, r, v, f)
}

// answer writes an error in the form that the asker reads.
func (e *Edge) answer(w http.ResponseWriter, r *http.Request, v *door.Visit, f *fault.Error) {
	status := Status(f)
	h, q := w.Header(), of(r)
	if q.asked != nil { // it is not the application's answer
		setHeaders(h, e.https)
	}
	h.Set("Cache-Control", "no-store")
	SetRetryAfter(h, f)
	if q.bare || q.asked == nil && wantsJSON(r, q.route) || q.asked != nil && !navigates(r) {
		WriteJSON(w, status, Failure(f))
		return
	}
	e.page(w, r, v, status, f)
}

// SetRetryAfter says how long to wait, in whole seconds, if the error does.
func SetRetryAfter(h http.Header, f *fault.Error) {
	if f.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((f.RetryAfter+time.Second-1)/time.Second)))
	}
}

// SessionError is the session.Config.ErrorHandler of an Edge's sessions: the session could not be
// loaded or saved, and the handler's answer is withheld.
func SessionError(w http.ResponseWriter, r *http.Request, err error) {
	q := of(r)
	e, v := q.edge, &q.visit
	if !q.begun {
		e.door.NotKept(v)
	}
	if hungUp(r, err) {
		w.WriteHeader(StatusHungUp)
		return
	}
	switch session.ErrorStatus(r, err) {
	case http.StatusSeeOther:
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Location", session.SamePage(r))
		w.WriteHeader(http.StatusSeeOther)
	case http.StatusUnauthorized:
		e.answer(w, r, &door.Visit{RequestID: v.RequestID, Addr: v.Addr}, fault.New(fault.Unauthorized, sessionEnded))
	case http.StatusConflict:
		e.answer(w, r, v, fault.Wrap(fault.Conflict, "Another request was quicker. Please try again.", err))
	case http.StatusRequestEntityTooLarge:
		e.answer(w, r, v, fault.Wrap(fault.TooLarge, "That is more than a session can hold.", err))
	case http.StatusInternalServerError: // a mistake of ours
		e.door.NoteError(r.Context(), v, book.ActionSaveFailed, err.Error())
		e.answer(w, r, v, fault.From(err))
	default:
		e.door.NoteError(r.Context(), v, book.ActionSaveFailed, err.Error())
		e.answer(w, r, v, &fault.Error{
			Kind: fault.Busy, Public: "We cannot reach our records at the moment. Please try again shortly.",
			RetryAfter: 5 * time.Second, Err: err,
		})
	}
}

// sessionEnded is what is told to who comes with the key of a session that has ended.
const sessionEnded = "Your session has ended. Please sign in again."

// wantsJSON reports whether a program asks: on the routes of programs, or where a request says so.
func wantsJSON(r *http.Request, route *Route) bool {
	if route != nil && route.Form == JSON {
		return true
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && media == "application/json" {
		return true
	}
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

// WantsJSON reports whether the asker of a page's route wants JSON in place of HTML.
func WantsJSON(r *http.Request) bool { return wantsJSON(r, nil) }

// Failure is the body of an error in JSON, in the original's envelope.
func Failure(f *fault.Error) any {
	body := struct {
		Status bool              `json:"status"`
		Error  string            `json:"error"`
		Fields map[string]string `json:"fields,omitempty"`
	}{Error: f.Public}
	for _, field := range f.Fields {
		if body.Fields == nil {
			body.Fields = map[string]string{}
		}
		body.Fields[field.Name] = field.Text
	}
	return body
}

// WriteJSON sends a value as the whole answer.
func WriteJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.Marshal(value)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"status":false,"error":"Something went wrong on our side."}`)
	}
	h := w.Header()
	DataHeaders(h)
	h.Set("Content-Length", strconv.Itoa(len(body)+1))
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// DataHeaders are the headers of JSON.
func DataHeaders(h http.Header) {
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Security-Policy", dataCSP)
	h.Set("Cache-Control", "no-store")
}

// MoreTime gives the client half a minute for what is written next of an answer that is long. The
// server's own limit is for the whole of one.
func MoreTime(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(30 * time.Second)) // not every writer has one
}
