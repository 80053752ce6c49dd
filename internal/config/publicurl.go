package config

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/doorbook/doorbook/internal/network"
)

// maxPrefix is the longest path that a site may stand below, in bytes.
const maxPrefix = 128

// PublicURL writes the address of a site in the one way in which browsers write it: scheme and host
// in small letters, names in other scripts as IDNA has them (xn--…), addresses in their shortest
// form, no port that the scheme has anyway, and the path of the prefix without a slash at its end.
// What is no address of a site is refused.
func PublicURL(text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "", errors.New("it is no address")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New("it begins with neither http:// nor https://")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Opaque != "" || strings.HasSuffix(text, "#"):
		return "", errors.New("it has more than a host, a port and a path")
	}
	origin, _, err := network.Origin(u)
	if err != nil {
		return "", err
	}
	prefix, err := normalPrefix(u.EscapedPath())
	if err != nil {
		return "", err
	}
	return origin + prefix, nil
}

// Prefix is the path of an address that PublicURL has written: "" or "/a/b".
func Prefix(public string) string {
	_, rest, _ := strings.Cut(public, "://")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return ""
}

// normalPrefix gives the path of a prefix: "" or "/a/b". It has only what every proxy and browser
// writes in one way.
func normalPrefix(escaped string) (string, error) {
	prefix := strings.TrimRight(escaped, "/")
	if len(prefix) > maxPrefix {
		return "", errors.New("its path is longer than " + strconv.Itoa(maxPrefix) + " bytes")
	}
	if prefix == "" {
		return "", nil
	}
	for segment := range strings.SplitSeq(prefix[1:], "/") {
		if segment == "" || strings.Trim(segment, ".") == "" ||
			strings.Trim(segment, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~") != "" {
			return "", errors.New("its path has more than letters, digits and -._~ between single slashes")
		}
	}
	return prefix, nil
}
