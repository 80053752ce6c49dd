package session

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/doorbook/doorbook/session/internal/place"
)

// findCookie returns the value of the cookie of that name. Of several that say the same, and beside
// empty ones, there is one. Several that differ are none, and duplicate is true: RFC 6265 leaves
// their order open, and another host of the domain may have planted one. Spaces and tabs around a
// value are not part of it, as for net/http; quotes, which net/http would take off, are.
func findCookie(h http.Header, name string) (value string, duplicate bool) {
	for _, line := range h["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			pair = strings.Trim(pair, " \t")
			if len(pair) <= len(name) || pair[len(name)] != '=' || pair[:len(name)] != name {
				continue
			}
			switch found := pair[len(name)+1:]; {
			case found == "" || found == value:
			case value != "":
				return "", true
			default:
				value = found
			}
		}
	}
	return value, false
}

// Cookie says how the session cookie is sent. The zero value is the safe one: __Host-session,
// Secure, HttpOnly, SameSite=Lax, Path=/ (ASVS 3.3.1 to 3.3.4).
type Cookie struct {
	// Name defaults to "__Host-session", to "__Secure-session" with a Domain, and to "session" with
	// PlainHTTP.
	Name string
	// Domain shares the cookie with all hosts of a domain. Empty, the default, is this host alone.
	Domain string
	// SameSite defaults to http.SameSiteLaxMode.
	SameSite http.SameSite
	// Partitioned gives the cookie of a page that is embedded in others' a jar of its own under
	// each of them (CHIPS). It needs SameSite=None.
	Partitioned bool
	// PlainHTTP leaves out Secure, for a site without TLS: whoever can listen on the way can take
	// over sessions.
	PlainHTTP bool
}

// maxCookie is what name, value and attributes may take together. RFC 6265bis lets browsers ignore
// a cookie whose name and value are longer; some count the attributes, too.
const maxCookie = 4096

func (c Cookie) withDefaults() (Cookie, error) {
	if c.Name == "" {
		switch {
		case c.PlainHTTP:
			c.Name = "session"
		case c.Domain != "":
			c.Name = "__Secure-session"
		default:
			c.Name = "__Host-session"
		}
	}
	if c.SameSite == 0 || c.SameSite == http.SameSiteDefaultMode {
		c.SameSite = http.SameSiteLaxMode // said aloud: without the attribute some browsers allow POSTs for two minutes
	}
	return c, c.fits()
}

// fits refuses what browsers would refuse, or not keep.
func (c Cookie) fits() error {
	lower := strings.ToLower(c.Name) // browsers compare the prefixes without regard to case
	switch {
	case strings.HasPrefix(lower, "__host-") && (c.Domain != "" || c.PlainHTTP):
		return errors.New("session: a __Host- cookie has no Domain and needs Secure")
	case (strings.HasPrefix(lower, "__secure-") || strings.HasPrefix(lower, "__http-")) && c.PlainHTTP:
		return errors.New("session: a __Secure- or __Http- cookie needs Secure")
	case c.SameSite < http.SameSiteLaxMode || c.SameSite > http.SameSiteNoneMode:
		return errors.New("session: not a SameSite mode")
	case c.SameSite == http.SameSiteNoneMode && c.PlainHTTP:
		return errors.New("session: SameSite=None needs Secure")
	case c.Partitioned && c.SameSite != http.SameSiteNoneMode:
		return errors.New("session: a Partitioned cookie needs SameSite=None")
	}
	probe := c.build(strings.Repeat("x", place.KeyText), time.Time{}, time.Time{})
	if err := probe.Valid(); err != nil {
		return fmt.Errorf("session: cookie settings: %w", err)
	}
	probe.MaxAge = math.MaxInt32
	if n := len(probe.String()); n > maxCookie {
		return fmt.Errorf("session: cookie settings: %w: a cookie of %d bytes", ErrTooLarge, n)
	}
	return nil
}

// build makes the cookie. A zero expires means until the browser closes.
func (c Cookie) build(value string, now, expires time.Time) *http.Cookie {
	k := &http.Cookie{
		Name: c.Name, Value: value, Path: "/", Domain: c.Domain,
		Secure: !c.PlainHTTP, HttpOnly: true, SameSite: c.SameSite, Partitioned: c.Partitioned,
	}
	if !expires.IsZero() {
		k.MaxAge = int(max(1, min(expires.Sub(now)/time.Second, math.MaxInt32)))
	}
	return k
}

// removal makes the cookie that makes a browser forget the session's.
func (c Cookie) removal() *http.Cookie {
	k := c.build("", time.Time{}, time.Time{})
	k.MaxAge, k.Expires = -1, time.Unix(1, 0) // of a time before any, for clients that know no Max-Age
	return k
}

// clearing returns the cookies that make a browser forget what it has of the name, whichever host of
// the domain has set them: of several that differ it would send them all for ever. A name with a
// prefix has no second one that a browser keeps.
func (c Cookie) clearing(host string) (all []*http.Cookie) {
	all = append(all, c.removal())
	if strings.HasPrefix(strings.ToLower(c.Name), "__host-") {
		return all
	}
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	for domain := host; strings.Contains(domain, ".") && net.ParseIP(host) == nil; {
		wide := c
		wide.Domain = domain
		if k := wide.removal(); k.Valid() == nil {
			all = append(all, k)
		}
		_, domain, _ = strings.Cut(domain, ".")
	}
	return all
}
