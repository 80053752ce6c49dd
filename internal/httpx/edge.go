package httpx

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/session"
)

// Handler translates one request to the door and its answer to HTTP. What it returns as an error
// becomes the answer.
type Handler func(w http.ResponseWriter, r *http.Request, v *door.Visit) error

// ErrorPage writes a page for people about an error. It must not fail.
type ErrorPage func(w http.ResponseWriter, r *http.Request, v *door.Visit, status int, f *fault.Error)

// Config is what an Edge works with; all of it is required but Proxies and PublicURL.
type Config struct {
	Door      *door.Door
	Sessions  *session.Manager // its ErrorHandler is SessionError
	Recorder  *book.Recorder
	Handlers  map[string]Handler // by the pattern of their route
	Page      ErrorPage
	Keys      *session.KeyRing
	Proxies   Proxies
	Secure    bool   // cookies are Secure: the site is served over TLS or on this machine alone
	HTTPS     bool   // the site is served over TLS
	PublicURL string // scheme and host that people use, "" when it is not known
	Now       func() time.Time
	Log       *slog.Logger
}

// Edge is the way of a request from the listener to its handler. It is an http.Handler, safe for
// concurrent use.
type Edge struct {
	door      *door.Door
	recorder  *book.Recorder
	page      ErrorPage
	proxies   Proxies
	secure    bool
	https     bool
	publicURL string
	now       func() time.Time
	log       *slog.Logger

	oddWord sync.Once // tells of a proxy that is not understood

	tokens  formTokens
	origins *http.CrossOriginProtection
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
		door: c.Door, recorder: c.Recorder, page: c.Page, proxies: c.Proxies,
		secure: c.Secure, https: c.HTTPS, publicURL: c.PublicURL, now: c.Now, log: c.Log,
		tokens:  newFormTokens(c.Keys, c.Secure),
		origins: http.NewCrossOriginProtection(),
	}
	mux := http.NewServeMux()
	allowed := map[string][]string{} // by path
	for _, route := range Routes() {
		h, ok := c.Handlers[route.Pattern]
		if !ok {
			return nil, fmt.Errorf("route %q has no handler", route.Pattern)
		}
		mux.Handle(route.Pattern, e.admitTo(&route, h))
		method, address, _ := strings.Cut(route.Pattern, " ")
		allowed[address] = append(allowed[address], method)
		if prefix, _, parameter := strings.Cut(address, "{id}"); parameter {
			e.shapes = append(e.shapes, shape{prefix, address})
		}
	}
	if len(c.Handlers) != len(Routes()) {
		return nil, fmt.Errorf("%d handlers for %d routes", len(c.Handlers), len(Routes()))
	}
	for path, methods := range allowed {
		mux.Handle(path, e.admitTo(&Route{Form: formOf(path)}, wrongMethod(methods)))
	}
	mux.Handle("/", e.admitTo(&Route{}, func(http.ResponseWriter, *http.Request, *door.Visit) error {
		return fault.New(fault.NotFound, "There is no such page.")
	}))
	e.handler = e.record(c.Sessions.Handler(mux))
	return e, nil
}

// ServeHTTP implements http.Handler.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.handler.ServeHTTP(w, r) }

// shape is the pattern whose parameter an address holds that no route answered: with a wrong
// method, a slash too many, or on its way to a cleaner spelling. What stands in the place of a
// parameter may be a secret there too. "" if there is none.
func (e *Edge) shape(address string) string {
	cleaner := path.Clean("/" + address)
	for _, s := range e.shapes {
		if strings.HasPrefix(address, s.prefix) || strings.HasPrefix(cleaner, s.prefix) {
			return s.pattern
		}
	}
	return ""
}

// formOf is the form in which a path speaks, for answers that no route of its own gives.
func formOf(path string) Form {
	for _, route := range Routes() {
		if _, p, _ := strings.Cut(route.Pattern, " "); p == path {
			return route.Form
		}
	}
	return Page
}

func wrongMethod(methods []string) Handler {
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead)
	}
	slices.Sort(methods)
	allow := strings.Join(methods, ", ")
	return func(w http.ResponseWriter, _ *http.Request, _ *door.Visit) error {
		w.Header().Set("Allow", allow)
		return errMethod
	}
}

// clientAddr is Proxies.ClientAddr. The first word of a proxy that is not understood is logged,
// without what it said, which a visitor may have sent: all visitors of that proxy may be of one
// network then.
func (e *Edge) clientAddr(r *http.Request) string {
	addr, understood := e.proxies.client(r)
	if !understood {
		e.oddWord.Do(func() {
			e.log.Warn("a trusted proxy's X-Forwarded-For is not understood; its visitors count as one",
				"proxy", r.RemoteAddr, "lines", len(r.Header.Values("X-Forwarded-For")))
		})
	}
	return addr
}

// request is what the edge keeps of one request. It is the request's context, so that every layer
// finds it.
type request struct {
	context.Context
	edge  *Edge
	visit door.Visit
	route *Route // nil until a route matched
	start time.Time
	body  *body // nil: not read
	begun bool  // the final header is on its way
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
