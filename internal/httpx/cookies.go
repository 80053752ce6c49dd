package httpx

import (
	"net/http"
	"strings"
)

// Cookies is what our cookies are called: __Host- where browsers take that, so that no other host
// can plant one; then the prefix that tells two programs on one host apart, for cookies know no
// ports and share the path; then what it is for.
type Cookies struct {
	Secure  bool   // the site is served over TLS or on this machine alone
	Prefix  string // default: none
	Beneath bool   // applications share our hosts, and with them "session", the name that many take
}

// Session is the name of the session's cookie.
func (c Cookies) Session() string {
	if c.Beneath {
		return c.name("doorbook")
	}
	return c.name("session")
}

// of is the name of another one of ours.
func (c Cookies) of(what string) string {
	if c.Beneath {
		what = "doorbook-" + what
	}
	return c.name(what)
}

func (c Cookies) name(name string) string {
	if c.Prefix != "" {
		name = c.Prefix + "-" + name
	}
	if c.Secure {
		return "__Host-" + name
	}
	return name
}

// Ours reports whether a cookie's name is one of ours, or would be to who does not look closely at
// capitals: applications neither see nor set those.
func (c Cookies) Ours(name string) bool {
	own := c.Session()
	return len(name) >= len(own) && strings.EqualFold(name[:len(own)], own) && (len(name) == len(own) || name[len(own)] == '-')
}

// cookie is one of our cookies with the attributes that all of them have.
func (e *Edge) cookie(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		Secure: e.cookies.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}
