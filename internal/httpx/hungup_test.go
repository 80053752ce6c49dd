package httpx_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
)

// TestHungUp: a client that goes away is no failure of ours, wherever it is noticed; what was
// judged by then is entered. Guard: answer.go, hungUp.
func TestHungUp(t *testing.T) {
	t.Parallel()
	var r *rig
	hangUps := make(chan context.CancelFunc, 1)
	ends := func(err error, set bool) httpx.Handler {
		return func(_ http.ResponseWriter, req *http.Request, v *door.Visit) error {
			(<-hangUps)()
			if set {
				color.Set(v.Session, "red")
			}
			r.Door.Note(req.Context(), v, book.ActionSignInFailed, "")
			return err
		}
	}
	r = newRig(t, map[string]httpx.Handler{
		"GET /login":    ends(context.Canceled, true),
		"GET /register": ends(fault.Wrap(fault.Internal, "x", context.Canceled), false),
		"GET /setup":    ends(&fault.Error{Kind: fault.Busy, Public: "x", Err: context.Canceled}, false),
	})
	for _, path := range []string{"/login", "/register", "/setup"} {
		ctx, cancel := context.WithCancel(t.Context())
		hangUps <- cancel
		req := httptest.NewRequest("GET", "http://localhost:8080"+path, nil).WithContext(ctx)
		r.Handler.ServeHTTP(httptest.NewRecorder(), req)
	}
	list := r.Entries(book.Request)
	if len(list) < 3 {
		t.Fatalf("%d entries", len(list))
	}
	for _, e := range list[:3] {
		if e.Status != httpx.StatusHungUp || book.Outcome(e.Status) != "4xx" {
			t.Errorf("%s is entered as %d", e.URL, e.Status)
		}
	}
	if n := len(r.Activities(book.ActionSignInFailed)); n != 3 {
		t.Errorf("%d of 3 attempts are entered", n)
	}
	if e := r.Entries(book.Error); len(e) != 0 {
		t.Errorf("entered as errors: %+v", e)
	}
	// A deadline of our own is a failure of ours.
	late := func(http.ResponseWriter, *http.Request, *door.Visit) error { return context.DeadlineExceeded }
	r = newRig(t, map[string]httpx.Handler{"GET /login": late})
	if a := r.at(r.Visitor()).Get("/login"); a.Status != http.StatusInternalServerError {
		t.Errorf("a deadline: %d", a.Status)
	}
}

// TestHungUpSession: the same while the session is loaded. Guard: answer.go, SessionError.
func TestHungUpSession(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	w := httptest.NewRecorder()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req := httptest.NewRequest("GET", "http://localhost:8080/login", nil).WithContext(ctx)
	req.Header.Set("Cookie", "__Host-session="+r.SignedIn(r.Developer("Ada", "member")).Session())
	r.Handler.ServeHTTP(w, req)
	if e := r.Entries(book.Request)[0]; e.Status >= http.StatusInternalServerError {
		t.Errorf("entered as %d", e.Status)
	}
	if e := r.Entries(book.Error); len(e) != 0 {
		t.Errorf("entered as errors: %+v", e)
	}
}
