package httpx

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/gate"
)

// This is the way of a request to an application behind the door: who asks is found out, the rules
// of the application decide, and the proxy carries it there. Its session is opened by its key, and
// not by the middleware: the answer is the application's own, and carries neither a cookie of ours
// nor what our pages say to caches.

// asked is what the edge keeps of a request to an application.
type asked struct {
	gate     *gate.Gate    // as it was when the request came
	app      *gate.App     // nil: nothing stands at this address
	question gate.Question // with who asks, once that is known
	decision gate.Decision // the zero value until the rules were asked
	bearer   bool          // a token of ours came in the header Authorization
	how      *question     // how a proxy before us asked about it; nil: it came to us itself
}

// theirs reports whether a request is for an application, or for nothing: what is not below the
// path of our own pages is not ours where there are applications.
func (e *Edge) theirs(r *http.Request) bool {
	if e.gate == nil || e.anyHost[r.URL.Path] {
		return false
	}
	rest, ok := strings.CutPrefix(r.URL.Path, e.base)
	return !ok || rest != "" && rest[0] != '/'
}

// pass leads a request to its application, or answers it.
func (e *Edge) pass(w *recorder, r *http.Request, q *request) {
	g := e.gate()
	q.asked = &asked{gate: g, app: g.Find(hostName(q.host))}
	switch a := q.asked; {
	case a.app == nil && r.URL.Path == "/" && !unsafe(r.Method):
		setHeaders(w.Header(), e.https)
		Redirect(w, r, "/")
	case a.app == nil || a.app.Upstream == nil:
		_ = e.identifyFor(r, q) // who cannot be known sees the page all the same, as a stranger
		e.answer(w, r, &q.visit, fault.New(fault.NotFound, "There is no application at this address."))
	default:
		e.carry(w, r, q)
	}
}

// carry asks the rules, and lets the proxy have what passes.
func (e *Edge) carry(w *recorder, r *http.Request, q *request) {
	v, a := &q.visit, q.asked
	a.question = gate.Question{Method: r.Method, Path: gate.SentPath(r), Preflight: preflight(r)}
	err := e.judge(r, q)
	switch {
	case err != nil && v.Session.Err() != nil: // who is signed in cannot be known: nobody passes
		SessionError(w, r, err)
	case err != nil:
		e.fail(w, r, v, err)
	case a.decision.Verdict != gate.Pass:
		e.turnAway(w, r, q, r.URL.RequestURI())
	default:
		defer w.whenItLasts()()
		e.proxy.Serve(w, r, &gate.Carry{
			App: a.app, Identity: &a.gate.Identity, Developer: v.Developer, Shared: a.decision.Rule.Who == gate.Anyone,
			Scheme: e.schemeOf(r), Host: q.host, ClientAddr: v.Addr, RequestID: v.RequestID, TookAuthorization: a.bearer,
			Failed: e.unreached, Refused: e.notCarried, Ended: w.tunnelEnded,
		})
	}
}

// judge finds out who asks and what the rules say to that. The question says by now what is asked
// for. Who is signed in and passes has used their session.
func (e *Edge) judge(r *http.Request, q *request) error {
	v, a, question := &q.visit, q.asked, &q.asked.question
	if err := e.identifyFor(r, q); err != nil {
		return err
	}
	question.Now, question.Developer, question.Token = e.now(), v.Developer, v.Token
	if v.SignedIn() && !q.bearer {
		question.SignedIn = e.door.Proved(v)
	}
	question.Addr, _ = netip.ParseAddr(v.Addr)
	a.decision = a.app.Decide(question)
	return v.Session.Save()
}

// identifyFor finds out who asks for an application: by a token of ours where one is brought, else by
// the session.
func (e *Edge) identifyFor(r *http.Request, q *request) error {
	v := &q.visit
	v.UserAgent = r.UserAgent()
	token, given := tokenForApplication(r.Header["Authorization"])
	v.Session = e.sessions.Open(r.Context(), e.sessionKey(r, given))
	if !given {
		return e.door.Identify(r.Context(), v)
	}
	q.asked.bearer, q.bearer, q.token = true, true, token
	err := e.door.IdentifyToken(r.Context(), v, token)
	if err != nil {
		e.tallyToken(v, err)
	}
	return err
}

// sessionKey is the key that a request brings in the cookie of the session; "" for none, for several
// that differ, of which nobody knows which one is ours, and beside a token, which comes alone.
func (e *Edge) sessionKey(r *http.Request, token bool) string {
	key := ""
	if token {
		return key
	}
	for _, c := range r.CookiesNamed(e.sessionCookies[0]) {
		if key != "" && c.Value != key {
			return ""
		}
		key = c.Value
	}
	return key
}

// schemeOf is the scheme by which a visitor came, as far as we know.
func (e *Edge) schemeOf(r *http.Request) string {
	switch {
	case e.scheme != "":
		return e.scheme
	case r.TLS != nil:
		return "https"
	}
	return "http"
}

// preflight reports whether a request is the browsers' question before one of another origin.
func preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && len(r.Header["Origin"]) > 0 && len(r.Header["Access-Control-Request-Method"]) > 0
}

// unreached answers for an application that gave no answer.
func (e *Edge) unreached(w http.ResponseWriter, r *http.Request, err error, timeout bool) {
	q := of(r)
	if hungUp(r, err) {
		e.abandon(w, r, &q.visit)
		return
	}
	name := q.asked.app.Name
	if tells, kept := e.outages.tells(name, e.now()); tells {
		e.log.Warn("an application gave no answer", "application", name, "request_id", q.visit.RequestID, "error", err, "not_told_before", kept)
	}
	f := fault.Wrap(fault.Unreached, name+" does not answer at the moment. It is not your doing. Please try again in a moment.", err)
	if timeout {
		f = fault.Wrap(fault.TimedOut, tookTooLong(r, name), err)
	}
	e.answer(w, r, &q.visit, f)
}

// tookTooLong says that an application did, and of what was sent there that it may have been done.
func tookTooLong(r *http.Request, name string) string {
	if unsafe(r.Method) {
		return name + " took too long to answer. Whether what you sent was done, only " + name + " knows: look there before you send it again."
	}
	return name + " took too long to answer. It is not your doing. Please try again in a moment."
}

// notCarried answers a request that no application gets, whoever sends it.
func (e *Edge) notCarried(w http.ResponseWriter, r *http.Request, status int, err error) {
	q := of(r)
	q.asked.decision.Verdict = gate.Unreadable // whatever the rules said: it did not pass
	f := fault.Wrap(fault.Malformed, "The request could not be read.", err)
	switch status {
	case http.StatusForbidden:
		f = fault.Wrap(fault.Forbidden, foreignText(r), err)
	case http.StatusMethodNotAllowed:
		f = errMethod
	}
	e.answer(w, r, &q.visit, f)
}

// applied returns the application of a request to one, nil of any other.
func (q *request) applied() *gate.App {
	if q.asked == nil {
		return nil
	}
	return q.asked.app
}

// enter writes down what the book keeps of a request to an application: the path, the names in its
// query with the values that the rule lists, and how long its body is.
func (a *asked) enter(entry *book.Entry, host string, r *http.Request) {
	entry.Application, entry.Host, entry.Rule = a.app.Name, book.Inert(capped(host), 260), a.decision.Why
	if a.decision.Verdict != gate.Pass {
		entry.Action = book.RequestRefused
	}
	var keep []string
	if a.decision.Rule != nil {
		keep = a.decision.Rule.Keep
	}
	entry.URL = book.RedactApplicationURL(gate.SentPath(r), r.URL.RawQuery, keep)
	entry.Body = book.ApplicationBody(r.ContentLength)
}
