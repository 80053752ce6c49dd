package httpx

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/session"
)

// These are the addresses at which a proxy before us asks about a request that it has, and passes
// on by itself. Who asks there is the visitor: by the headers of their request, which come along.
// In the book stands their request and never the question. No answer sets a cookie that something
// hangs on: most proxies lose it.

// question is how a request to an application has come before us.
type question struct {
	visitors *http.Request // the request that is asked about
	origin   string        // of the application, as browsers have it
	leave    int           // the status of an answer that leads a person elsewhere
}

// asking are the handlers of those addresses.
func (e *Edge) asking() map[string]Handler {
	return map[string]Handler{
		"GET /forward": e.ask(gate.Forward, http.StatusSeeOther),
		// A redirect is an error to nginx: its configuration makes one of a 401 with a Location.
		"GET /auth-request": e.ask(gate.AuthRequest, http.StatusUnauthorized),
		"GET /refused":      e.refused,
	}
}

// ask answers a proxy that speaks the dialect: 200 with what the application shall be told, or what
// the visitor shall get.
func (e *Edge) ask(read gate.Dialect, leave int) Handler {
	return func(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
		if e.gate == nil {
			return fault.New(fault.NotFound, "There is no application behind the door.")
		}
		if peer, ok := peerAddr(r); !ok || !e.addresses.Proxies.trust(peer) {
			return e.misasked("a question came from an address that is no trusted proxy, and was refused; if that is your proxy, "+
				"name it in --trusted-proxies", fault.New(fault.Forbidden, "This address is for a proxy that Doorbook trusts."), r)
		}
		asks, err := read(r.Header)
		if err != nil {
			return e.misasked("a proxy's question cannot be read", err, r)
		}
		g := e.gate()
		name := hostName(asks.Host)
		app := g.Find(name)
		switch {
		case name == "" || app == nil || !e.known(asks.Host):
			return e.misasked("a proxy asks about a host that has no application; name it in --app or in the file of --gate",
				fault.New(fault.Misdirected, "There is no application under that name."), r)
		case gate.Under(asks.Path, e.base):
			return e.misasked("a proxy asks about Doorbook's own pages; keep "+e.base+"/ out of what it asks about",
				fault.New(fault.Misdirected, "This is a page of Doorbook's own, which the proxy must not ask about."), r)
		}
		how := &question{visitors: requestOf(r, asks), origin: app.Origin, leave: leave}
		if how.origin == "" {
			how.origin = asks.Scheme + "://" + asks.Host
		}
		q := of(r)
		e.under(q, asks.Host)
		q.bare = leave == http.StatusUnauthorized // nginx shows none of it
		q.asked = &asked{gate: g, app: app, how: how}
		q.asked.question = gate.Question{Method: asks.Method, Path: asks.Path, Preflight: preflight(how.visitors)}
		e.tellVerdict(w, how.visitors, v)
		return nil
	}
}

// tellVerdict asks the rules, and tells the proxy what becomes of the request.
func (e *Edge) tellVerdict(w http.ResponseWriter, r *http.Request, v *door.Visit) {
	q := of(r)
	a := q.asked
	switch err := e.judge(r, q); {
	case err != nil && v.Session.Err() != nil && session.ErrorStatus(r, err) == http.StatusSeeOther:
		e.sendTo(w, r, r.URL.RequestURI()) // the session changed under it: once more
	case err != nil && v.Session.Err() != nil:
		SessionError(w, r, err)
	case err != nil:
		e.fail(w, r, v, err)
	case a.decision.Verdict != gate.Pass:
		e.turnAway(w, r, q, r.RequestURI)
	default:
		c := gate.Carry{Identity: &a.gate.Identity, Developer: v.Developer, TookAuthorization: a.bearer}
		c.Scheme, c.Host, _ = strings.Cut(a.how.origin, "://")
		if handshake(r) && !gate.MayUpgrade(r, &c) {
			e.notCarried(w, r, http.StatusForbidden, gate.ErrOrigin)
			return
		}
		h := w.Header()
		c.Tell(h, r.Header, e.cookies.Ours)
		h.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusOK)
	}
}

// handshake reports whether a request is the beginning of a WebSocket. Proxies take Upgrade away from
// what they ask with, and leave what every WebSocket begins with, over HTTP/2 (RFC 8441) the version alone.
func handshake(r *http.Request) bool {
	return len(r.Header["Sec-Websocket-Key"]) > 0 || len(r.Header["Sec-Websocket-Version"]) > 0
}

// under says under which host a request stands: only sessions of that one count there.
func (e *Edge) under(q *request, host string) {
	q.host, q.away, q.visit.Host = host, e.awayAt(host), ""
	if q.away != nil {
		q.visit.Host = q.away.Host
	}
}

// visitors is the visitor's request: that which came, or that which a proxy asks about.
func (q *request) visitors(r *http.Request) *http.Request {
	if q.asked != nil && q.asked.how != nil {
		return q.asked.how.visitors
	}
	return r
}

// requestOf is the request that a proxy asks about. It has no body: nobody sends that to us.
func requestOf(r *http.Request, asks gate.Asked) *http.Request {
	as := r.WithContext(r.Context())
	as.Method, as.Host, as.Body, as.ContentLength = asks.Method, asks.Host, http.NoBody, 0
	as.RequestURI = asks.Path
	if asks.Query != "" {
		as.RequestURI += "?" + asks.Query
	}
	path, err := url.PathUnescape(asks.Path)
	if err != nil {
		path = asks.Path
	}
	as.URL = &url.URL{Path: path, RawPath: asks.Path, RawQuery: asks.Query}
	return as
}

// misasked refuses a question, and logs why the first time that it does so for the reason.
func (e *Edge) misasked(why string, err error, r *http.Request) error {
	public := fault.From(err).Public
	if _, again := e.misaskedBefore.LoadOrStore(why+public, true); !again {
		e.log.Warn(why, "peer", r.RemoteAddr, "answer", public, "address", strings.TrimPrefix(r.URL.Path, e.base))
	}
	return err
}

// toldID is the number of an earlier request that a proxy hands back, "" if none does that we trust, or
// if it is none of ours.
func (e *Edge) toldID(r *http.Request) string {
	ids := r.Header["X-Request-Id"]
	if peer, ok := peerAddr(r); !ok || !e.addresses.Proxies.trust(peer) || len(ids) != 1 {
		return ""
	}
	if len(ids[0]) != 26 || strings.Trim(ids[0], "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") != "" { // see rand.Text
		return ""
	}
	return ids[0]
}

// refused is the page for who may not enter, which nginx shows in place of its own. The number that
// people are to quote is that of the request in the book, which nginx was told.
func (e *Edge) refused(w http.ResponseWriter, r *http.Request, v *door.Visit) error {
	if e.gate != nil {
		g := e.gate()
		if app := g.Find(hostName(Host(r))); app != nil {
			if id := e.toldID(r); id != "" {
				v.RequestID = id
				w.Header()["X-Request-Id"] = []string{id}
			}
			of(r).bare, of(r).refused = !navigates(r), true
			return fault.New(fault.Forbidden, notForYou(&asked{gate: g, app: app}))
		}
	}
	return fault.New(fault.NotFound, "There is no such page. The address may be mistyped, or what stood here is gone.")
}
