package network

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// Origin writes the scheme, host and port of an address as browsers write an origin: the host as
// Host has it, and no port that the scheme has anyway. It also returns the host alone.
func Origin(u *url.URL) (origin, host string, err error) {
	if host, err = Host(u.Hostname()); err != nil {
		return "", "", err
	}
	port, err := normalPort(u.Scheme, u.Port())
	if err != nil {
		return "", "", err
	}
	if strings.Contains(host, ":") {
		return u.Scheme + "://[" + host + "]" + port, host, nil
	}
	return u.Scheme + "://" + host + port, host, nil
}

// Host writes the name or the address of a host as browsers do: small letters, names in other
// scripts as IDNA has them (xn--…), addresses in their shortest form, an IPv6 one without its
// brackets. What is neither is refused.
func Host(host string) (string, error) {
	if strings.Contains(host, ":") {
		addr, err := netip.ParseAddr(host)
		if err != nil || addr.Zone() != "" {
			return "", errors.New("its host is no IPv6 address")
		}
		return addr.String(), nil
	}
	name, err := toASCII(host)
	if err != nil {
		return "", errors.New("its host is no name of one")
	}
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if !isHostName(name) {
		return "", errors.New("its host is no name of one")
	}
	if last := name[strings.LastIndexByte(name, '.')+1:]; strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		addr, err := netip.ParseAddr(name) // browsers take whatever ends in a number for one
		if err != nil {
			return "", errors.New("its host is no IPv4 address of four numbers")
		}
		return addr.String(), nil
	}
	return name, nil
}

// toASCII turns a name in any script into the one that DNS knows. The rules of IDNA are not for
// names that are plain already: those may have an underscore.
func toASCII(name string) (string, error) {
	plain := !strings.Contains(strings.ToLower(name), "xn--")
	for i := 0; plain && i < len(name); i++ {
		plain = name[i] < 0x80
	}
	if plain {
		return name, nil
	}
	profile := idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.StrictDomainName(true))
	ascii, err := profile.ToASCII(name)
	if err != nil || !utf8.ValidString(name) {
		return "", errors.New("not a name in Unicode")
	}
	if again, err := profile.ToASCII(ascii); err != nil || again != ascii { // what browsers would not take
		return "", errors.New("not a name of IDNA")
	}
	return ascii, nil
}

// isHostName reports whether a text in small letters is a name of a host: labels of letters, digits,
// hyphens and underscores.
func isHostName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// normalPort gives a port with its colon, nothing for the scheme's own.
func normalPort(scheme, port string) (string, error) {
	if port == "" {
		return "", nil
	}
	n, err := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil || n == 0:
		return "", errors.New("its port is no number from 1 to 65535")
	case scheme == "http" && n == 80 || scheme == "https" && n == 443:
		return "", nil
	}
	return ":" + strconv.FormatUint(n, 10), nil
}
