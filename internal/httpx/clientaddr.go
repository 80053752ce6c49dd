package httpx

import (
	"cmp"
	"iter"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/doorbook/doorbook/internal/network"
)

// Proxies are the networks whose word about a visitor's address is believed. None, the default,
// believes nobody.
type Proxies []netip.Prefix

// ParseProxies reads a comma-separated list of addresses and networks (CIDR).
func ParseProxies(list string) (Proxies, error) {
	var p Proxies
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		prefix, err := network.ParsePrefix(item)
		if err != nil {
			return nil, err
		}
		p = append(p, prefix)
	}
	return p, nil
}

// Everybody reports whether anybody at all is taken for a proxy.
func (p Proxies) Everybody() bool {
	return slices.ContainsFunc(p, func(prefix netip.Prefix) bool { return prefix.Bits() == 0 })
}

func (p Proxies) trust(addr netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

// maxForwarded is how many hops of a header are read, from the right.
const maxForwarded = 32

// forwardedFor is the header in which proxies name visitors unless a setting says another, and
// forwarded the one whose list is of pairs (RFC 7239).
const (
	forwardedFor = "X-Forwarded-For"
	forwarded    = "Forwarded"
)

// Addresses tells where visitors come from, by the word of proxies in one header. No other header
// is ever looked at: a proxy passes on what a visitor has written into those that it does not know.
type Addresses struct {
	Proxies Proxies
	Header  string // default: X-Forwarded-For. Of Forwarded "for" is read, of any other a list of addresses
}

// ClientAddr is Addresses.Of with X-Forwarded-For.
func (p Proxies) ClientAddr(r *http.Request) string { return Addresses{Proxies: p}.Of(r) }

// Of returns the visitor's address: the peer's, unless that is a trusted proxy; then the right-most
// address of the header that is not. Everything to the left of it could be invented. It is "" when
// a proxy's word is not understood: the visitor is then from nowhere, and nobody takes them for the
// proxy.
func (a Addresses) Of(r *http.Request) string {
	addr, _ := a.find(r)
	return addr
}

// header is the name of the header as net/http spells it.
func (a Addresses) header() string { return cmp.Or(a.Header, forwardedFor) }

// notice is what a request's header said of where it comes from.
type notice int

const (
	plain      notice = iota // nothing that somebody would have to know of
	odd                      // a trusted proxy's word is not understood
	untrusted                // it comes from somebody who is no trusted proxy
	wrongWords               // a trusted proxy names visitors in another header
)

// find is Of, and says what the operator should know.
func (a Addresses) find(r *http.Request) (addr string, w notice) {
	peer, ok := peerAddr(r)
	if !ok {
		return "", plain
	}
	name := a.header()
	lines := r.Header[name]
	if len(lines) == 0 && len(a.Proxies) == 0 {
		return peer.String(), plain
	}
	if !a.Proxies.trust(peer) {
		if len(lines) > 0 {
			w = untrusted
		}
		return peer.String(), w
	}
	if said := strings.TrimSpace(strings.Join(lines, "")); said == "" {
		return peer.String(), a.elsewhere(r, name)
	}
	client, hops := peer, 0
	for hop := range backwards(lines, name == forwarded) {
		if hops++; hops > maxForwarded {
			break
		}
		if name == forwarded {
			hop = forOf(hop)
		}
		if client, ok = hopAddr(hop); !ok {
			return "", odd
		}
		if !a.Proxies.trust(client) {
			break
		}
	}
	return client.String(), plain
}

// elsewhere looks whether a proxy that has not said where its visitor comes from has said so in
// another header, which is not read: then a setting is wrong.
func (a Addresses) elsewhere(r *http.Request, name string) notice {
	for _, other := range []string{forwardedFor, forwarded, "X-Real-Ip", "Cf-Connecting-Ip", "True-Client-Ip"} {
		if other != name && len(r.Header[other]) > 0 {
			return wrongWords
		}
	}
	return plain
}

// backwards yields the elements of a header from the right. In quoted lists a comma between quotes
// ends nothing. What stands to the left, which a visitor may have written, is cut only when its turn
// comes: half of a pair of quotes there changes nothing of what a proxy has put behind it.
func backwards(lines []string, quoted bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, line := range slices.Backward(lines) {
			for more := true; more; {
				var last string
				cut := lastComma(line, quoted)
				if last, more = line[cut+1:], cut >= 0; more {
					line = line[:cut]
				}
				if !yield(last) {
					return
				}
			}
		}
	}
}

// lastComma finds the last comma of a list that ends an element, -1 if there is none.
func lastComma(list string, quoted bool) int {
	if !quoted {
		return strings.LastIndexByte(list, ',')
	}
	inside := false
	for i := len(list) - 1; i >= 0; i-- {
		switch {
		case list[i] == '"' && !escaped(list[:i]):
			inside = !inside
		case list[i] == ',' && !inside:
			return i
		}
	}
	return -1
}

// escaped reports whether what comes after a text is meant as it stands: an odd number of
// backslashes is before it, for two of them are one that is meant.
func escaped(before string) bool {
	return (len(before)-len(strings.TrimRight(before, `\`)))%2 == 1
}

// forOf is what an element of Forwarded says of its "for", "" if it does not say so exactly once.
func forOf(element string) (value string) {
	found := false
	for pair := range strings.SplitSeq(element, ";") { // no address holds one, in quotes or not
		name, v, _ := strings.Cut(pair, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "for") {
			continue
		}
		if found {
			return ""
		}
		value, found = v, true
	}
	return value
}

// hopAddr reads one hop as proxies write it: an address, with a port or without, in brackets or
// not, in quotes or not. A zone means nothing here, so an address with one is not understood.
func hopAddr(hop string) (netip.Addr, bool) {
	hop = strings.TrimSpace(hop)
	if n := len(hop); n >= 2 && hop[0] == '"' && hop[n-1] == '"' {
		hop = hop[1 : n-1]
	}
	if with, err := netip.ParseAddrPort(hop); err == nil {
		return with.Addr().Unmap(), with.Addr().Zone() == ""
	}
	if n := len(hop); n >= 2 && hop[0] == '[' && hop[n-1] == ']' {
		addr, err := netip.ParseAddr(hop[1 : n-1])
		return addr.Unmap(), err == nil && addr.Is6() && addr.Zone() == ""
	}
	addr, err := netip.ParseAddr(hop)
	return addr.Unmap(), err == nil && addr.Zone() == ""
}

func peerAddr(r *http.Request) (netip.Addr, bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	return addr.Unmap().WithZone(""), err == nil
}
