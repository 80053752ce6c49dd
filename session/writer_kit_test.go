package session_test

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/internal/compare"
)

// The writer tests hold the middleware against a bare handler. Each case of their tables runs bare,
// and then behind Manager.Handler with a session in each of the states below, over HTTP/1.1 on a
// plain connection and over HTTP/2. Status, informational answers, headers, body, framing,
// trailers, the fate of the connection and what the handler was told by the writer must be the same
// but for the headers that are the session's. Where that is not so on purpose, the case says why.

// writerCase is a handler, and what becomes of a session that it changed before anything else.
type writerCase struct {
	name    string
	only    string // the protocol where it makes sense, "" for both
	ask     ask
	handler func(http.ResponseWriter, *http.Request, *notes)
	inside  func(http.Handler) http.Handler // between the middleware and the handler
	outside func(http.Handler) http.Handler // around the middleware
	late    string                          // "inside" or "outside": the handler takes longer than a time limit there
	session fate
	told    string                // over HTTP/1.1 the handler was told this, bare or not
	reads   bool                  // the handler reads the request's body before it answers
	differs map[string]difference // by the name of the state, "*" for all
	whole   bool                  // when nothing can be saved the error page arrives, although the handler aborts
}

// difference is what a state is meant to change beyond the session's headers.
type difference struct {
	why    string
	change func(want *exchange)
}

// fate is what becomes of the change and of a cookie that is due with it.
type fate string

const (
	kept   fate = ""       // saved, and the cookie is in the answer
	handed fate = "handed" // saved, and the handler writes the answer on the connection itself
	unseen fate = "unseen" // saved, but the answer did not reach the client
	lost   fate = "lost"   // nothing is saved; the answer is not the handler's, but passes through the middleware
	gone   fate = "gone"   // nothing is saved, and the answer is made outside of the middleware
)

func (f fate) saved() bool { return f != lost && f != gone }

// ask is what the client sends.
type ask struct {
	method  string // GET
	header  []string
	body    string
	old     bool // HTTP/1.0
	twice   bool // pipelined: the same request again before the first answer
	hangsUp bool // when the handler closes notes.closed
	tells   bool // by closing notes.closed that the answer has arrived
}

// exchange is all that can be seen of one request.
type exchange struct {
	Hints   []string // informational answers
	Status  string
	Header  http.Header
	Framing string
	Body    string
	Trailer http.Header
	End     string   // of the connection or stream
	Told    []string // to the handler
}

// notes is what a handler was told.
type notes struct {
	mu     sync.Mutex
	lines  []string
	closed chan struct{}
}

func (n *notes) add(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.lines = append(n.lines, fmt.Sprintf(format, args...))
}

// n notes a count and an error, as Write gives them.
func (n *notes) n(count any, err error) { n.add("%v %T %v", count, err, err) }

func (n *notes) err(err error) { n.add("%T %v", err, err) }

// state is what is done to the session before the handler proper runs.
type state struct {
	name   string
	known  bool // the visitor is signed in
	use    func(*session.Session)
	vary   bool
	store  bool // no-store
	cookie bool
	away   bool // the store cannot save
}

func states() []state {
	set := func(s *session.Session) { city.Set(s, "Oslo") }
	return []state{
		{name: "untouched", known: true, use: func(*session.Session) {}},
		{name: "read by a stranger", use: func(s *session.Session) { s.Subject() }, vary: true},
		{name: "read", known: true, use: func(s *session.Session) { s.Subject() }, vary: true, store: true},
		{name: "written", known: true, use: set, vary: true, store: true},
		{name: "signed in", use: func(s *session.Session) { s.SignIn("bob") }, vary: true, store: true, cookie: true},
		{name: "not saved", known: true, use: set, vary: true, store: true, away: true},
	}
}

// mark adds the session's headers to those of a bare answer.
func (s state) mark(h http.Header) {
	if s.cookie {
		h.Add("Set-Cookie", "(the session)")
	}
	if s.vary {
		h.Add("Vary", "Cookie")
	}
	if s.store {
		h.Set("Cache-Control", "no-store")
	}
}

var sessionCookie = regexp.MustCompile(`^__Host-session=[\w-]{80}; Path=/; HttpOnly; Secure; SameSite=Lax$`)

// writerServer runs one handler at a time and tells which reader its connection was given.
type writerServer struct {
	*httptest.Server
	proto string
	now   atomic.Pointer[http.Handler]
	notes atomic.Pointer[notes]
}

func newWriterServer(t *testing.T, proto string) *writerServer {
	s := &writerServer{proto: proto}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/alive" {
			_, _ = io.WriteString(w, "alive")
			return
		}
		(*s.now.Load()).ServeHTTP(w, r)
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	if proto == "HTTP/2.0" {
		s.EnableHTTP2 = true
		s.StartTLS()
	} else {
		s.Listener = spyListener{s.Listener, s}
		s.Start()
	}
	t.Cleanup(func() { go s.Close() }) // it would wait half a second after a body that was not read
	return s
}

// spyListener gives connections that note what they are asked to send by themselves, which is
// sendfile's way.
type spyListener struct {
	net.Listener
	s *writerServer
}

func (l spyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return spyConn{c.(*net.TCPConn), l.s}, nil
}

type spyConn struct {
	*net.TCPConn
	s *writerServer
}

func (c spyConn) ReadFrom(src io.Reader) (int64, error) {
	what := fmt.Sprintf("%T", src)
	if l, ok := src.(*io.LimitedReader); ok {
		what += fmt.Sprintf(" of %T", l.R)
	}
	n, err := c.TCPConn.ReadFrom(src)
	c.s.notes.Load().add("the connection sent %d bytes of %s by itself", n, what)
	return n, err
}

// hold runs the cases, beside those of other tests.
func hold(t *testing.T, cases []writerCase) {
	t.Helper()
	t.Parallel()
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			s := newWriterServer(t, proto)
			for _, c := range cases {
				if c.only == "" || c.only == proto {
					t.Run(c.name, func(t *testing.T) { c.hold(t, s) })
				}
			}
		})
	}
}

func (c *writerCase) hold(t *testing.T, s *writerServer) {
	t.Helper()
	bare := c.run(t, s, nil, nil, shortLimit, c.handler)
	if c.told != "" && s.proto == "HTTP/1.1" && !slices.Contains(bare.Told, c.told) {
		t.Errorf("the bare handler was told %q", bare.Told)
	}
	for _, st := range states() {
		t.Run(st.name, func(t *testing.T) {
			for limit := shortLimit; !c.holdIn(t, s, st, bare, limit); limit *= 4 {
				t.Logf("in %v the session was not used yet", limit)
			}
		})
	}
}

// shortLimit is the time in which a handler that is too late uses its session all the same, unless
// the machine is busy.
const shortLimit = 10 * time.Millisecond

// holdIn runs the case in one state of the session. It reports false if the handler did not come to
// use that within the limit.
func (c *writerCase) holdIn(
	t *testing.T, s *writerServer, st state, bare exchange, limit time.Duration,
) (inTime bool) {
	t.Helper()
	w := newWorld(t)
	b := w.browser()
	if st.known {
		b = w.signedIn("ada")
	}
	want := c.wanted(t, s, st, bare)
	reason := ""
	if d, ok := c.differs[st.name]; ok {
		d.change(&want)
		reason = d.why
	} else if d, ok := c.differs["*"]; ok {
		d.change(&want)
		reason = d.why
	}
	if st.away {
		w.store.stepIn(func(method string) error {
			if method == "Patch" {
				return errors.New("away")
			}
			return nil
		})
	}
	inTime = true
	got := c.run(t, s, w, b, limit, func(rw http.ResponseWriter, r *http.Request, n *notes) {
		st.use(session.From(r.Context()))
		if c.late != "" && r.Context().Err() != nil {
			inTime = false
		}
		c.handler(rw, r, n)
	})
	if !inTime {
		return false
	}
	for i, line := range got.Header["Set-Cookie"] {
		if sessionCookie.MatchString(line) {
			got.Header["Set-Cookie"][i] = "(the session)"
		}
	}
	if st.away {
		want.Told, got.Told = nil, nil // it is told that the answer was withheld
		w.store.stepIn(nil)
	}
	if diff := compare.Diff(want, got); diff != "" {
		t.Errorf("bare handler (-), with sessions (+) %s\n%s", reason, diff)
	}
	c.checkFate(t, w, b, st, got)
	return true
}

// wanted is the bare answer with the session's headers. When nothing can be saved it is that of a
// bare error handler.
func (c *writerCase) wanted(t *testing.T, s *writerServer, st state, bare exchange) exchange {
	want := bare
	want.Header = bare.Header.Clone()
	switch {
	case c.whole && st.away:
		want = c.withheld(t, s)
	case bare.Status == "" || c.session == unseen || c.session == gone || c.session == handed && !st.away:
		return want
	case c.session == lost:
		st.cookie, st.store = false, st.store && st.known
	case st.away:
		want = c.withheld(t, s)
		want.Hints = bare.Hints
	}
	st.mark(want.Header)
	return want
}

// withheld is the answer of a bare error handler.
func (c *writerCase) withheld(t *testing.T, s *writerServer) exchange {
	page := *c
	page.inside, page.late = nil, ""
	return page.run(t, s, nil, nil, 0, func(w http.ResponseWriter, r *http.Request, _ *notes) {
		if c.reads {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		session.DefaultErrorHandler(w, r, errors.New("away"))
	})
}

func (c *writerCase) checkFate(t *testing.T, w *world, b *browser, st state, got exchange) {
	t.Helper()
	switch st.name {
	case "written":
		check(t, "what is saved", b.get("/city").body, map[bool]string{true: "Oslo"}[c.session.saved()])
	case "not saved":
		check(t, "what is saved", b.get("/city").body, "")
	case "signed in":
		if _, differs := c.differs[st.name]; differs {
			return
		}
		sessions := map[bool]int{true: 1}[c.session.saved()]
		if c.ask.twice {
			sessions *= 2 // without a cookie each request begins one
		}
		check(t, "sessions", w.live("bob"), sessions)
		check(t, "the cookie is in the answer", slices.Contains(got.Header["Set-Cookie"], "(the session)"), c.session == kept)
	}
}

// run makes one exchange: bare if w is nil. The limit is for who is late.
func (c *writerCase) run(
	t *testing.T, s *writerServer, w *world, b *browser, limit time.Duration,
	f func(http.ResponseWriter, *http.Request, *notes),
) exchange {
	t.Helper()
	n := &notes{closed: make(chan struct{})}
	var running sync.WaitGroup // a timeout handler does not wait
	requests := 1
	if c.ask.twice {
		requests = 2
	}
	running.Add(2 * requests)
	var h http.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		defer running.Done()
		f(rw, r, n)
	})
	if c.inside != nil {
		h = c.inside(h)
	}
	if c.late == "inside" {
		h = http.TimeoutHandler(h, limit, "too slow")
	}
	if w != nil {
		h = w.m.Handler(h)
	}
	middle := h
	h = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		defer running.Done()
		middle.ServeHTTP(rw, r)
	})
	if c.outside != nil {
		h = c.outside(h)
	}
	if c.late == "outside" {
		h = http.TimeoutHandler(h, limit, "too slow")
	}
	s.now.Store(&h)
	s.notes.Store(n)
	cookie := ""
	if b != nil {
		cookie = b.cookie
	}
	var x exchange
	if s.proto == "HTTP/2.0" {
		x = c.ask.http2(t, s, cookie, n)
	} else {
		x = c.ask.http1(t, s, cookie, n)
	}
	running.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	x.Told = n.lines
	return x
}
