package sessiontest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/sessiontest"
)

const theme session.Key[string] = "theme"

// account is a handler that only people who are signed in may see.
func account(w http.ResponseWriter, r *http.Request) {
	s := session.From(r.Context())
	if s.Subject() == "" {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	name, _ := theme.Get(s)
	_, _ = io.WriteString(w, "the account of "+s.Subject()+", "+name)
}

// A page that needs a sign-in, in three lines.
func ExampleSignedIn() {
	t := new(testing.T) // in a test: its own
	sessions := sessiontest.New(t)
	r := sessiontest.SignedIn(t, sessions, httptest.NewRequest("GET", "/account", nil), "ada",
		func(s *session.Session) { theme.Set(s, "dark") })

	rec := httptest.NewRecorder()
	sessions.Handler(http.HandlerFunc(account)).ServeHTTP(rec, r)
	fmt.Println(rec.Code, rec.Body)
	// Output: 200 the account of ada, dark
}

// A session that is over: time passes when the test says so.
func ExampleClock() {
	t := new(testing.T) // in a test: its own
	clock := sessiontest.NewClock(time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC))
	sessions := sessiontest.New(t, func(c *session.Config) { c.Now = clock.Now })
	r := sessiontest.SignedIn(t, sessions, httptest.NewRequest("GET", "/account", nil), "ada")

	clock.Advance(3 * time.Hour)
	rec := httptest.NewRecorder()
	sessions.Handler(http.HandlerFunc(account)).ServeHTTP(rec, r)
	fmt.Println(rec.Code, rec.Header().Get("Location"))
	// Output: 303 /login
}

// What a login form left in the session, and in the browser.
func ExampleInspect() {
	t := new(testing.T) // in a test: its own
	sessions := sessiontest.New(t)
	login := sessions.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		s.SignIn("ada")
		s.Flash("success", "Welcome back")
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}))
	r, rec := httptest.NewRequest("POST", "/login", nil), httptest.NewRecorder()
	login.ServeHTTP(rec, r)

	next := sessiontest.Next(r, rec.Result(), "GET", "/")
	sessiontest.Inspect(t, sessions, next, func(s *session.Session) {
		fmt.Println(s.Subject(), s.Flashes())
	})
	// Output: ada [{success Welcome back}]
}

// A handler while the store is away.
func ExampleFault() {
	t := new(testing.T) // in a test: its own
	store := sessiontest.Fault(memstore.New(memstore.Config{}), sessiontest.Plan{})
	sessions := sessiontest.New(t, func(c *session.Config) { c.Home.Store = store })
	r := sessiontest.SignedIn(t, sessions, httptest.NewRequest("GET", "/account", nil), "ada")

	store.SetPlan(sessiontest.Plan{Call: 1, For: -1}) // from its first call on, without end
	rec := httptest.NewRecorder()
	sessions.Handler(http.HandlerFunc(account)).ServeHTTP(rec, r)
	fmt.Println(rec.Code)
	// Output: 503
}
