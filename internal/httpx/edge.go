package httpx

import (
	"context"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/session"
)

// Handler translates one request to the door and its answer to HTTP. What it returns as an error
// becomes the answer.
type Handler func(w http.ResponseWriter, r *http.Request, v *door.Visit) error

// ErrorPage writes a page for people about an error. It must not fail.
type ErrorPage func(w http.ResponseWriter, r *http.Request, v *door.Visit, status int, f *fault.Error)

// Proxy carries a request to an application, and its answer back. It is a *gate.Proxy.
type Proxy interface {
	Serve(w http.ResponseWriter, r *http.Request, c *gate.Carry)
}

// Config is what an Edge works with; all of it is required but Addresses and PublicURL.
type Config struct {
	Door      *door.Door
	Sessions  *session.Manager // its ErrorHandler is SessionError
	Recorder  *book.Recorder
	Handlers  map[string]Handler // by the pattern of their route
	Page      ErrorPage
	Keys      *session.KeyRing
	Addresses Addresses // default: the peer's
	Cookies   Cookies   // what ours are called
	HTTPS     bool      // the site is served over TLS
	PublicURL string    // that people use, as browsers write it (config.PublicURL); "" when it is not known
	Hosts     []string  // names under which the site is served besides that and those of one's own network
	Now       func() time.Time
	Log       *slog.Logger

	HSTS           HSTS              // for which hosts browsers are told to use TLS; default: this one
	Gate           func() *gate.Gate // the applications behind the door as they are now; default: there are none
	Proxy          Proxy             // carries requests to them; required with Gate
	SessionCookies []string          // names of the session's cookie, that of a program which shares it too
}

// Edge is the way of a request from the listener to its handler. It is an http.Handler, safe for
// concurrent use.
type Edge struct {
	door      *door.Door
	recorder  *book.Recorder
	page      ErrorPage
	addresses Addresses
	cookies   Cookies
	https     string // what Strict-Transport-Security says
	publicURL string
	scheme    string          // of publicURL
	authority string          // the same: host and port
	base      string          // its path, "" or "/door": the site is below it
	hosts     hosts           //
	anyHost   map[string]bool // paths that are answered under any name
	now       func() time.Time
	log       *slog.Logger

	told [wrongWords + 1]sync.Once // what was said of proxies, once each

	sessionCookies []string

	gate     func() *gate.Gate
	proxy    Proxy
	health   *gate.Health
	sessions *session.Manager
	streams  *streams
	outages  outages

	unknownHost    sync.Once // tells of a name that is not served
	misaskedBefore sync.Map  // what was said of proxies' questions that were refused, once each

	tokens  formTokens
	enter   *session.Signer // of what browsers keep under other hosts
	shapes  []shape
	handler http.Handler
}

// shape is what the addresses of a route with a parameter begin with.
type shape struct{ prefix, pattern string }

// New builds the way of a request: the recorder, which holds its entry, then headers and request
// id, then the session, then the line of the policy that its route has, then its handler. It fails
// when a route has no handler or a handler no route.
func New(c Config) (*Edge, error) {
	e := &Edge{
		door: c.Door, recorder: c.Recorder, page: c.Page, addresses: c.Addresses,
		cookies: c.Cookies, https: c.HSTS.header(c.HTTPS), publicURL: c.PublicURL, now: c.Now, log: c.Log,
		tokens:         newFormTokens(c.Keys, c.Cookies),
		enter:          c.Keys.Signer("enter"),
		sessionCookies: c.SessionCookies,
		gate:           c.Gate, proxy: c.Proxy, health: gate.NewHealth(c.Now), sessions: c.Sessions, streams: newStreams(c.Door),
		hosts: newHosts(c.PublicURL, c.Hosts), anyHost: map[string]bool{},
	}
	e.scheme, e.authority, _ = strings.Cut(c.PublicURL, "://")
	if i := strings.IndexByte(e.authority, '/'); i >= 0 {
		e.authority, e.base = e.authority[:i], strings.TrimRight(e.authority[i:], "/")
	}
	mux, err := e.mux(c.Handlers)
	if err != nil {
		return nil, err
	}
	e.handler = e.record(e.served(c.Sessions.Handler(mux)))
	return e, nil
}

// ServeHTTP implements http.Handler.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.handler.ServeHTTP(w, r) }

// shape is the pattern whose parameter an address holds that no route answered: with a wrong
// method, a slash too many, or on its way to a cleaner spelling. What stands in the place of a
// parameter may be a secret there too. "" if there is none.
func (e *Edge) shape(address string) string {
	sent, _ := e.below(address)
	cleaner, _ := e.below(path.Clean("/" + address))
	for _, s := range e.shapes {
		if strings.HasPrefix(sent, s.prefix) || strings.HasPrefix(cleaner, s.prefix) {
			return s.pattern
		}
	}
	return ""
}

// request is what the edge keeps of one request. It is the request's context, so that every layer
// finds it.
type request struct {
	context.Context
	cancel context.CancelFunc
	edge   *Edge
	visit  door.Visit
	route  *Route // nil until a route matched
	start  time.Time
	body   *body // nil: not read
	begun  bool  // the final header is on its way

	away    *gate.App // under whose host it came, where that is not home
	asked   *asked    // what an application is asked for; nil: a page of ours
	host    string    // that was asked for
	refused bool      // by an application's rules, as a proxy was told before
	misled  bool      // which is none of ours
	origin  origin    // where an unsafe request comes from
	lost    Lost      // see SessionLost
	bearer  bool      // it brings a token in place of a session
	token   string    // which is this one
	bare    bool      // it is answered as a program, for it tries to bring a token where none is taken
}

type requestKey struct{}

func (q *request) Value(key any) any {
	if key == (requestKey{}) {
		return q
	}
	return q.Context.Value(key)
}

// of finds the request's own part. Every request has one: record is the outermost layer.
func of(r *http.Request) *request {
	q, _ := r.Context().Value(requestKey{}).(*request)
	return q
}

// Address returns the visitor's address of the request that a context is of; "" of any other.
func Address(ctx context.Context) string {
	if q, ok := ctx.Value(requestKey{}).(*request); ok {
		return q.visit.Addr
	}
	return ""
}

// Started is when a request came, by the clock of the program.
func Started(r *http.Request) time.Time { return of(r).start }
