package gate

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/doorbook/doorbook/internal/network"
)

// upgrade returns the protocol that a request asks to go over to, "" for none. One that is HTTP
// again is not passed on: every request in it would go past the rules, and say itself who asks. The
// application answers such a request as if it did not know the protocol.
func upgrade(r *http.Request) string {
	to := r.Header.Get("Upgrade")
	if to == "" || r.ProtoMajor != 1 || r.ProtoMinor < 1 || !hasToken(r.Header["Connection"], "upgrade") {
		return ""
	}
	for name := range strings.SplitSeq(to, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		for _, http := range []string{"h2", "h3", "http", "tls"} {
			if strings.HasPrefix(name, http) {
				return ""
			}
		}
	}
	return to
}

func hasToken(lines []string, token string) bool {
	for _, line := range lines {
		for t := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.Trim(t, " \t"), token) {
				return true
			}
		}
	}
	return false
}

// printable reports whether a header value is text.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// MayUpgrade reports whether who asks for an upgrade may. Browsers send cookies with a WebSocket to
// whatever site, ask nobody before, and show the answer to the page that asked: so that must be a
// page of the application. Browsers always say which page it is; a program need not, unless it says
// who asks by a cookie as browsers do. A Bearer token is nothing that a browser adds by itself.
func MayUpgrade(r *http.Request, c *Carry) bool {
	if scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " "); c.TookAuthorization && strings.EqualFold(scheme, "Bearer") {
		return true
	}
	switch origins := r.Header["Origin"]; len(origins) {
	case 0:
		browser := len(r.Header["Sec-Fetch-Mode"]) > 0 || len(r.Header["Sec-Fetch-Site"]) > 0
		return !browser && (c.Developer.ID == "" || c.TookAuthorization)
	case 1:
		return sameOrigin(origins[0], c.Scheme, c.Host)
	}
	return false
}

// sameOrigin reports whether an Origin header names that scheme and host.
func sameOrigin(text, scheme, host string) bool {
	u, err := url.Parse(text)
	if err != nil || u.User != nil || u.Path != "" || strings.ContainsAny(text, "?#") {
		return false
	}
	theirs, _, err := network.Origin(u)
	if err != nil {
		return false
	}
	own, _, err := network.Origin(&url.URL{Scheme: scheme, Host: host})
	return err == nil && theirs == own
}
