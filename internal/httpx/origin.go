package httpx

import (
	"net/http"
	"strings"
)

// origin is what a browser has said of where a request comes from.
type origin int

const (
	unsaid  origin = iota // nothing: an old browser, or a program, which carries nobody's cookies by accident
	ours                  // this site, for sure
	foreign               // another site, or one that hides which (null)
)

// originOf reads the browser's own word: Sec-Fetch-Site, else Origin. A sibling subdomain is another
// origin. http.CrossOriginProtection does the same, but knows of a site's public URL only as of one
// that is always trusted, and takes door.test and door.test:80 for two.
func (e *Edge) originOf(r *http.Request) origin {
	site, from := r.Header["Sec-Fetch-Site"], r.Header["Origin"]
	switch {
	case len(site) > 1:
		return foreign
	case len(site) == 1 && site[0] == "same-origin":
		return ours
	case len(site) == 1 && site[0] != "" && site[0] != "none":
		return foreign
	case len(from) == 0 || from[0] == "":
		return unsaid
	case len(from) == 1 && e.isOurs(from[0], r):
		return ours
	}
	return foreign
}

// isOurs reports whether an origin is that of the public URL or the one that the request came to,
// whose host is known by now. Which scheme that has only a TLS connection of ours tells; but under
// the public URL's name it is the public URL's, or who listens on the way could put a page there.
func (e *Edge) isOurs(from string, r *http.Request) bool {
	scheme, host, ok := strings.Cut(from, "://")
	if !ok || scheme != "http" && scheme != "https" {
		return false
	}
	host = authority(scheme, host)
	if app := of(r).away; app != nil {
		return scheme+"://"+host == app.Origin
	}
	if scheme == e.scheme && host == e.authority {
		return true
	}
	asked := Host(r)
	return host == authority(scheme, asked) && (scheme == "https" || r.TLS == nil) &&
		authority(e.scheme, asked) != e.authority
}

// foreignText tells somebody why a request is refused. Without Sec-Fetch-Site, which browsers leave out
// over plain http, the site's own form is refused too where a proxy does not pass on the Host header.
func foreignText(r *http.Request) string {
	const text = "This request came from another site."
	if len(r.Header["Sec-Fetch-Site"]) > 0 {
		return text
	}
	return text + " If it came from this very one, Doorbook was not told its address: whoever runs it sets DOORBOOK_PUBLIC_URL to the " +
		"address that people use, or lets the proxy pass on the Host header with its port."
}

// authority is a host with its port as an origin has it: in small letters, without the port that
// the scheme has anyway.
func authority(scheme, host string) string {
	host = strings.ToLower(host)
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

// unsafe reports whether a method may change something.
func unsafe(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}
