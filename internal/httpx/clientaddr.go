package httpx

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Proxies are the networks whose word about a visitor's address is believed. None, the default, believes nobody.
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

// ClientAddr is the visitor's address: the peer's, unless that is a trusted proxy; then the right-most address of
// X-Forwarded-For that is not. Everything to the left of it could be invented.
func (p Proxies) ClientAddr(r *http.Request) string {
	peer, ok := peerAddr(r)
	if !ok {
		return ""
	}
	if len(p) == 0 || !p.trust(peer) {
		return peer.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	client := peer
	for i := len(hops) - 1; i >= 0 && i >= len(hops)-maxForwarded; i-- {
		addr, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil || addr.Zone() != "" {
			break // from here on to the left nothing is known
		}
		client = addr.Unmap()
		if !p.trust(client) {
			break
		}
	}
	return client.String()
}

func peerAddr(r *http.Request) (netip.Addr, bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	return addr.Unmap().WithZone(""), err == nil
}
