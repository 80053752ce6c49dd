package httpx

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/session"
)

// People sign in and see to their accounts under one host, that of the public URL: home. Under those
// of applications stand the few pages of ours whose routes say so (Route.Away), and everything else
// leads home. Whither a browser may be sent from one host to another is decided here alone: to home,
// and to the origins of applications as the settings have them, scheme, host and port.

// awayAt returns the application whose host that is, where it is not home; nil at home.
func (e *Edge) awayAt(host string) *gate.App {
	name := hostName(host)
	if e.gate == nil || e.publicURL == "" || name == hostName(e.authority) { // without one there is one host alone
		return nil
	}
	return e.gate().At(name)
}

// atHome is where an address of this site ("/login") is found at home.
func (e *Edge) atHome(address string) string { return e.publicURL + address }

// AtHome is where an address of this site ("/login") is found under the host where people sign in.
func AtHome(r *http.Request, address string) string { return of(r).edge.atHome(address) }

// AtHost is where an address of this site is found under the host of an application; false if there
// is none of that host.
func AtHost(r *http.Request, host, address string) (string, bool) {
	e := of(r).edge
	app := e.awayAt(host)
	if app == nil || app.Host != host || app.Origin == "" {
		return "", false
	}
	return app.Origin + e.base + address, true
}

// AfterSignOut is where a browser goes that has signed out: to the sign-out of the application of the
// host, else to the place that the settings name; "" where neither is set.
func AfterSignOut(r *http.Request) string {
	q := of(r)
	if q.edge.gate == nil {
		return ""
	}
	g := q.edge.gate()
	if app := g.Find(hostName(q.host)); app != nil && app.SignOut != "" {
		if path := localOr(app.SignOut, ""); path != "" {
			return path
		}
	}
	return g.SignedOut
}

// Wanted is the page under an application's host that somebody was on their way to: the parameter
// "next", as Onward takes it, else the application's first page.
func Wanted(r *http.Request) string { return Inside(r, r.FormValue("next")) }

// Inside is Wanted of a way back that is at hand.
func Inside(r *http.Request, next string) string {
	if next = localOr(next, "/"); next == "/" {
		return next
	}
	u, err := url.Parse(next)
	if err != nil || inside(r, u) != u.RequestURI() {
		return "/"
	}
	return next
}

// localOr returns an address if it is a path of this site to every browser, by the one rule for that
// (session.WayBack), else the second argument.
func localOr(address, otherwise string) string {
	return session.WayBack(&http.Request{URL: &url.URL{}, Form: url.Values{"next": {address}}}, otherwise)
}

// homeInstead answers under another host what stands at home alone: pages lead there.
func (e *Edge) homeInstead(w http.ResponseWriter, r *http.Request) error {
	if unsafe(r.Method) || wantsJSON(r, of(r).route) {
		return fault.New(fault.NotFound, "That stands under "+e.publicURL+"/ alone.")
	}
	rest, _ := e.below(r.URL.EscapedPath())
	if r.URL.RawQuery != "" {
		rest += "?" + r.URL.RawQuery
	}
	http.Redirect(w, r, e.atHome(rest), http.StatusSeeOther)
	return nil
}

// policy is the Content-Security-Policy of our pages. A form may end at another host of the site: who
// signs in at home goes on to the application's, and who signs out there comes home. Browsers hold
// form-action against such redirects, too.
func (e *Edge) policy() string {
	if e.gate == nil {
		return pageCSP
	}
	g, to := e.gate(), ""
	for i := range g.Apps {
		if o := g.Apps[i].Origin; o != "" {
			to += " " + o
		}
	}
	if to != "" {
		to = " " + e.scheme + "://" + e.authority + to
	}
	if u, err := url.Parse(g.SignedOut); err == nil && u.Host != "" {
		to += " " + u.Scheme + "://" + u.Host
	}
	return strings.Replace(pageCSP, "form-action 'self'", "form-action 'self'"+to, 1)
}
