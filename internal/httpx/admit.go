package httpx

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/session"
)

// admitTo applies a route's line of the policy and lets the request through to its handler.
func (e *Edge) admitTo(route *Route, h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := of(r)
		q.route = route
		if route.Form == Page && strings.HasSuffix(route.Pattern, "/{token}") { // its address is a secret
			w.Header().Set("Referrer-Policy", "no-referrer")
		}
		v := &q.visit
		passed, err := false, q.bring(w, r)
		v.Session = session.From(r.Context())
		v.Device, v.UserAgent = e.device(r), r.UserAgent()
		v.Fresh = route.Fresh
		if err == nil {
			passed, err = e.admit(w, r, q)
		}
		if err == nil && passed {
			err = h(w, r, v)
		}
		if err != nil {
			e.fail(w, r, v, err)
		}
	})
}

// admit reports whether the request may go on to its handler. If it may not and there is no error,
// it is answered. The whole body is read before anybody is judged: one that comes slowly must not
// act with the rights that its sender had when it began (ASVS 8.3.2).
func (e *Edge) admit(w http.ResponseWriter, r *http.Request, q *request) (bool, error) {
	route, v := q.route, &q.visit
	switch {
	case route.Form == Raw:
		return true, nil
	case q.away != nil && !route.Away && route.Pattern != "":
		return false, e.homeInstead(w, r)
	}
	var unread error
	if route.Pattern != "" { // 404 and 405 read nothing
		unread = q.readBody(w, r)
	}
	if err := e.identify(w, r, q); err != nil {
		return false, err
	}
	if err := readableQuery(r, route); err != nil {
		return false, err
	}
	if passed, err := e.mayPass(w, r, route, v); !passed || err != nil {
		return false, err
	}
	if unread != nil {
		return false, unread
	}
	return true, e.readable(r, route, v)
}

// identify finds out who asks: by the token alone where one is brought, which no browser sends by
// itself, else by the session, if the request comes from this site.
func (e *Edge) identify(w http.ResponseWriter, r *http.Request, q *request) error {
	v := &q.visit
	if q.bearer {
		return e.letInBy(w, r, q)
	}
	if unsafe(r.Method) {
		q.origin = e.originOf(r)
	}
	if q.origin == foreign {
		e.door.Note(r.Context(), v, book.ActionCrossOriginRefused, "")
		return fault.New(fault.Forbidden, foreignText(r))
	}
	if err := e.byHand(r, q); err != nil {
		return err
	}
	return e.door.Identify(r.Context(), v)
}

// readableQuery refuses a query of which net/url would drop the parts that it cannot read, and a
// handler would never know: "%zz", and ";" where others end a pair.
func readableQuery(r *http.Request, route *Route) error {
	if r.URL.RawQuery == "" || route.Pattern == "" {
		return nil
	}
	if _, err := url.ParseQuery(r.URL.RawQuery); err != nil {
		return fault.Wrap(fault.Malformed, "What stands behind the ? of this address cannot be read.", err)
	}
	return nil
}

// mayPass holds the visitor against the route's Who. session.Manager's guards cannot stand in for
// it: they judge by the session and before the body is there, this by the account and after it.
func (e *Edge) mayPass(w http.ResponseWriter, r *http.Request, route *Route, v *door.Visit) (bool, error) {
	switch {
	case route.Who == SignedOut && v.SignedIn() && v.Host != "":
		SeeOther(w, Wanted(r))
		return false, nil
	case route.Who == SignedOut && v.SignedIn():
		http.Redirect(w, r, Back(r), http.StatusSeeOther)
		return false, nil
	case route.Who >= SignedIn && !v.SignedIn():
		if route.Out {
			e.outAlready(w, r, v)
			if v.Host != "" { // what is signed in at home still is
				http.Redirect(w, r, e.atHome("/auth/logout"), http.StatusSeeOther)
				return false, nil
			}
		}
		if wantsJSON(r, route) {
			return false, fault.New(fault.Unauthorized, signInText(r))
		}
		return false, SendToSignIn(w, r, session.SamePage(r))
	case route.Who == Admins && !v.Admin():
		e.door.Note(r.Context(), v, book.ActionForbidden, "")
		return false, fault.New(fault.Forbidden, "Only administrators may do that.")
	}
	return true, nil
}

// signInText asks somebody to sign in.
func signInText(r *http.Request) string {
	if SessionLost(r) == LostEnded {
		return sessionEnded
	}
	return "Please sign in."
}

// SendToSignIn sends somebody to the sign-in page, with the way back to the page that they asked for;
// it is an error where their browser would come back from there as it is now.
func SendToSignIn(w http.ResponseWriter, r *http.Request, here string) error {
	if err := of(r).edge.cookiesLost(r); err != nil {
		return err
	}
	http.Redirect(w, r, signInFirst(r, here), http.StatusSeeOther)
	return nil
}

// LongestWay is the longest way back that the sign-in page takes (session.WayBack).
const LongestWay = 2048

// signInFirst is the sign-in page, with the way back to the page that was asked for, unless that is
// the dashboard or too long.
func signInFirst(r *http.Request, here string) string {
	login := Path(r, "/login")
	if here == Path(r, "/") || len(here) > LongestWay || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return login
	}
	return login + "?next=" + url.QueryEscape(here)
}

// readable makes sure that an unsafe request's body is of the route's form, and that a form is the
// visitor's own.
func (e *Edge) readable(r *http.Request, route *Route, v *door.Visit) error {
	if !unsafe(r.Method) || route.Pattern == "" {
		return nil
	}
	if route.Form == JSON {
		return jsonBody(r)
	}
	if err := parseForm(r); err != nil {
		return err
	}
	if !e.proven(r, v) {
		e.door.Note(r.Context(), v, book.ActionFormTokenRefused, "")
		if !e.tokens.sent(r) && !v.SignedIn() {
			return fault.New(fault.Forbidden, e.cookieAdvice(r))
		}
		return fault.New(fault.Forbidden, "This form is no longer valid. Go back, load the page again, and send it once more.")
	}
	return nil
}

// parseForm reads an ordinary form. Each field may come once: two of a name are two opinions.
func parseForm(r *http.Request) error {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" || len(r.Header.Values("Content-Type")) != 1 {
		return fault.New(fault.Unsupported, "Forms are sent as application/x-www-form-urlencoded.")
	}
	if err := r.ParseForm(); err != nil {
		return bodyFault(err)
	}
	for _, values := range r.PostForm {
		if len(values) > 1 {
			return fault.New(fault.Malformed, "A field of the form came more than once.")
		}
	}
	return nil
}

// jsonBody refuses the content types that a page of another site can send without asking first
// (ASVS 3.5.2).
func jsonBody(r *http.Request) error {
	types := r.Header.Values("Content-Type")
	if len(types) == 0 && r.ContentLength == 0 {
		return nil
	}
	if len(types) == 1 {
		media, params, err := mime.ParseMediaType(types[0])
		charset, has := params["charset"]
		if err == nil && media == "application/json" && (!has || strings.EqualFold(charset, "utf-8")) {
			return nil
		}
	}
	return fault.New(fault.Unsupported, "The body must be JSON, with the content type application/json.")
}

// bodyFault says what is wrong with a body that could not be read.
func bodyFault(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault.Wrap(fault.TooLarge, "That is more than this page takes.", err)
	}
	return fault.Wrap(fault.Malformed, "The request could not be read.", err)
}
