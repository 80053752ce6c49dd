package sessiontest_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/sealed"
	"github.com/doorbook/doorbook/session/sessiontest"
)

const basket session.Key[int] = "basket"

// shop is an application: it counts what is put into the basket, and signs in and out.
func shop(w http.ResponseWriter, r *http.Request) {
	s := session.From(r.Context())
	switch r.URL.Path {
	case "/buy":
		basket.Update(s, func(n int) int { return n + 1 })
	case "/login":
		s.SignIn("bob")
	case "/logout":
		s.SignOut()
	}
	if s.Subject() == "" {
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func TestKit(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*session.Config){
		"memory":   func(*session.Config) {},
		"another":  func(c *session.Config) { c.Home.Store = newNaive(none) },
		"sealed":   func(c *session.Config) { c.Home.Format = sealed.New() },
		"a domain": func(c *session.Config) { c.Home.Cookie.Domain = "example.com" },
	} {
		t.Run(name, func(t *testing.T) { testKit(t, change) })
	}
}

func testKit(t *testing.T, change func(*session.Config)) {
	clock := sessiontest.NewClock(time.Now())
	sessions := sessiontest.New(t, change, func(c *session.Config) { c.Now = clock.Now })
	h := sessions.Handler(http.HandlerFunc(shop))
	serve := func(r *http.Request) *http.Response {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		return rec.Result()
	}
	holds := func(r *http.Request, subject string, items int) {
		t.Helper()
		sessiontest.Inspect(t, sessions, r, func(s *session.Session) {
			if n, _ := basket.Get(s); s.Subject() != subject || n != items {
				t.Errorf("the session of %q with %d items, want %q with %d", s.Subject(), n, subject, items)
			}
			basket.Set(s, 99) // saved nowhere
			s.SignOut()
		})
	}

	r := httptest.NewRequest("GET", "/buy", nil)
	r.AddCookie(&http.Cookie{Name: "theme", Value: "dark"})
	r.RemoteAddr = "192.0.2.7:1234"
	r.Header.Set("User-Agent", "a test")
	r = sessiontest.SignedIn(t, sessions, r, "ada", func(s *session.Session) { basket.Set(s, 3) })
	if c, err := r.Cookie("theme"); err != nil || c.Value != "dark" || len(r.Cookies()) != 2 {
		t.Errorf("the request carries %v", r.Cookies())
	}
	holds(r, "ada", 3)
	res := serve(r)
	if res.StatusCode != http.StatusOK {
		t.Errorf("status %d", res.StatusCode)
	}
	holds(sessiontest.Next(r, res, "GET", "/"), "ada", 4)
	list, err := sessions.List(t.Context(), "ada")
	inCookie := errors.Is(err, session.ErrUnsupported) // so that an old cookie still opens what it holds
	if !inCookie && (err != nil || len(list) != 1 || list[0].Addr != "192.0.2.7" || list[0].UserAgent != "a test") {
		t.Errorf("listed: %+v, %v", list, err)
	}

	// A visitor's basket, and a sign-in by the application, which changes the cookie.
	r = sessiontest.With(t, sessions, httptest.NewRequest("HEAD", "/login", nil), func(s *session.Session) { basket.Set(s, 1) })
	holds(r, "", 1)
	next := sessiontest.Next(r, serve(r), "GET", "/logout")
	holds(next, "bob", 1)
	last := sessiontest.Next(next, serve(next), "GET", "/")
	if len(last.Cookies()) != 0 {
		t.Errorf("after the sign-out the browser holds %v", last.Cookies())
	}
	if !inCookie {
		holds(r, "", 0)
		holds(next, "", 0)
	}

	r = sessiontest.SignedIn(t, sessions, httptest.NewRequest("GET", "/", nil), "ada")
	clock.Advance(3 * time.Hour)
	holds(r, "", 0)
}

// TestKitEnds: what goes wrong while a test prepares ends the test.
func TestKitEnds(t *testing.T) {
	t.Parallel()
	bad := map[string]func(t *testing.T){
		"settings": func(t *testing.T) { sessiontest.New(t, func(c *session.Config) { c.MaxBytes = -1 }) },
		"subject": func(t *testing.T) {
			sessiontest.SignedIn(t, sessiontest.New(t), httptest.NewRequest("GET", "/", nil), "")
		},
		"store": func(t *testing.T) {
			away := sessiontest.Fault(memstore.New(memstore.Config{}), sessiontest.Plan{Call: 1, For: -1})
			m := sessiontest.New(t, func(c *session.Config) { c.Home.Store = away })
			sessiontest.With(t, m, httptest.NewRequest("GET", "/", nil), func(s *session.Session) { basket.Set(s, 1) })
		},
		"look": func(t *testing.T) {
			sessiontest.Inspect(t, sessiontest.New(t), httptest.NewRequest("GET", "/", nil), func(s *session.Session) { s.SignIn("") })
		},
	}
	const variable = "SESSIONTEST_KIT"
	if name := os.Getenv(variable); name != "" {
		bad[name](t)
		t.Log("went on")
		return
	}
	for name := range bad {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKitEnds$", "-test.v")
		command.Env = append(os.Environ(), variable+"="+name)
		out, err := command.CombinedOutput()
		if err == nil || strings.Contains(string(out), "went on") || !strings.Contains(string(out), "sessiontest: ") {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
