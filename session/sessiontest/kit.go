package sessiontest

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
)

// This file is for those who test handlers of their own. Nothing in it knows how a session is kept:
// all of it goes through Manager.Handler, like a browser, so it works with every store and every
// other home of the data.

// New returns a Manager over an empty store in memory, with random keys. Each change may alter the
// settings:
//
//	clock := sessiontest.NewClock(time.Now())
//	sessions := sessiontest.New(t, func(c *session.Config) { c.Now = clock.Now })
//
// Settings that session.New refuses end the test.
func New(t testing.TB, changes ...func(*session.Config)) *session.Manager {
	t.Helper()
	keys, err := session.NewKeyRing([]byte("the keys of a test: " + rand.Text()))
	if err != nil {
		t.Fatalf("sessiontest: %v", err)
	}
	config := session.Config{Keys: keys}
	for _, change := range changes {
		change(&config)
	}
	if config.Home.Store == nil && config.Home.Format == nil {
		config.Home.Store = memstore.New(memstore.Config{})
	}
	m, err := session.New(config)
	if err != nil {
		t.Fatalf("sessiontest: %v", err)
	}
	return m
}

// With lets f use the session of r, as a request before r from the same browser would, and returns
// r with the cookies that came of it. A request without a session gets one, if f stores something.
// An error of the session ends the test.
//
// That request is a POST to r's address with r's headers. Neither r's body nor the program's own
// handler has part in it.
func With(t testing.TB, m *session.Manager, r *http.Request, f func(s *session.Session)) *http.Request {
	t.Helper()
	visit(t, m, r, f).carry(r)
	return r
}

// SignedIn really signs in as subject, lets each of the functions put something into the session,
// and returns r with the session's cookie:
//
//	r := sessiontest.SignedIn(t, sessions, httptest.NewRequest("GET", "/account", nil), "ada")
//	rec := httptest.NewRecorder()
//	sessions.Handler(mux).ServeHTTP(rec, r)
func SignedIn(t testing.TB, m *session.Manager, r *http.Request, subject string, put ...func(s *session.Session)) *http.Request {
	t.Helper()
	return With(t, m, r, func(s *session.Session) {
		s.SignIn(subject)
		for _, f := range put {
			f(s)
		}
	})
}

// Next returns the request that a browser makes after r was answered by res: with r's cookies, but
// for those that the answer set or removed.
//
//	next := sessiontest.Next(r, rec.Result(), "GET", "/")
func Next(r *http.Request, res *http.Response, method, target string) *http.Request {
	j := jar{}
	for _, c := range r.Cookies() {
		j[c.Name] = c.Value
	}
	j.keep(res)
	next := httptest.NewRequestWithContext(r.Context(), method, target, nil)
	next.RemoteAddr = r.RemoteAddr
	if agent := r.Header.Get("User-Agent"); agent != "" {
		next.Header.Set("User-Agent", agent)
	}
	j.carry(next)
	return next
}

// Inspect lets f look at the session that r opens now, and saves nothing of what f does to it,
// except that messages which f takes with Session.Flashes are gone. After an answer that may have
// changed the cookie (a sign-in; every change, where the session lives in its cookie), give it the
// Next request:
//
//	sessiontest.Inspect(t, sessions, sessiontest.Next(r, rec.Result(), "GET", "/"), func(s *session.Session) {
//		if got := s.Subject(); got != "ada" {
//			t.Errorf("signed in is %q", got)
//		}
//	})
func Inspect(t testing.TB, m *session.Manager, r *http.Request, f func(s *session.Session)) {
	t.Helper()
	visit(t, m, r, func(s *session.Session) {
		f(s)
		if s.Err() == nil {
			s.Discard()
		}
	})
}

// visit makes a request like r, in which f uses the session, and returns the cookies that the
// browser holds then.
func visit(t testing.TB, m *session.Manager, r *http.Request, f func(s *session.Session)) jar {
	t.Helper()
	j := jar{}
	for _, c := range r.Cookies() {
		j[c.Name] = c.Value
	}
	like := r.Clone(r.Context())
	like.Method, like.Body, like.ContentLength = http.MethodPost, http.NoBody, 0 // a HEAD would take no messages
	var err error
	j.visit(m, like, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
		f(s)
		w.WriteHeader(http.StatusNoContent)
		err = s.Err()
	})
	if err != nil {
		t.Fatalf("sessiontest: %v", err)
	}
	return j
}

// Clock is a time that stands still until it is moved: a Config.Now. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that shows start.
func NewClock(start time.Time) *Clock { return &Clock{now: start} }

// Now returns the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock, back if d is negative.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
