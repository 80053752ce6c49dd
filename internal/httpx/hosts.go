package httpx

import (
	"cmp"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/doorbook/doorbook/internal/fault"
)

// hosts is under which names the site is served. A page of somebody else's, under a name that they
// have pointed here, would be the same origin as ours for a browser (DNS rebinding), and a link
// that we make of such a name would lead to them. Names that mean something on one's own network
// alone nobody else can give, so they are known without being named.
type hosts map[string]bool

// newHosts knows the name of the public URL and those of a list, all of them as browsers write
// them.
func newHosts(public string, list []string) hosts {
	h := hosts{}
	if u, err := url.Parse(public); err == nil {
		h[u.Hostname()] = true
	}
	for _, name := range list {
		h[strings.ToLower(strings.Trim(name, "[]."))] = true
	}
	delete(h, "")
	return h
}

// know reports whether a Host header has a name of ours, with whatever port.
func (h hosts) know(host string) bool {
	name := hostName(host)
	switch {
	case name == "":
		return false
	case !strings.Contains(name, ".") || h[name]:
		return true
	case name[len(name)-1] <= '9':
		_, err := netip.ParseAddr(name)
		return err == nil
	}
	for _, local := range []string{".localhost", ".local", ".lan", ".home.arpa", ".internal"} {
		if strings.HasSuffix(name, local) {
			return true
		}
	}
	return false
}

// hostName is the name in a Host header, in small letters and without the port and the dot of the
// root; of an IPv6 address what stands between the brackets. It is "" for what is no name and no
// address.
func hostName(host string) string {
	name, port := host, ""
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		name, port = host[:i], host[i+1:]
	}
	if strings.Trim(port, "0123456789") != "" {
		return ""
	}
	if n := len(name); n > 2 && name[0] == '[' && name[n-1] == ']' {
		if addr, err := netip.ParseAddr(name[1 : n-1]); err != nil || !addr.Is6() {
			return ""
		}
		return name[1 : n-1]
	}
	if name = strings.ToLower(strings.TrimSuffix(name, ".")); !isName(name) {
		return ""
	}
	return name
}

// isName reports whether a text in small letters is of labels with dots between them, none of which
// is empty.
func isName(name string) bool {
	before := byte('.')
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
		if !letter && (c != '.' || before == '.') {
			return false
		}
		before = c
	}
	return before != '.'
}

// hostOf is the host that a visitor has asked for: that of the request, or what a trusted proxy
// says it was.
func (e *Edge) hostOf(r *http.Request) string {
	if len(e.addresses.Proxies) == 0 {
		return r.Host
	}
	said := r.Header["X-Forwarded-Host"]
	peer, ok := peerAddr(r)
	if len(said) == 0 || !ok || !e.addresses.Proxies.trust(peer) {
		return r.Host
	}
	// Of several the first is the browser's, if the others are ours too: a proxy that adds its own to
	// what it was sent, as Apache does, adds it to what a page of another name has made up.
	first := ""
	for name := range strings.SplitSeq(strings.Join(said, ","), ",") {
		if name = strings.TrimSpace(name); name != "" && !e.hosts.know(name) {
			return name
		}
		first = cmp.Or(first, name)
	}
	return cmp.Or(first, r.Host)
}

// Host is the host that a request asked for, as the visitor's browser has sent it.
func Host(r *http.Request) string {
	if q := of(r); q != nil && q.host != "" {
		return q.host
	}
	return r.Host
}

// served answers 421 to whoever asks for a name that is not ours, before anything is looked up. Its
// entry is one of a stranger's requests, with the name.
func (e *Edge) served(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := of(r)
		switch {
		case !e.known(q.host) && !e.anyHost[r.URL.Path]:
		case e.theirs(r):
			e.pass(w.(*recorder), r, q) // which record has made
			return
		default:
			next.ServeHTTP(w, r)
			return
		}
		q.misled = true
		e.unknownHost.Do(func() {
			e.log.Warn("a request for a name that is not served; if it is yours, name it in --hosts, or let the proxy pass on the Host header",
				"host", capped(q.host), "peer", r.RemoteAddr)
		})
		e.answer(w, r, &q.visit, fault.New(fault.Misdirected, "This site is not served under that name."))
	})
}

// known reports whether a Host header has a name of ours, or of an application's.
func (e *Edge) known(host string) bool {
	return e.hosts.know(host) || e.gate != nil && e.gate().At(hostName(host)) != nil
}

// capped is a host cut to what the longest name has, with its port.
func capped(host string) string {
	if len(host) > 260 {
		return host[:260]
	}
	return host
}
