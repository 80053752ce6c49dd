package httpx

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/gate"
)

// turnAway answers a request that the rules did not let pass, which was for the address: people are
// sent to sign in, programs are told.
func (e *Edge) turnAway(w http.ResponseWriter, r *http.Request, q *request, address string) {
	v, a := &q.visit, q.asked
	if need := account.ScopeApplications; v.Token.ID != "" && !v.Token.Scopes.Has(need) {
		e.fail(w, r, v, e.lacksScope(w, r, v, need))
		return
	}
	switch a.decision.Verdict {
	case gate.SignIn:
		if navigates(r) {
			e.sendTo(w, r, e.base+"/login?"+wayBack(r, address))
			return
		}
		if rule := a.decision.Rule; rule != nil && rule.Basic {
			w.Header().Set("WWW-Authenticate", `Basic realm="Doorbook", charset="UTF-8"`)
		}
		e.answer(w, r, v, fault.New(fault.Unauthorized, signInText(r)))
	case gate.Prove:
		if navigates(r) {
			e.sendTo(w, r, e.base+"/confirm?"+withinSeconds(a.decision.Rule)+wayBack(r, address))
			return
		}
		e.answer(w, r, v, fault.New(fault.Forbidden, "That takes somebody who has just signed in. Open the page anew, and confirm your password."))
	case gate.Unreadable:
		e.answer(w, r, v, fault.New(fault.Malformed, unreadable))
	default:
		e.door.Note(r.Context(), v, book.ActionForbidden, "")
		e.answer(w, r, v, fault.New(fault.Forbidden, notForYou(a)))
	}
}

// withinSeconds tells the page that asks for the password how recent the sign-in must be: whoever
// has confirmed it elsewhere a moment ago is not asked again. What somebody makes of it decides
// nothing, since the rule is asked again.
func withinSeconds(rule *gate.Rule) string {
	return "within=" + strconv.Itoa(int(rule.Recent/time.Second)) + "&"
}

// unreadable says what is wrong with an address that nobody may use, and what to do.
const unreadable = "This address can be read in more than one way, and not all of them are open to you. If you typed it, or followed a link, look for " +
	"%2F, %5C, a semicolon or two slashes in a row, and leave them out; or begin at the first page."

// notForYou says that an application, or a part of it, is not for who asks, and whom to ask.
func notForYou(a *asked) string {
	text := "This part of " + a.app.Name + " is not open to you."
	if a.gate.Contact != "" {
		text += " If it should be, ask " + a.gate.Contact + "."
	}
	return text
}

// sendTo sends a browser to a page of ours, from a request that was for an application.
func (e *Edge) sendTo(w http.ResponseWriter, r *http.Request, page string) {
	h := w.Header()
	setHeaders(h, e.https)
	h.Set("Cache-Control", "no-store")
	if q := of(r); q.asked != nil && q.asked.how != nil {
		h.Set("Location", q.asked.how.origin+page) // whole: Traefik completes others by our own address
		w.WriteHeader(q.asked.how.leave)
		return
	}
	http.Redirect(w, r, page, http.StatusSeeOther)
}

// navigates reports whether a person opens a page: by the browser's own word, and only where that is
// missing by what the asker accepts. A script, an image or a program is never sent to the sign-in page,
// and never becomes the way back; nor is the icon that browsers ask for by themselves.
func navigates(r *http.Request) bool {
	if mode := r.Header["Sec-Fetch-Mode"]; len(mode) > 0 {
		return len(mode) == 1 && mode[0] == "navigate"
	}
	return r.URL.Path != "/favicon.ico" && strings.Contains(r.Header.Get("Accept"), "text/html")
}

// wayBack is the query of the sign-in page that leads back to an address. What was to be changed is
// not sent again: it leads to the page that it came from, with a word of that.
func wayBack(r *http.Request, address string) string {
	query := "next="
	if unsafe(r.Method) {
		from, err := url.Parse(r.Referer())
		if err != nil || from.Host == "" || !strings.EqualFold(from.Host, Host(r)) {
			return "unsent=1"
		}
		address, query = from.RequestURI(), "unsent=1&next="
	}
	return query + url.QueryEscape(asciiAddress(address))
}

// asciiAddress writes an address as browsers send it: what is not ASCII, and what they would read in
// another way, with percent signs.
func asciiAddress(address string) string {
	return gate.Percent(address, func(c byte) bool { return ' ' < c && c < 0x7f && c != '\\' })
}
