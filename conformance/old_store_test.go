package conformance

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/store"
)

// TestOldStore: sessions move from memory to a database, or from there, and nobody notices. What
// moves between homes that need no driver is tested in package session.
func TestOldStore(t *testing.T) {
	t.Parallel()
	for _, d := range databases() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			db := d.open(t, d.address(t), 10)
			for _, move := range []struct {
				name string
				test func(t *testing.T, c *moveClock, home, old store.Store)
			}{
				{"in one go", testMove},
				{"limits", testMoveLimits},
				{"first thing", testMoveFirstThing},
				{"sign-out", testMoveSignOut},
				{"rolling", testMoveRolling},
				{"rollback", testMoveRollback},
				{"at once", testMoveAtOnce},
			} {
				for _, there := range []bool{true, false} {
					t.Run(fmt.Sprintf("%s, there=%t", move.name, there), func(t *testing.T) {
						home, old := store.Store(d.fresh(t, db)), store.Store(memstore.New(memstore.Config{}))
						if !there {
							home, old = old, home
						}
						move.test(t, &moveClock{}, home, old)
					})
				}
			}
		})
	}
}

// moveClock begins at now.
type moveClock struct{ passed atomic.Int64 }

func (c *moveClock) Now() time.Time      { return now.Add(time.Duration(c.passed.Load())) }
func (c *moveClock) add(d time.Duration) { c.passed.Add(int64(d)) }

const (
	moveCity  session.Key[string] = "city"
	moveCount session.Key[int]    = "count"
)

// moveManager has its sessions in a store.
func moveManager(t *testing.T, c *moveClock, s store.Store) *session.Manager {
	t.Helper()
	keys, err := session.NewKeyRing([]byte("the secret of those who move, of 32 bytes and more"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := session.New(session.Config{
		Keys: keys, Now: c.Now, Home: session.Home{Store: s},
		SaveTimeout: time.Hour, // on a busy machine a crowd takes its time
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// moveNode is a program that does what the path says.
func moveNode(t *testing.T, c *moveClock, s store.Store) http.Handler {
	t.Helper()
	return moveManager(t, c, s).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, said := session.From(r.Context()), any("")
		switch r.URL.Path {
		case "/in":
			s.SignIn(r.FormValue("as"))
		case "/remember":
			s.SignInRemembered(r.FormValue("as"))
		case "/out":
			s.SignOut()
		case "/renew":
			s.Renew()
		case "/who":
			said = s.Subject()
		case "/id":
			said, _ = s.ID()
		case "/set":
			moveCity.Set(s, r.FormValue("city"))
		case "/city":
			said, _ = moveCity.Get(s)
		case "/pop":
			said, _ = moveCity.Pop(s)
		case "/add":
			said = moveCount.Update(s, func(n int) int { return n + 1 })
		case "/count":
			said, _ = moveCount.Get(s)
		case "/flash":
			s.Flash("info", r.FormValue("text"))
		case "/flashes":
			var texts []string
			for _, f := range s.Flashes() {
				texts = append(texts, f.Text)
			}
			b, _ := json.Marshal(texts)
			said = string(b)
		}
		_, _ = fmt.Fprint(w, said)
	}))
}

// mover is a browser.
type mover struct {
	t   *testing.T
	jar map[string]string
}

func newMover(t *testing.T) *mover { return &mover{t, map[string]string{}} }

func (v *mover) copy() *mover { return &mover{v.t, maps.Clone(v.jar)} }

func (v *mover) get(h http.Handler, path string) (body string) {
	v.t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	for _, name := range slices.Sorted(maps.Keys(v.jar)) {
		r.AddCookie(&http.Cookie{Name: name, Value: v.jar[name]})
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	res := w.Result()
	for _, c := range res.Cookies() {
		if v.jar[c.Name] = c.Value; c.MaxAge < 0 {
			delete(v.jar, c.Name)
		}
	}
	if res.StatusCode != http.StatusOK {
		v.t.Errorf("%s is answered by %d", path, res.StatusCode)
	}
	b, _ := io.ReadAll(res.Body)
	return string(b)
}

// gets asks for one path after the other.
func (v *mover) gets(h http.Handler, paths ...string) {
	v.t.Helper()
	for _, path := range paths {
		v.get(h, path)
	}
}

func (v *mover) expect(h http.Handler, path, want string) {
	v.t.Helper()
	if got := v.get(h, path); got != want {
		v.t.Errorf("%s: %q, want %q", path, got, want)
	}
}
