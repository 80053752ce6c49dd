package httpx

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/network"
)

// cookiesLost says what helps somebody whose browser keeps no cookies of ours, or sends none back:
// they come from one of our forms, where they got one, with none; or with two of a session, of which
// one is somebody else's. Without this page a sign-in would only lead back to the form. It is nil for
// everybody else.
func (e *Edge) cookiesLost(r *http.Request) error {
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host == "" || !strings.EqualFold(from.Host, Host(r)) {
		return nil
	}
	if p, _ := e.below(from.Path); !isDoor(p) {
		return nil
	}
	kept := e.tokens.sent(r) || e.device(r) != ""
	for _, name := range e.sessionCookies {
		switch len(r.CookiesNamed(name)) {
		case 0:
		case 1:
			kept = true
		default:
			return fault.New(fault.Forbidden, "Your browser sends two cookies named “"+name+"”, and only one of them is ours: another program on this "+
				"host has one of that name, too. Delete the cookies of this site and sign in again. Whoever runs Doorbook tells the two apart "+
				"with DOORBOOK_COOKIE_PREFIX.")
		}
	}
	if kept {
		return nil
	}
	return fault.New(fault.Forbidden, e.cookieAdvice(r))
}

// cookieAdvice tells somebody whose browser did not send back the cookie that came with a form what
// helps in their case. Browsers take a Secure cookie over TLS, and most take it from a loopback
// address; over any other address in the clear they drop it without a word.
func (e *Edge) cookieAdvice(r *http.Request) string {
	const lost = "Your browser did not send back the cookie that came with the form, without which nobody can be signed in. "
	const allow = "Allow cookies for this site, and load the page again."
	host := Host(r)
	switch {
	case !e.cookies.Secure, e.scheme == "https" && authority("https", host) == e.authority:
		return lost + allow
	case network.Loopback(hostName(host)):
		return lost + allow + " Safari takes no such cookie from this machine over http: use another browser, or start Doorbook with " +
			"DOORBOOK_COOKIE_SECURE=never."
	case e.scheme == "https":
		return lost + "The address of this site is " + e.publicURL + ": open it there."
	}
	return lost + "You came to http://" + host + ", which Doorbook was not told of. Whoever runs it sets DOORBOOK_PUBLIC_URL to the " +
		"address that people use."
}
