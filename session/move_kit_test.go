package session_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/movestore"
	"github.com/doorbook/doorbook/session/sealed"
)

// caller is a browser with as many cookies as it is given.
type caller struct {
	t   *testing.T
	jar map[string]string
}

func newCaller(t *testing.T) *caller { return &caller{t, map[string]string{}} }

func (v *caller) copy() *caller { return &caller{v.t, maps.Clone(v.jar)} }

func (v *caller) get(h http.Handler, path string) answer {
	v.t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	for _, name := range slices.Sorted(maps.Keys(v.jar)) {
		r.AddCookie(&http.Cookie{Name: name, Value: v.jar[name]})
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	res := rec.Result()
	for _, c := range res.Cookies() {
		if v.jar[c.Name] = c.Value; c.MaxAge < 0 {
			delete(v.jar, c.Name)
		}
	}
	body, _ := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body)}
}

func (v *caller) expect(h http.Handler, path, want string) {
	v.t.Helper()
	if a := v.get(h, path); a.status != http.StatusOK || a.body != want {
		v.t.Errorf("%s: %d %q, want %q", path, a.status, a.body, want)
	}
}

// node is a program with sessions in one home, and perhaps another before.
func node(t *testing.T, now func() time.Time, home, old session.Home, change ...func(*session.Config)) http.Handler {
	t.Helper()
	c := session.Config{Keys: ring(t, "one"), Now: now, Home: session.Home{Store: home.Store, Format: home.Format, Cookie: home.Cookie}, Old: old}
	for _, f := range change {
		f(&c)
	}
	m, err := session.New(c)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for path, do := range map[string]func(s *session.Session, r *http.Request) any{
		"/in":       func(s *session.Session, r *http.Request) any { s.SignIn(r.FormValue("as")); return "" },
		"/remember": func(s *session.Session, r *http.Request) any { s.SignInRemembered(r.FormValue("as")); return "" },
		"/out":      func(s *session.Session, _ *http.Request) any { s.SignOut(); return "" },
		"/who":      func(s *session.Session, _ *http.Request) any { return s.Subject() },
		"/set":      func(s *session.Session, r *http.Request) any { city.Set(s, r.FormValue("city")); return "" },
		"/city":     func(s *session.Session, _ *http.Request) any { return must(city.Get(s)) },
		"/pop":      func(s *session.Session, _ *http.Request) any { return must(city.Pop(s)) },
		"/add": func(s *session.Session, _ *http.Request) any {
			return count.Update(s, func(n int) int { return n + 1 })
		},
		"/count": func(s *session.Session, _ *http.Request) any { return must(count.Get(s)) },
		"/renew": func(s *session.Session, _ *http.Request) any { s.Renew(); return "" },
		"/flash": func(s *session.Session, r *http.Request) any { s.Flash("info", r.FormValue("text")); return "" },
		"/flashes": func(s *session.Session, _ *http.Request) any {
			var texts []string
			for _, f := range s.Flashes() {
				texts = append(texts, f.Text)
			}
			return strings.Join(texts, ",")
		},
		"/id": func(s *session.Session, _ *http.Request) any { id, _ := s.ID(); return id },
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprint(w, do(session.From(r.Context()), r))
		})
	}
	return m.Handler(mux)
}

// directions are the ways to move. Each gives a home and the one before it. From and to databases
// it is tested in conformance.
var directions = map[string]func(t *testing.T) (home, old session.Home){
	"sealed to store": func(*testing.T) (_, _ session.Home) {
		return session.Home{Store: memory()}, session.Home{Format: sealed.New()}
	},
	"memory to memory": func(*testing.T) (_, _ session.Home) {
		return session.Home{Store: memory()}, session.Home{Store: memory()}
	},
	"sealed, another cookie": func(*testing.T) (_, _ session.Home) {
		return session.Home{Format: sealed.New(), Cookie: session.Cookie{Name: "__Host-session"}}, session.Home{Format: sealed.New(), Cookie: session.Cookie{Name: "__Host-before"}}
	},
	"store, another cookie": func(*testing.T) (_, _ session.Home) {
		s := memory()
		return session.Home{Store: s, Cookie: session.Cookie{Name: "__Host-session"}}, session.Home{Store: s, Cookie: session.Cookie{Name: "__Host-before"}}
	},
	"two stores, another cookie": func(*testing.T) (_, _ session.Home) {
		return session.Home{Store: memory(), Cookie: session.Cookie{Name: "__Host-session"}}, session.Home{Store: memory(), Cookie: session.Cookie{Name: "__Host-before"}}
	},
	"sealed to store, another cookie": func(*testing.T) (_, _ session.Home) {
		return session.Home{Store: memory(), Cookie: session.Cookie{Name: "__Host-session"}}, session.Home{Format: sealed.New(), Cookie: session.Cookie{Name: "__Host-before"}}
	},
}

// newOrder gives the settings of a program that moves its sessions from old to home.
func newOrder(home, old session.Home) (_, _ session.Home) {
	switch {
	case home.Format != nil || old.Format != nil:
	case home.Store != old.Store:
		home.Store, old.Store = movestore.New(home.Store, old.Store), nil
	default:
		old.Store = nil // only the cookie changes
	}
	return home, old
}

// oldOrder gives those of a program that lets sessions stay in old, but knows those of home.
func oldOrder(home, old session.Home) (_, _ session.Home) {
	switch {
	case home.Format != nil || old.Format != nil:
	case home.Store != old.Store:
		old.Store, home.Store = movestore.Ready(old.Store, home.Store), nil
	default:
		home.Store = nil
	}
	return old, home
}

// eachWay runs a test for every direction, with the program before, on the way and after.
func eachWay(t *testing.T, test func(t *testing.T, c *clock, before, moving, after http.Handler)) {
	for _, name := range slices.Sorted(maps.Keys(directions)) {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			home, old := directions[name](t)
			moves, from := newOrder(home, old)
			test(t, c, node(t, c.Now, old, session.Home{}), node(t, c.Now, moves, from), node(t, c.Now, home, session.Home{}))
		})
	}
}
