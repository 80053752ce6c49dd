package gate

import (
	"net/http"
	"strings"

	"github.com/doorbook/doorbook/internal/fault"
)

// Asked is the request that a proxy before us has, and asks us about.
type Asked struct {
	Method string
	Scheme string // "http" or "https"
	Host   string // as the browser has sent it, with its port
	Path   string // as it was sent, with its percent signs
	Query  string // the same, without the question mark
}

// A Dialect is the way in which some proxies ask. Each has an endpoint of its own and reads its own
// headers alone: what another dialect's headers say, the visitor may have written.
type Dialect func(http.Header) (Asked, error)

// Forward reads the question of Caddy's forward_auth and of Traefik's ForwardAuth. Each of the four
// headers comes once. The error is a fault.Malformed that names the header, and nothing of what it
// holds.
func Forward(h http.Header) (Asked, error) {
	r := reader{h: h}
	a := Asked{
		Method: r.method("X-Forwarded-Method"),
		Scheme: r.scheme("X-Forwarded-Proto"),
		Host:   r.host("X-Forwarded-Host"),
	}
	a.Path, a.Query = r.target("X-Forwarded-Uri")
	return a, r.err
}

// AuthRequest reads the question of nginx's auth_request and of ingress-nginx. Both headers come
// once. The error is as Forward's.
func AuthRequest(h http.Header) (Asked, error) {
	const name = "X-Original-Url"
	r := reader{h: h}
	a := Asked{Method: r.method("X-Original-Method")}
	scheme, rest, _ := strings.Cut(r.one(name), "://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	a.Scheme, a.Host = r.knownScheme(name, scheme), r.knownHost(name, rest[:end])
	a.Path, a.Query = r.split(name, rest[end:])
	return a, r.err
}

// reader reads headers, and keeps the first error.
type reader struct {
	h   http.Header
	err error
}

func (r *reader) fail(name, what string) {
	if r.err == nil {
		r.err = fault.New(fault.Malformed, "The header "+name+" "+what+".")
	}
}

// one returns the value of a header that must come once.
func (r *reader) one(name string) string {
	switch lines := r.h[name]; {
	case len(lines) == 0 || len(lines) == 1 && lines[0] == "":
		r.fail(name, "is missing")
	case len(lines) > 1:
		r.fail(name, "came more than once")
	default:
		return lines[0]
	}
	return ""
}

func (r *reader) method(name string) string {
	method := r.one(name)
	if len(method) > 32 || strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		r.fail(name, "cannot be read")
	}
	return method
}

func (r *reader) scheme(name string) string { return r.knownScheme(name, r.one(name)) }

// knownScheme also takes what Traefik calls the scheme of a WebSocket.
func (r *reader) knownScheme(name, scheme string) string {
	switch scheme {
	case "http", "ws":
		return "http"
	case "https", "wss":
		return "https"
	}
	r.fail(name, "cannot be read")
	return ""
}

func (r *reader) host(name string) string { return r.knownHost(name, r.one(name)) }

// knownHost takes what may stand in a Host header. Whose it is the caller looks up.
func (r *reader) knownHost(name, host string) string {
	odd := func(c rune) bool {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		return !letter && !strings.ContainsRune(".-_:[]", c)
	}
	if host == "" || len(host) > 260 || strings.ContainsFunc(host, odd) {
		r.fail(name, "cannot be read")
		return ""
	}
	return host
}

func (r *reader) target(name string) (path, query string) { return r.split(name, r.one(name)) }

// split takes a request's target apart, and changes nothing of it. A fragment is none of HTTP's: a
// proxy that cuts it off would pass on another path than the one that was judged.
func (r *reader) split(name, target string) (path, query string) {
	odd := func(c rune) bool { return c <= ' ' || c == 0x7f || c == '#' }
	if !strings.HasPrefix(target, "/") || strings.ContainsFunc(target, odd) {
		r.fail(name, "cannot be read")
		return "", ""
	}
	path, query, _ = strings.Cut(target, "?")
	return path, query
}
