package flask_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/store"
)

// What the tests of this home share beside its world: requests that are looked at more closely,
// what Flask's side does to a cookie, and a store that is watched.

// signedInAs makes the handler of a sign-in that both sides can see.
func signedInAs(id string) func(s *session.Session) string {
	return func(s *session.Session) string {
		s.SignIn(id)
		loggedIn.Set(s, user{ID: id})
		return ""
	}
}

// born is a cookie of somebody who has signed in at Flask's side just now; more is added to what it
// holds.
func (w *world) born(id string, more ...string) string {
	w.t.Helper()
	return w.flask(`{` + strings.Join(append([]string{`"loggedin_user":{"_id":"` + id + `"}`}, more...), ",") + `}`)
}

// see is a page that tells who is signed in, and the cookie that the browser has afterwards.
func (w *world) see(cookie string) (subject, after string) {
	w.t.Helper()
	status, body, after := w.visit(cookie, who)
	if status != http.StatusOK {
		w.t.Errorf("a page: status %d", status)
	}
	return body, after
}

// opens reports whom a cookie signs in.
func (w *world) opens(cookie string) string {
	w.t.Helper()
	subject, _ := w.see(cookie)
	return subject
}

// do is visit with a request that the test has made, and the whole answer.
func (w *world) do(r *http.Request, cookie string, f func(rw http.ResponseWriter, r *http.Request, s *session.Session)) *http.Response {
	w.t.Helper()
	if cookie != "" {
		r.Header.Set("Cookie", "session="+cookie)
	}
	a := httptest.NewRecorder()
	w.sessions.Handler(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		f(rw, r, session.From(r.Context()))
	})).ServeHTTP(a, r)
	return a.Result()
}

// get is do for a page and a handler that only looks at the session.
func (w *world) get(cookie string, f func(s *session.Session) string) *http.Response {
	w.t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept", "text/html")
	return w.do(r, cookie, func(rw http.ResponseWriter, _ *http.Request, s *session.Session) { io.WriteString(rw, f(s)) })
}

// values are the entries of the session in a cookie, as Flask's side finds them.
func (w *world) values(cookie string) map[string]string {
	w.t.Helper()
	if cookie == "" {
		return nil
	}
	split, err := flask.Split([]byte(w.text(cookie)))
	if err != nil {
		w.t.Fatal(err)
	}
	values := make(map[string]string, len(split))
	for key, value := range split {
		values[key] = string(value)
	}
	return values
}

// edit is a request to Flask's side that changes the session: what it sends back is signed now.
func (w *world) edit(cookie string, change func(v map[string]string)) string {
	w.t.Helper()
	v := w.values(cookie)
	change(v)
	if len(v) == 0 {
		return ""
	}
	raw := make(map[string][]byte, len(v))
	for key, value := range v {
		raw[key] = []byte(value)
	}
	text, err := flask.Join(raw)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.flask(string(text))
}

// refresh is a request to Flask's side that leaves a permanent session as it is.
func (w *world) refresh(cookie string) string {
	w.t.Helper()
	return w.edit(cookie, func(map[string]string) {})
}

func (w *world) list(subject string) []session.Info {
	w.t.Helper()
	list, err := w.sessions.List(w.t.Context(), subject)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *world) endAll(subject string) {
	w.t.Helper()
	if _, err := w.sessions.EndAll(w.t.Context(), subject); err != nil {
		w.t.Fatal(err)
	}
}

// endOnly ends the one session that a subject has.
func (w *world) endOnly(subject string) {
	w.t.Helper()
	list := w.list(subject)
	if len(list) != 1 {
		w.t.Fatalf("%s has %d sessions", subject, len(list))
	}
	if err := w.sessions.End(w.t.Context(), subject, list[0].ID); err != nil {
		w.t.Fatal(err)
	}
}

// forged is a name for a companion record as its payload spells it, made by somebody who knows how
// it is done and may put any text into their own Flask session.
func forged(id session.ID, digest []byte, signedIn time.Time, subject string) string {
	b := append([]byte{1}, id[:]...)
	b = append(b, append(slices.Clone(digest), make([]byte, place.CarriedDigest)...)[:place.CarriedDigest]...)
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(signedIn.UnixMilli()))
	b = append(b, ms[2:]...)
	sum := sha256.Sum256([]byte("doorbook/session subject\x00" + subject))
	return `"` + base64.RawURLEncoding.EncodeToString(append(b, sum[:8]...)) + `"`
}

// watched is a Store whose calls are written down. step, if set, may fail one.
type watched struct {
	store.Store
	mu      sync.Mutex
	calls   []string
	created []store.Record
	step    func(call string) error
}

// watch puts one between a world and its store.
func watch(to **watched) func(*flask.Config, *session.Config) {
	return func(_ *flask.Config, c *session.Config) {
		*to = &watched{Store: c.Home.Store}
		c.Home.Store = *to
	}
}

func (s *watched) called(call string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, call)
	if s.step == nil {
		return nil
	}
	return s.step(call)
}

// told returns the calls since it was asked last.
func (s *watched) told() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := strings.Join(s.calls, " ")
	s.calls = nil
	return calls
}

func (s *watched) fails(step func(call string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step = step
}

func (s *watched) Create(ctx context.Context, r store.Record) error {
	if err := s.called("create"); err != nil {
		return err
	}
	s.mu.Lock()
	s.created = append(s.created, r)
	s.mu.Unlock()
	return s.Store.Create(ctx, r)
}

func (s *watched) Load(ctx context.Context, id session.ID, now time.Time) (store.Record, error) {
	if err := s.called("load"); err != nil {
		return store.Record{}, err
	}
	return s.Store.Load(ctx, id, now)
}

func (s *watched) Patch(ctx context.Context, p store.Patch) (int64, error) {
	if err := s.called("patch"); err != nil {
		return 0, err
	}
	return s.Store.Patch(ctx, p)
}

func (s *watched) Touch(ctx context.Context, id session.ID, d store.Digest, t store.Touch, now time.Time) error {
	if err := s.called("touch"); err != nil {
		return err
	}
	return s.Store.Touch(ctx, id, d, t, now)
}

func (s *watched) Delete(ctx context.Context, ids ...session.ID) error {
	if err := s.called("delete"); err != nil {
		return err
	}
	return s.Store.Delete(ctx, ids...)
}

// without takes a store away: everything is in the cookie, and nothing beside it.
func without(_ *flask.Config, c *session.Config) { c.Home.Store = nil }

// leeway is how the program's settings have it.
func leeway(d time.Duration) func(*flask.Config, *session.Config) {
	return func(app *flask.Config, _ *session.Config) { app.Leeway = d }
}

func body(t *testing.T, a *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// cookieOf is the session cookie that an answer sets, nil for none.
func cookieOf(a *http.Response) *http.Cookie {
	for _, c := range a.Cookies() {
		if c.Name == "session" {
			return c
		}
	}
	return nil
}
