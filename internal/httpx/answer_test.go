package httpx_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
)

// TestStatus: every kind has its status, and a kind that nobody has thought of is a bug of ours.
func TestStatus(t *testing.T) {
	t.Parallel()
	for kind, want := range map[fault.Kind]int{
		fault.Internal: 500, fault.Invalid: 422, fault.Malformed: 400, fault.Unauthorized: 401, fault.Forbidden: 403, fault.NotFound: 404,
		fault.Conflict: 409, fault.TooLarge: 413, fault.Unsupported: 415, fault.Throttled: 429, fault.Busy: 503, 99: 500,
	} {
		if got := httpx.Status(fault.New(kind, "x")); got != want {
			t.Errorf("kind %d: %d, want %d", kind, got, want)
		}
	}
}

// TestAnswers: a handler's error in the form that its asker reads, with the public text and the
// wait, and no cause.
func TestAnswers(t *testing.T) {
	t.Parallel()
	fails := func(err error) httpx.Handler {
		return func(w http.ResponseWriter, _ *http.Request, _ *door.Visit) error {
			w.Header().Set("Cache-Control", "public, max-age=60")
			return err
		}
	}
	r := newRig(t, map[string]httpx.Handler{
		"GET /login": fails(&fault.Error{
			Kind: fault.Throttled, Public: "Slow down.", RetryAfter: 1500 * time.Millisecond, Err: errors.New(secret),
			Fields: []fault.Field{{Name: "a", Text: "b"}},
		}),
		"GET /setup": fails(fault.Wrap(fault.Conflict, "It exists.", errors.New(secret))),
	})
	v := r.at(r.Visitor())
	for _, c := range []struct{ path, accept, body, retry string }{
		{"/login", "application/json", `{"status":false,"error":"Slow down.","fields":{"a":"b"}}` + "\n", "2"},
		{"/login", "text/html", "error page: Slow down.", "2"},
		{"/login", "", "error page: Slow down.", "2"},
		{"/login", "application/json, text/html;q=0.5", "error page: Slow down.", "2"},
		{"/setup", "application/json", `{"status":false,"error":"It exists."}` + "\n", ""},
		{"/setup", "*/*", "error page: It exists.", ""},
	} {
		a := v.Do("GET", c.path, "", "Accept", c.accept)
		if a.Body != c.body || a.Header.Get("Retry-After") != c.retry || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s as %q: %d %q, headers %v", c.path, c.accept, a.Status, a.Body, a.Header)
		}
	}
	if n := len(r.Entries("error")); n != 0 {
		t.Errorf("%d error entries of what is no failure of ours", n)
	}
}

// TestWriteJSON: what cannot be written as JSON is an error of ours, and not half an answer.
func TestWriteJSON(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	httpx.WriteJSON(w, 201, map[string]any{"a": "<b>\u2028"})
	if w.Code != 201 || w.Body.String() != `{"a":"\u003cb\u003e\u2028"}`+"\n" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
	w = httptest.NewRecorder()
	httpx.WriteJSON(w, 200, map[string]any{"a": func() {}})
	if w.Code != 500 || !strings.HasPrefix(w.Body.String(), `{"status":false`) {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}

// TestHandlerComplete: a route without a handler, or a handler without a route, keeps the program
// from starting.
func TestHandlerComplete(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	handlers := map[string]httpx.Handler{}
	for _, route := range httpx.Routes() {
		handlers[route.Pattern] = func(http.ResponseWriter, *http.Request, *door.Visit) error { return nil }
	}
	build := func() error {
		_, err := httpx.New(httpx.Config{Door: r.Door, Sessions: r.Sessions, Keys: r.Parts.Keys, Handlers: handlers})
		return err
	}
	if err := build(); err != nil {
		t.Fatal(err)
	}
	handlers["GET /unplanned"] = handlers["GET /login"]
	if err := build(); err == nil {
		t.Error("a handler without a route is taken")
	}
	delete(handlers, "GET /unplanned")
	delete(handlers, "GET /logs")
	if err := build(); err == nil {
		t.Error("a route without a handler is taken")
	}
}
