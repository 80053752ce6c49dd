package httpx_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// TestNotKept: what was done with a session that could not be saved is not entered as done.
// Guard: answer.go, SessionError, NotKept.
func TestNotKept(t *testing.T) {
	t.Parallel()
	s := sitetest.New(t)
	ada := s.Developer("Ada", account.Member)
	out := s.SignedIn(ada)
	before := len(s.Activities(book.ActionSignIn))
	for _, on := range []string{"INSERT", "UPDATE", "DELETE"} {
		_, err := s.DB.Main.Write.Exec(`CREATE TRIGGER no_` + on + ` BEFORE ` + on +
			` ON sessions BEGIN SELECT raise(ABORT, 'no'); END`)
		if err != nil {
			t.Fatal(err)
		}
	}
	v := s.Visitor()
	form := url.Values{"email": {ada.Email}, "password": {sitetest.Password}}
	v.Get("/login")
	a := v.Post("/auth/login", form)
	if a.Status != http.StatusServiceUnavailable {
		t.Fatalf("signed in with %d", a.Status)
	}
	if n := len(s.Activities(book.ActionSignIn)); n != before {
		t.Error("a sign-in that was not kept is entered as one")
	}
	e := s.Activities(book.ActionSignInNotKept)
	if len(e) != 1 || e[0].Target != ada.ID || e[0].TargetName != "Ada" || e[0].User != "" ||
		e[0].Type != book.Error {
		t.Errorf("entered %+v", e)
	}
	if e := entryOf(t, s, a); e.Status != a.Status || e.User != "" {
		t.Errorf("the request is entered as %d of %q", e.Status, e.User)
	}
	a = out.Post("/auth/logout", nil)
	if a.Status != http.StatusServiceUnavailable {
		t.Fatalf("signed out with %d", a.Status)
	}
	e = s.Activities(book.ActionSignOutNotKept)
	if len(e) != 1 || e[0].User != ada.ID || len(s.Activities(book.ActionSignOut)) != 0 {
		t.Errorf("entered %+v", e)
	}
}

// commits counts how entries came.
type commits struct {
	book.Repository
	lists chan []book.Entry
}

func (c *commits) Append(ctx context.Context, list []book.Entry, endings ...book.Ending) error {
	c.lists <- slices.Clone(list)
	return c.Repository.Append(ctx, list, endings...)
}

// TestOneCommit: what somebody did is entered together with the request that did it, after the
// session was saved: so it has the session's name.
// Guard: record.go, begin.
func TestOneCommit(t *testing.T) {
	t.Parallel()
	c := &commits{lists: make(chan []book.Entry, 100)}
	s := sitetest.New(t, func(p *server.Parts) { c.Repository, p.Entries = p.Entries, c })
	ada := s.Developer("Ada", account.Member)
	s.SignedIn(ada)
	isSignIn := func(e book.Entry) bool { return e.Action == book.ActionSignIn }
	var together []book.Entry
	for together == nil {
		if list := <-c.lists; slices.ContainsFunc(list, isSignIn) {
			together = list
		}
	}
	if len(together) != 2 || together[1].Type != book.Request ||
		together[0].RequestID != together[1].RequestID {
		t.Fatalf("entered %+v", together)
	}
	if e := together[0]; e.Session == "" || e.Session != together[1].Session || e.User != ada.ID {
		t.Errorf("the sign-in is of session %q, its request of %q", e.Session, together[1].Session)
	}
}

// TestPanicKeepsDeeds: what was gathered before a panic is entered, but for what the panic undid.
// Guard: record.go, panicked.
func TestPanicKeepsDeeds(t *testing.T) {
	t.Parallel()
	var r *rig
	tells := func(then any) httpx.Handler {
		return func(_ http.ResponseWriter, req *http.Request, v *door.Visit) error {
			r.Door.Note(req.Context(), v, book.ActionForbidden, "")
			r.Door.SignOut(req.Context(), v)
			panic(then)
		}
	}
	r = newRig(t, map[string]httpx.Handler{
		"GET /{$}": tells(secret), "GET /setup": tells(http.ErrAbortHandler),
	})
	v := r.at(r.SignedIn(r.Developer("Ada", account.Member)))
	v.Get("/")
	func() {
		defer func() { _ = recover() }()
		v.Get("/setup")
	}()
	if n := len(r.Activities(book.ActionForbidden)); n != 2 {
		t.Errorf("%d of 2 activities are entered", n)
	}
	if n := len(r.Activities(book.ActionSignOut)); n != 0 {
		t.Errorf("%d sign-outs that did not come to be are entered", n)
	}
	if a := v.Get("/login"); a.Status != http.StatusSeeOther {
		t.Errorf("afterwards they are signed out: %d", a.Status)
	}
}

// TestFailedKeepsNothing: the changes of a session belong to the answer of a handler that did not
// fail. Guard: answer.go, fail, NotKept.
func TestFailedKeepsNothing(t *testing.T) {
	t.Parallel()
	var r *rig
	r = newRig(t, map[string]httpx.Handler{"GET /{$}": func(_ http.ResponseWriter, req *http.Request, v *door.Visit) error {
		r.Door.SignOut(req.Context(), v)
		return fault.New(fault.Conflict, "x")
	}})
	v := r.at(r.SignedIn(r.Developer("Ada", account.Member)))
	if a := v.Get("/"); a.Status != http.StatusConflict {
		t.Fatal(a.Status)
	}
	if out, not := r.Activities(book.ActionSignOut), r.Activities(book.ActionSignOutNotKept); len(out) != 0 || len(not) != 1 {
		t.Errorf("entered as %+v and %+v", out, not)
	}
}
