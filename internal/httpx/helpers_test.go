package httpx_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
	"github.com/doorbook/doorbook/session"
)

// rig is an edge over real databases whose handlers are the test's own.
type rig struct {
	*sitetest.Site
	Handler  http.Handler
	Recorder *book.Recorder
}

// newRig makes an edge. A route without a handler here answers with "content of" and its pattern;
// the error page says "error page:" and the public text.
func newRig(t *testing.T, handlers map[string]httpx.Handler, changes ...func(*server.Parts)) *rig {
	t.Helper()
	r := &rig{Site: sitetest.New(t, changes...)}
	p := r.Parts
	r.Recorder = book.NewRecorder(book.RecorderConfig{Repo: p.Entries, Clock: p.Now, Log: p.Log})
	sessions, err := session.New(session.Config{
		Keys: p.Keys, Home: session.Home{Store: p.Store, Cookie: session.Cookie{PlainHTTP: !p.Secure}}, Now: p.Now, ErrorHandler: httpx.SessionError,
	})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]httpx.Handler{}
	for _, route := range httpx.Routes() {
		all[route.Pattern] = func(w http.ResponseWriter, _ *http.Request, _ *door.Visit) error {
			_, err := io.WriteString(w, "content of "+route.Pattern)
			return err
		}
		if h := handlers[route.Pattern]; h != nil {
			all[route.Pattern] = h
		}
	}
	page := func(w http.ResponseWriter, _ *http.Request, _ *door.Visit, status int, f *fault.Error) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "error page: "+f.Public)
	}
	r.Handler, err = httpx.New(httpx.Config{
		Door: r.Door, Sessions: sessions, Recorder: r.Recorder, Handlers: all, Page: page,
		Keys: p.Keys, Addresses: p.Addresses(),
		Cookies: httpx.Cookies{Secure: p.Secure}, HTTPS: p.HTTPS, HSTS: p.HSTS, PublicURL: p.URL, Hosts: p.Hosts, Now: p.Now, Log: p.Log,
	})
	if err != nil {
		t.Fatal(err)
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		_ = r.Recorder.Run(t.Context())
	}()
	t.Cleanup(func() { <-stopped })
	return r
}

// at gives a visitor of the rig's own handler with the cookies of one of the real site.
func (r *rig) at(v *sitetest.Visitor) *sitetest.Visitor { return v.At(r.Handler) }

// entryOf finds the entry of an answer, and fails if there is none or more than one.
func entryOf(t *testing.T, s *sitetest.Site, a *sitetest.Answer) book.Entry {
	t.Helper()
	id := a.Header.Get("X-Request-Id")
	var found []book.Entry
	for _, e := range s.Entries(book.Request) {
		if id != "" && e.RequestID == id {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d entries of request %q", len(found), id)
	}
	return found[0]
}

// cast is a site with one of each kind of people.
type cast struct {
	*sitetest.Site
	ada, bob, root account.Developer
}

func newCast(t *testing.T, changes ...func(*server.Parts)) *cast {
	t.Helper()
	s := sitetest.New(t, changes...)
	return &cast{
		Site: s, ada: s.Developer("Ada", account.Member), bob: s.Developer("Bob", account.Member),
		root: s.Developer("Root", account.Admin),
	}
}
