// Package network says what counts as one place that visitors come from: an IPv4 address, or an
// IPv6 /64, which one household has at hand; which host is the reader's own machine; and how hosts,
// origins and networks are written.
package network

import (
	"fmt"
	"net/netip"
	"strings"
)

// Loopback reports whether a host, without brackets and port, is the reader's own machine to every
// browser: localhost, a name below it, or a loopback address.
func Loopback(host string) bool {
	host = strings.ToLower(host)
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// Network is one such place. Networks are equal when they are the same place; the zero value is the
// one of all who come from nobody knows where.
type Network struct{ prefix netip.Prefix }

// Of returns the network of an address, and the zero value for what is no address.
func Of(addr string) Network {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return Network{}
	}
	ip = ip.Unmap().WithZone("")
	bits := 64
	if ip.Is4() {
		bits = 32
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return Network{}
	}
	return Network{prefix}
}

// Known reports whether n is somewhere.
func (n Network) Known() bool { return n.prefix.IsValid() }

// String returns the IPv4 address, the IPv6 prefix, or "" for nowhere.
func (n Network) String() string {
	switch {
	case !n.Known():
		return ""
	case n.prefix.Addr().Is4():
		return n.prefix.Addr().String()
	}
	return n.prefix.String()
}

// ParsePrefix reads a network (CIDR) or a single address as a setting has it, for visitors whose
// address is unmapped (netip.Addr.Unmap). The bits of a network that say nothing are 0 then.
func ParsePrefix(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		return netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return prefix, fmt.Errorf("%q is neither an address nor a network", text)
	}
	if addr := prefix.Addr(); addr.Is4In6() && prefix.Bits() >= 96 { // visitors are compared without that
		prefix = netip.PrefixFrom(addr.Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), nil
}
