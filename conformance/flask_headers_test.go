package conformance

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
	"github.com/doorbook/doorbook/session/memstore"
)

// meaning is what the headers of an answer tell a browser and a cache.
type meaning struct {
	Cookie      string // "none", "set" or "removed"
	Name        string
	Session     string        // the text in the cookie
	For         time.Duration // how long a browser keeps it; 0: until it closes
	Path        string
	Domain      string
	HTTPOnly    bool
	Secure      bool
	SameSite    http.SameSite
	Partitioned bool
	Vary        bool // the answer depends on the cookie
	Others      int  // cookies that are not the session's
}

// withoutOurs leaves out what only a sign-in here writes.
var withoutOurs = regexp.MustCompile(`"(_doorbook|_user_id)":"[^"]*",?|,"(_doorbook|_user_id)":"[^"]*"`)

// meaningOf reads the headers.
func meaningOf(t *testing.T, name string, setCookie, vary []string, now int64) (m meaning) {
	t.Helper()
	m.Cookie = "none"
	m.Vary = strings.Contains(strings.ToLower(strings.Join(vary, ",")), "cookie")
	for _, line := range setCookie {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if c.Name != name {
			m.Others++
			continue
		}
		m.Cookie, m.Name, m.Path, m.Domain = "set", c.Name, c.Path, strings.TrimPrefix(c.Domain, ".")
		m.HTTPOnly, m.Secure, m.SameSite, m.Partitioned = c.HttpOnly, c.Secure, c.SameSite, c.Partitioned
		switch {
		case c.MaxAge < 0:
			m.Cookie = "removed"
		case c.MaxAge > 0:
			m.For = time.Duration(c.MaxAge) * time.Second
		case !c.Expires.IsZero():
			m.For = c.Expires.Sub(time.Unix(now, 0))
		}
		if m.Cookie == "set" {
			m.Session = withoutOurs.ReplaceAllString(plainText(t, c.Value), "")
		}
	}
	return m
}

// shared gives a Manager that shares the cookie of a Flask application with those settings, as far
// as it has them.
func (c *headerCase) shared(secret string, now int64) (*session.Manager, error) {
	app := flask.Config{SecretKey: []byte(secret)}
	if seconds, ok := c.Config["PERMANENT_SESSION_LIFETIME"].(float64); ok {
		if app.Lifetime = time.Duration(seconds) * time.Second; app.Lifetime == 0 {
			app.Lifetime = time.Nanosecond // 0 is the default here
		}
	}
	partitioned, _ := c.Config["SESSION_COOKIE_PARTITIONED"].(bool)
	secure, _ := c.Config["SESSION_COOKIE_SECURE"].(bool)
	cookie := session.Cookie{Name: c.name(), PlainHTTP: !secure && !partitioned, Partitioned: partitioned}
	if domain, ok := c.Config["SESSION_COOKIE_DOMAIN"].(string); ok {
		domain, _, _ = strings.Cut(domain, ":")
		cookie.Domain = strings.TrimPrefix(domain, ".")
	}
	if mode, ok := c.Config["SESSION_COOKIE_SAMESITE"].(string); ok {
		cookie.SameSite = map[string]http.SameSite{
			"lax": http.SameSiteLaxMode, "strict": http.SameSiteStrictMode, "none": http.SameSiteNoneMode,
		}[strings.ToLower(mode)]
	}
	config, err := app.Sessions(session.Config{
		Home: session.Home{Cookie: cookie, Store: memstore.New(memstore.Config{})}, Now: func() time.Time { return time.Unix(now, 0) },
	})
	if err != nil {
		return nil, err
	}
	return session.New(config)
}

func (c *headerCase) name() string {
	if name, ok := c.Config["SESSION_COOKIE_NAME"].(string); ok {
		return name
	}
	return "session"
}

const (
	keyA         session.Key[int]   = "a"
	keyB         session.Key[int]   = "b"
	keyL         session.Key[[]int] = "l"
	keyTmp       session.Key[int]   = "tmp"
	keyPermanent session.Key[bool]  = "_permanent"
)

// operations are those of flask/operations.py, in words of package session. Where it has none, the
// nearest one stands there: it has no way to go through all keys, and nothing to say that a session
// is modified.
func operations() map[string]func(s *session.Session) {
	look := func(s *session.Session) { s.Has("a") }
	popA := func(s *session.Session) { keyA.Pop(s) }
	flashes := func(s *session.Session) { s.Flashes() }
	remember := func(s *session.Session) { s.SignInRemembered("ada") } // what is permanent here
	return map[string]func(s *session.Session){
		"noop": func(*session.Session) {},
		"bool": look, "contains": look, "get": look, "getitem": look, "items": look, "iter": look, "keys": look, "len": look,
		"read_modified": look, "read_new": look, "modified_true_only": look, "update_empty": look, "nested_mutate_unmarked": look,
		"get_missing":    func(s *session.Session) { s.Has("nothing") },
		"read_permanent": func(s *session.Session) { keyPermanent.Get(s) },
		"clear":          (*session.Session).Clear,
		"del":            func(s *session.Session) { keyA.Delete(s) },
		"pop_existing":   popA,
		"pop_missing":    func(s *session.Session) { session.Key[int]("nothing").Pop(s) },
		"pop_all": func(s *session.Session) {
			keyA.Pop(s)
			keyL.Pop(s)
			keyPermanent.Pop(s)
		},
		"popitem": func(s *session.Session) { // takes the last one
			if _, ok := keyL.Pop(s); !ok {
				keyA.Pop(s)
			}
		},
		"flash": func(s *session.Session) {
			s.Flash("message", "hi")
			s.Flash("error", "oops")
		},
		"flash_and_read_same_request": func(s *session.Session) {
			s.Flash("message", "hi")
			s.Flashes()
		},
		"get_flashed": flashes, "get_flashed_filter": flashes,
		"nested_mutate_marked": func(s *session.Session) {
			if s.Has("l") {
				keyL.Update(s, func(l []int) []int { return append(l, 3) })
			}
		},
		"set_permanent_true": remember, "permanent_truthy": remember,
		"set_permanent_false": func(s *session.Session) { s.SignIn("ada") },
		"set_new":             func(s *session.Session) { keyB.Set(s, 2) },
		"set_same":            func(s *session.Session) { keyA.Set(s, 1) },
		"set_changed":         func(s *session.Session) { keyA.Set(s, 99) },
		"update":              func(s *session.Session) { keyB.Set(s, 3) },
		"set_and_pop_same": func(s *session.Session) {
			keyTmp.Set(s, 1)
			keyTmp.Pop(s)
		},
		"setdefault_existing": func(s *session.Session) {
			if !s.Has("a") {
				keyA.Set(s, 5)
			}
		},
		"setdefault_new": func(s *session.Session) {
			if !s.Has("b") {
				keyB.Set(s, 5)
			}
		},
	}
}

// run is one request to a handler that does the operation.
func (c *headerCase) run(t *testing.T, m *session.Manager, now int64) meaning {
	t.Helper()
	do := operations()[c.Op]
	if do == nil {
		t.Fatalf("no operation %q", c.Op)
	}
	r := httptest.NewRequest("GET", "/", nil)
	if c.Cookie != nil {
		r.Header.Set("Cookie", c.name()+"="+*c.Cookie)
	}
	w := httptest.NewRecorder()
	m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.Vary != nil {
			w.Header().Set("Vary", *c.Vary)
		}
		if c.Other {
			http.SetCookie(w, &http.Cookie{Name: "other", Value: "1", Path: "/"})
		}
		do(session.From(r.Context()))
		w.WriteHeader(http.StatusNoContent)
	})).ServeHTTP(w, r)
	if w.Code != http.StatusNoContent {
		t.Errorf("%s: answered %d", c.ID, w.Code)
	}
	return meaningOf(t, c.name(), w.Result().Header["Set-Cookie"], w.Result().Header["Vary"], now)
}

// TestFlaskHeaders: each golden request goes through a Manager that shares Flask's cookie. Its
// headers mean the same, but for the differences that are listed, each of which is seen.
func TestFlaskHeaders(t *testing.T) {
	t.Parallel()
	all := loadHeaderCases(t)
	now := all.Meta.Now
	seen := map[string]int{}
	for _, c := range all.Cases {
		t.Run(c.ID, func(t *testing.T) {
			m, err := c.shared(all.Meta.Secret.Text, now)
			if why := c.refused(); why != "" || err != nil {
				if seen[why]++; why == "" || err == nil {
					t.Errorf("settings %v: error %v; refused because: %q", c.Config, err, why)
				}
				return
			}
			want := meaningOf(t, c.name(), c.SetCookie, c.WantVary, now)
			for _, d := range differences(t) {
				if d.change(&c, &want) {
					seen[d.why]++
				}
			}
			if diff := cmp.Diff(want, c.run(t, m, now)); diff != "" {
				t.Errorf("settings %v: other than Flask in a way that is not listed (-listed +here):\n%s", c.Config, diff)
			}
		})
	}
	for _, d := range differences(t) {
		t.Logf("%3d × %s", seen[d.why], d.why)
		if seen[d.why] == 0 {
			t.Errorf("a difference that no case shows: %s", d.why)
		}
	}
}
