package session_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/store"
)

// What the tests of the promises share: a world of one store, one manager and one server, and
// browsers that visit it.

const (
	city  session.Key[string] = "city"
	count session.Key[int]    = "count"
)

// wire carries requests to real servers. It is not the default one, of which every server that
// closes closes connections.
var wire = &http.Transport{}

// dawdle lets others go first, the more of them the greater n is.
func dawdle(n int) {
	for range n {
		runtime.Gosched()
	}
}

func secret(name string) []byte {
	sum := sha256.Sum256([]byte("a test key: " + name))
	return sum[:]
}

func ring(t testing.TB, names ...string) *session.KeyRing {
	t.Helper()
	var secrets [][]byte
	for _, name := range names {
		secrets = append(secrets, secret(name))
	}
	keys, err := session.NewKeyRing(secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// clock is a time that only the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// spy passes everything on to a store, remembers what was called, and lets the test step in before
// a call.
type spy struct {
	store.Store
	mu      sync.Mutex
	calls   []string
	before  func(method string) error
	patches []store.Patch
}

func (s *spy) note(method string) error {
	s.mu.Lock()
	s.calls = append(s.calls, method)
	before := s.before
	s.mu.Unlock()
	if before != nil {
		return before(method)
	}
	return nil
}

func (s *spy) Create(ctx context.Context, r store.Record) error {
	if err := s.note("Create"); err != nil {
		return err
	}
	return s.Store.Create(ctx, r)
}

func (s *spy) Load(ctx context.Context, id session.ID, now time.Time) (store.Record, error) {
	if err := s.note("Load"); err != nil {
		return store.Record{}, err
	}
	if err := ctx.Err(); err != nil {
		return store.Record{}, err
	}
	return s.Store.Load(ctx, id, now)
}

func (s *spy) Patch(ctx context.Context, p store.Patch) (int64, error) {
	if err := s.note("Patch"); err != nil {
		return 0, err
	}
	s.mu.Lock()
	s.patches = append(s.patches, p)
	s.mu.Unlock()
	return s.Store.Patch(ctx, p)
}

func (s *spy) Touch(ctx context.Context, id session.ID, d store.Digest, touch store.Touch, now time.Time) error {
	if err := s.note("Touch"); err != nil {
		return err
	}
	return s.Store.Touch(ctx, id, d, touch, now)
}

func (s *spy) Delete(ctx context.Context, ids ...session.ID) error {
	if err := s.note("Delete"); err != nil {
		return err
	}
	return s.Store.Delete(ctx, ids...)
}

func (s *spy) BySubject(ctx context.Context, subject string, now time.Time) ([]store.Record, error) {
	if err := s.note("BySubject"); err != nil {
		return nil, err
	}
	return s.Store.BySubject(ctx, subject, now)
}

func (s *spy) Each(ctx context.Context, now time.Time, yield func(store.Record) error) error {
	if err := s.note("Each"); err != nil {
		return err
	}
	return s.Store.Each(ctx, now, yield)
}

func (s *spy) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	if err := s.note("DeleteExpired"); err != nil {
		return 0, err
	}
	return s.Store.DeleteExpired(ctx, now, limit)
}

// forget begins a new count.
func (s *spy) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.patches = nil, nil
}

func (s *spy) called() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

func (s *spy) stepIn(before func(method string) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.before = before
}

// world is a server with sessions. Its routes are named by the test.
type world struct {
	t      testing.TB
	clock  *clock
	store  *spy
	memory *memstore.Store
	m      *session.Manager
	mux    *http.ServeMux
	h      http.Handler // the mux with sessions

	mu     sync.Mutex
	events []session.Event
	server *httptest.Server
}

// newWorld makes one; change may alter its settings. Routes /in?as= and /out sign in and out,
// /set?city= and /city write and read, /who tells the subject.
func newWorld(t testing.TB, change ...func(*session.Config)) *world {
	t.Helper()
	w := &world{t: t, clock: newClock(), memory: memstore.New(memstore.Config{}), mux: http.NewServeMux()}
	w.store = &spy{Store: w.memory}
	c := session.Config{
		Keys: ring(t, "one"), Home: session.Home{Store: w.store}, Now: w.clock.Now,
		Observe: func(_ context.Context, e session.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
		},
	}
	for _, f := range change {
		f(&c)
	}
	var err error
	if w.m, err = session.New(c); err != nil {
		t.Fatal(err)
	}
	w.h = w.m.Handler(w.mux)
	w.on("/in", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		if r.FormValue("remember") != "" {
			s.SignInRemembered(r.FormValue("as"))
			return
		}
		s.SignIn(r.FormValue("as"))
	})
	w.on("/out", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { s.SignOut() })
	w.on("/set", func(_ http.ResponseWriter, r *http.Request, s *session.Session) { city.Set(s, r.FormValue("city")) })
	w.on("/city", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		v, _ := city.Get(s)
		_, _ = io.WriteString(rw, v)
	})
	w.on("/who", func(rw http.ResponseWriter, _ *http.Request, s *session.Session) {
		_, _ = io.WriteString(rw, s.Subject())
	})
	return w
}

func (w *world) on(path string, f func(http.ResponseWriter, *http.Request, *session.Session)) {
	w.mux.HandleFunc(path, func(rw http.ResponseWriter, r *http.Request) { f(rw, r, session.From(r.Context())) })
}

// serve opens a real server, once.
func (w *world) serve() string {
	if w.server == nil {
		w.server = httptest.NewServer(w.h)
		w.t.Cleanup(w.server.Close)
	}
	return w.server.URL
}

// seen counts the events of a kind.
func (w *world) seen(kind session.EventKind) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// browser holds one session cookie, Secure or not.
type browser struct {
	w      *world
	header http.Header
	cookie string // "name=value", "" for none
}

func (w *world) browser() *browser { return &browser{w: w, header: http.Header{}} }

// copy is the same browser in another tab, or a thief with the same cookie.
func (b *browser) copy() *browser {
	return &browser{w: b.w, header: b.header.Clone(), cookie: b.cookie}
}

// answer is what a browser got.
type answer struct {
	status int
	header http.Header
	body   string
}

func (b *browser) request(method, path string) *http.Request {
	r := httptest.NewRequest(method, path, nil)
	for k, v := range b.header {
		r.Header[k] = v
	}
	if b.cookie != "" {
		r.Header.Set("Cookie", b.cookie)
	}
	return r
}

// get asks for a page without a network between, and keeps the cookie that comes with it.
func (b *browser) get(path string) answer { return b.do(http.MethodGet, path) }

func (b *browser) do(method, path string) answer {
	b.w.t.Helper()
	rec := httptest.NewRecorder()
	b.w.h.ServeHTTP(rec, b.request(method, path))
	return b.keep(rec.Result())
}

// fetch asks a real server.
func (b *browser) fetch(method, path string) answer {
	b.w.t.Helper()
	r, err := http.NewRequest(method, b.w.serve()+path, nil)
	if err != nil {
		b.w.t.Fatal(err)
	}
	r.Header = b.request(method, path).Header
	res, err := wire.RoundTrip(r) // follows no redirect
	if err != nil {
		b.w.t.Error(err)
		return answer{}
	}
	return b.keep(res)
}

func (b *browser) keep(res *http.Response) answer {
	body, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	for _, c := range res.Cookies() {
		if !strings.HasSuffix(c.Name, "session") {
			continue
		}
		if b.cookie = c.Name + "=" + c.Value; c.MaxAge < 0 {
			b.cookie = ""
		}
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

// signedIn gives a browser that is signed in as subject.
func (w *world) signedIn(subject string) *browser {
	w.t.Helper()
	b := w.browser()
	if a := b.get("/in?as=" + subject); a.status != http.StatusOK || b.cookie == "" {
		w.t.Fatalf("signing in answers %d with cookie %q", a.status, b.cookie)
	}
	return b
}

// live counts the records of a subject.
func (w *world) live(subject string) int {
	w.t.Helper()
	list, err := w.memory.BySubject(context.Background(), subject, w.clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list)
}

// barrier lets n goroutines wait for each other.
func barrier(n int) (wait func()) {
	var group sync.WaitGroup
	group.Add(n)
	return func() {
		group.Done()
		group.Wait()
	}
}

func check[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

func memory() *memstore.Store { return memstore.New(memstore.Config{}) }

func list(t *testing.T, w *world, subject string) []session.Info {
	t.Helper()
	l, err := w.m.List(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// inHandler does f in a request of the browser, and returns its answer.
func inHandler(b *browser, f func(*session.Session)) answer {
	b.w.t.Helper()
	h := b.w.m.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { f(session.From(r.Context())) }))
	rec := newRecorder()
	h.ServeHTTP(rec, b.request("GET", "/"))
	return b.keep(rec.Result())
}

// inRequestOf does f in a request of the browser that is to be answered.
func inRequestOf(b *browser, f func(*session.Session)) {
	b.w.t.Helper()
	if a := inHandler(b, f); a.status != http.StatusOK {
		b.w.t.Errorf("status %d", a.status)
	}
}

// observed collects events.
type observed struct {
	mu   sync.Mutex
	list []session.Event
}

func (o *observed) into(c *session.Config) {
	c.Observe = func(_ context.Context, e session.Event) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.list = append(o.list, e)
	}
}

func (o *observed) count(kind session.EventKind, err error) (n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range o.list {
		if e.Kind == kind && errors.Is(e.Err, err) {
			n++
		}
	}
	return n
}
