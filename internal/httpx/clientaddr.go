package httpx

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
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
		if addr, err := netip.ParseAddr(item); err == nil && addr.Zone() == "" {
			p = append(p, netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(item)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a network", item)
		}
		p = append(p, prefix.Masked())
	}
	return p, nil
}

func (p Proxies) trust(addr netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(addr.Unmap()) {
			return true
		}
	}
	return false
}

// maxForwarded is how many hops of X-Forwarded-For are read, from the right.
const maxForwarded = 32

// ClientAddr returns the visitor's address: the peer's, unless that is a trusted proxy; then the
// right-most address of X-Forwarded-For that is not. Everything to the left of it could be
// invented. It is "" when a proxy's word is not understood: the visitor is then from nowhere, and
// nobody takes them for the proxy.
func (p Proxies) ClientAddr(r *http.Request) string {
	addr, _ := p.client(r)
	return addr
}

// client is ClientAddr, and reports whether a proxy's word, if there was one, is understood.
func (p Proxies) client(r *http.Request) (addr string, understood bool) {
	peer, ok := peerAddr(r)
	if !ok {
		return "", true
	}
	word := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	if len(p) == 0 || !p.trust(peer) || strings.TrimSpace(word) == "" {
		return peer.String(), true
	}
	hops := strings.Split(word, ",")
	client := peer
	for i := len(hops) - 1; i >= 0 && i >= len(hops)-maxForwarded; i-- {
		if client, ok = hopAddr(hops[i]); !ok {
			return "", false
		}
		if !p.trust(client) {
			break
		}
	}
	return client.String(), true
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
