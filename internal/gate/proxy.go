package gate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// ProxyConfig is what a Proxy needs. Zero times stand for the defaults.
type ProxyConfig struct {
	// Ours reports whether a cookie of that name is one of ours, which applications neither see nor
	// set. Nil: none is.
	Ours func(cookie string) bool
	Log  *slog.Logger // nil: slog.Default()

	Dial   time.Duration // until an application takes the connection; 5 seconds
	Header time.Duration // until its header is there, once it has the whole request; 60 seconds
	// Idle is how long a connection to an application waits for the next request; 1.5 seconds, which
	// is less than what servers give one (gunicorn 2 seconds, Node and Apache 5): a request that meets
	// a connection which is being closed is lost where it may not be sent twice.
	Idle time.Duration
	// Stall is how long a body stands still, to the application or from or to the visitor, when it is
	// its reader or the visitor who does not move; 60 seconds. An answer of which nothing comes is
	// waited for as long as the visitor does: such is an event stream.
	Stall time.Duration
}

// Proxy carries requests to applications and their answers back. It is safe for concurrent use.
type Proxy struct {
	cfg        ProxyConfig
	errors     *log.Logger
	transports transports
	buffers    buffers
}

// NewProxy returns a proxy that knows no application yet: what it keeps of one it makes when it is
// first asked for.
func NewProxy(c ProxyConfig) *Proxy {
	if c.Ours == nil {
		c.Ours = func(string) bool { return false }
	}
	c.Log = cmp.Or(c.Log, slog.Default())
	c.Dial = cmp.Or(c.Dial, 5*time.Second)
	c.Header = cmp.Or(c.Header, 60*time.Second)
	c.Idle = cmp.Or(c.Idle, 1500*time.Millisecond)
	c.Stall = cmp.Or(c.Stall, 60*time.Second)
	return &Proxy{
		cfg: c, errors: slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug),
		transports: transports{dial: c.Dial, header: c.Header, idle: c.Idle, stall: c.Stall},
	}
}

// Carry is one request on its way to an application.
type Carry struct {
	App       *App              // has an Upstream
	Identity  *Identity         // what the application is told
	Developer account.Developer // who asks; zero: a stranger

	Scheme, Host string // as the visitor's browser has them, Host with its port
	ClientAddr   string // of the visitor, without a port
	RequestID    string

	// TookAuthorization says that the Authorization header was a token of ours: the application does
	// not see it.
	TookAuthorization bool
	// Shared says that the answer is for anyone, so caches before us may keep it if the application
	// allows it. Any other answer is marked as somebody's own.
	Shared bool

	// Failed answers with 502, or with 504 where the application took too long. Nothing was sent
	// before but 1xx. The error is context.Canceled when the visitor has gone or their session ended.
	Failed func(w http.ResponseWriter, r *http.Request, err error, timeout bool)
	// Ended is told when an upgraded connection is over, and how many bytes passed to the visitor and
	// from them. It is called long after Serve has returned, by another goroutine. Nil: nobody is told.
	Ended func(sent, received int64)
	// Refused answers a request that is not carried: 400 and 408 for a body that is broken or does
	// not come, 403 for an upgrade that another site began (ErrOrigin), 405 for a method that no
	// application gets. Nil: a line of text.
	Refused func(w http.ResponseWriter, r *http.Request, status int, err error)
}

// ErrOrigin is why an upgrade is refused that a page of another site asked for.
var ErrOrigin = errors.New("the upgrade was not asked for by a page of this application")

var (
	errMethod    = errors.New("this method is not passed on")
	errUpgrade   = errors.New("the protocol to go over to is none")
	errTarget    = errors.New("the target is no path")
	errStatus    = errors.New("the application's status is none")
	errNoAddress = errors.New("the application has no upstream")
)

// Serve carries the request to the application, and its answer back. An answer that breaks off
// breaks the visitor's connection off, by http.ErrAbortHandler: it must not look whole.
func (p *Proxy) Serve(w http.ResponseWriter, r *http.Request, c *Carry) {
	if status, err := refusal(r, c); err != nil {
		c.refuse(w, r, status, err)
		return
	}
	t := &trip{p: p, c: c, r: r}
	t.answer = answer{ResponseWriter: w, trip: t, rc: http.NewResponseController(w), stall: p.cfg.Stall, h2: r.ProtoMajor != 1}
	t.proxy = httputil.ReverseProxy{
		Transport:      p.transports.of(c.App.Upstream),
		Rewrite:        t.rewrite,
		ModifyResponse: t.modify,
		ErrorHandler:   t.fail,
		BufferPool:     t,
		ErrorLog:       p.errors,
	}
	defer t.end()
	t.proxy.ServeHTTP(&t.answer, t.begin())
	t.whole = true
	if !t.answer.h2 && !t.answer.taken {
		t.answer.arm() // for what the server writes when we are through, which may be long after the last byte
	}
}

// refusal says why a request is not carried. Of TRACE the answer is the request itself, with what
// only the application may see; CONNECT has no path that could be held against rules.
func refusal(r *http.Request, c *Carry) (int, error) {
	switch {
	case c.App.Upstream == nil:
		return http.StatusBadGateway, errNoAddress
	case r.Method == http.MethodTrace, r.Method == http.MethodConnect:
		return http.StatusMethodNotAllowed, errMethod
	case SentPath(r) == "":
		return http.StatusBadRequest, errTarget
	case !printable(r.Header.Get("Upgrade")):
		return http.StatusBadRequest, errUpgrade
	case upgrade(r) != "" && !MayUpgrade(r, c):
		return http.StatusForbidden, ErrOrigin
	}
	return 0, nil
}

func (c *Carry) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	if c.Refused != nil {
		c.Refused(w, r, status, err)
		return
	}
	http.Error(w, err.Error(), status)
}

// trip is one request that is being carried, with all that it takes in one piece of memory.
type trip struct {
	p      *Proxy
	c      *Carry
	r      *http.Request // as it came
	proxy  httputil.ReverseProxy
	answer answer
	body   *body    // of the request; nil for none
	id     []string // of the request, as a header has it
	asked  string   // the protocol to go over to; "" for none
	buffer int      // how large the buffer of the answer's body is
	whole  bool     // the answer is complete
}

// begin prepares the request. The server's own time limits are for pages: an application's request
// and answer take as long as they move.
func (t *trip) begin() *http.Request {
	r := t.r
	t.answer.begin()
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return r
	}
	t.body = &body{ReadCloser: r.Body, trip: t, stall: t.p.cfg.Stall}
	out := *r
	out.Body = t.body
	return &out
}

// end tells the operator of an answer that broke off, and lets go of a visitor who is still sending.
func (t *trip) end() {
	t.body.release(t)
	if t.whole || !t.answer.started || t.answer.taken || t.r.Context().Err() != nil || t.answer.failed != nil {
		return
	}
	t.p.cfg.Log.Warn("an application broke its answer off", "application", t.c.App.Name, "request", t.c.RequestID)
}

// fail answers for an application that does not.
func (t *trip) fail(_ http.ResponseWriter, _ *http.Request, err error) {
	if errors.Is(err, errUpgraded) {
		return
	}
	if t.answer.started {
		panic(http.ErrAbortHandler)
	}
	w := t.answer.ResponseWriter
	t.answer.lastOf()
	t.answer.arm() // waiting for the application has taken all the time that there was for a page
	gone := t.r.Context().Err()
	// For a visitor whose body does not come in time the server cancels the request, too.
	if status, cause := t.body.problem(); cause != nil && (gone == nil || status == http.StatusRequestTimeout) {
		t.c.refuse(w, t.r, status, cause)
		return
	}
	if gone != nil {
		err = fmt.Errorf("%w (%w)", context.Canceled, err)
	}
	var late net.Error
	timeout := !errors.Is(err, context.Canceled) && errors.As(err, &late) && late.Timeout()
	if t.c.Failed == nil {
		status := http.StatusBadGateway
		if timeout {
			status = http.StatusGatewayTimeout
		}
		http.Error(w, http.StatusText(status), status)
		return
	}
	t.c.Failed(w, t.r, err, timeout)
}
