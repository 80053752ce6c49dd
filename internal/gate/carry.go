package gate

import (
	"io"
	"maps"
	"net/http"
	"net/http/httputil"
	"strings"
)

// rewrite makes the request that the application gets. ReverseProxy has taken away by then what
// holds for one connection only, with what the visitor named in Connection, so nothing that is set
// here can be taken away by them.
func (t *trip) rewrite(pr *httputil.ProxyRequest) {
	c, out, h := t.c, pr.Out, pr.Out.Header
	setTarget(out.URL, c.App.Upstream, t.r)
	out.Host = "" // that of the upstream
	if c.App.KeepHost {
		out.Host = c.Host
	}
	names := &c.Identity.Names
	for key := range h {
		if names.hold(key) || fromProxies(key) {
			delete(h, key)
		}
	}
	hideCookies(h, t.p.cfg.Ours)
	if c.TookAuthorization {
		delete(h, "Authorization")
	}
	if t.asked = upgrade(t.r); t.asked == "" {
		delete(h, "Connection")
		delete(h, "Upgrade")
	}
	c.Identity.Set(h, c.Developer)
	v := &[4]string{c.ClientAddr, c.Scheme, c.Host, c.RequestID}
	h["X-Forwarded-For"], h["X-Forwarded-Proto"] = v[0:1:1], v[1:2:2]
	t.id = v[3:4:4]
	h["X-Forwarded-Host"], h["X-Request-Id"] = v[2:3:3], t.id
	t.announce(out)
}

// announce has the trailers that the visitor announced sent after the body, without those whose
// names we set.
func (t *trip) announce(out *http.Request) {
	out.Trailer = nil
	for name := range t.r.Trailer {
		if t.body == nil || t.c.Identity.Names.hold(name) || fromProxies(name) || name == "Cookie" {
			continue
		}
		if out.Trailer == nil {
			out.Trailer = http.Header{}
		}
		out.Trailer[name] = nil
	}
	if t.body != nil {
		t.body.trailers = out.Trailer
	}
}

// modify makes the application's answer ours to give. From here on the header of the answer is the
// application's, and what we had set for a page of our own is gone.
func (t *trip) modify(res *http.Response) error {
	switch status := res.StatusCode; {
	case status < 200 && status != http.StatusSwitchingProtocols || status > 999:
		return errStatus
	}
	c, from := t.c, res.Header
	t.clean(from)
	if res.StatusCode == http.StatusSwitchingProtocols {
		return t.open(res)
	}
	t.answer.started = true
	h := t.answer.ResponseWriter.Header()
	clear(h)
	h["X-Request-Id"] = t.id
	if !c.Shared {
		keepPrivate(from)
	}
	maps.Copy(h, from)
	if _, ok := from["Content-Type"]; !ok {
		h["Content-Type"] = nil // net/http would guess one
	}
	res.Header = nil // it is copied, so ReverseProxy need not
	t.buffer = largeBuffer
	if kind := h["Content-Type"]; len(kind) > 0 && len(kind[0]) >= len(events) && strings.EqualFold(kind[0][:len(events)], events) {
		t.proxy.FlushInterval, t.buffer = -1, smallBuffer
	}
	if res.ContentLength < 0 {
		t.buffer = min(t.buffer, streamBuffer)
		res.Body = &trailed{ReadCloser: res.Body, res: res, trip: t}
	}
	return nil
}

const events = "text/event-stream"

// trailed is the body of an answer that may have trailers.
type trailed struct {
	io.ReadCloser
	res  *http.Response
	trip *trip
}

// Close leaves those trailers to be sent that may be.
func (b *trailed) Close() error {
	err := b.ReadCloser.Close()
	if len(b.res.Trailer) > 0 {
		b.trip.clean(b.res.Trailer)
		delete(b.res.Trailer, "Set-Cookie")
	}
	return err
}

// clean takes out of the header of an answer what an application does not say to browsers: who is
// signed in, ids of ours, cookies of ours, and where else it is reached (Alt-Svc), where nobody
// would be before it.
func (t *trip) clean(h http.Header) {
	names := &t.c.Identity.Names
	for key := range h {
		if names.hold(key) || same(key, "X-Request-Id") || key == "Alt-Svc" {
			delete(h, key)
		}
	}
	dropCookies(h, t.p.cfg.Ours)
}

// hold reports whether a header is one of those that say who asks, in any spelling: those that are
// set, and the usual ones, which an application may trust whatever we call ours.
func (n *Names) hold(key string) bool {
	if len(key) > len("Remote-") && spelled(key[0]) == 'r' {
		usual := DefaultNames()
		if same(key, usual.User) || same(key, usual.Email) || same(key, usual.Name) || same(key, usual.Groups) {
			return true
		}
	}
	return same(key, n.User) || same(key, n.Email) || same(key, n.Name) || same(key, n.Groups)
}

// fromProxies reports whether a header is believed by applications because a proxy sets it: where
// the visitor comes from, what they asked for in truth (some frameworks route by X-Original-URL),
// the id of the request. Proxy is an environment variable to CGI; HTTP2-Settings belongs to an
// upgrade that is not passed on.
func fromProxies(key string) bool {
	switch spelled(key[0]) {
	case 'x':
		return starts(key, "x-forwarded") || starts(key, "x-original-") || starts(key, "x-rewrite-") || fromDoors(key) ||
			same(key, "x-real-ip") || same(key, "x-client-ip") || same(key, "x-cluster-client-ip") || same(key, "x-request-id")
	case 'f':
		return same(key, "forwarded")
	case 'c':
		return same(key, "client-ip") || same(key, "cf-connecting-ip")
	case 't':
		return same(key, "true-client-ip")
	case 'p':
		return same(key, "proxy")
	case 'h':
		return same(key, "http2-settings")
	}
	return false
}

// fromDoors reports whether a header is one by which other programs in our place say who asks. An
// application that came from behind one of them may believe it still.
func fromDoors(key string) bool {
	return starts(key, "x-remote-") || starts(key, "x-webauth-") || starts(key, "x-auth-request-") ||
		starts(key, "x-authenticated-") || starts(key, "x-authentik-")
}

// same reports whether an application may take two headers for one. CGI, WSGI and their like know
// "Remote-User", "remote_user" and "Remote.User" by one name.
func same(a, b string) bool { return len(a) == len(b) && starts(a, b) }

// starts is same of the beginning of a.
func starts(a, b string) bool {
	if len(a) < len(b) {
		return false
	}
	for i := range len(b) {
		if spelled(a[i]) != spelled(b[i]) {
			return false
		}
	}
	return true
}

// spelled gives the letters and digits in one case, and one byte for all others.
func spelled(c byte) byte {
	switch {
	case 'A' <= c && c <= 'Z':
		return c + 'a' - 'A'
	case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		return c
	}
	return '-'
}
