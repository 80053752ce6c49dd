package network_test

import (
	"net/url"
	"testing"

	"github.com/doorbook/doorbook/internal/network"
)

// TestHost: the spellings of a host are one. More of them are in config's TestPublicURL.
func TestHost(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Wiki.Example.ORG": "wiki.example.org", "wiki.example.org.": "wiki.example.org", "b\u00fccher.example": "xn--bcher-kva.example",
		"2001:DB8:0:0::1": "2001:db8::1", "10.0.0.5": "10.0.0.5", "nas": "nas", "my_app": "my_app",
	} {
		if got, err := network.Host(text); err != nil || got != want {
			t.Errorf("%q becomes %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", ".", "a..b", "*.example.org", "a b", "[::1]", "1.2.3", "x:80", "a/b"} {
		if got, err := network.Host(text); err == nil {
			t.Errorf("%q is taken as %q", text, got)
		}
	}
}

// TestOrigin: an origin is written as browsers send it.
func TestOrigin(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]string{
		"https://Wiki.Example.org:443":  {"https://wiki.example.org", "wiki.example.org"},
		"https://wiki.example.org:8443": {"https://wiki.example.org:8443", "wiki.example.org"},
		"http://[::1]:0080":             {"http://[::1]", "::1"},
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if origin, host, err := network.Origin(u); err != nil || origin != want[0] || host != want[1] {
			t.Errorf("%q: %q, %q, %v", text, origin, host, err)
		}
	}
}

// TestParsePrefix: networks are compared with addresses as visitors have them.
func TestParsePrefix(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.0.0.0/8": "10.0.0.0/8", "10.1.2.3/8": "10.0.0.0/8", "192.0.2.7": "192.0.2.7/32", "::ffff:192.0.2.0/120": "192.0.2.0/24",
		"::ffff:192.0.2.7": "192.0.2.7/32", "2001:db8::/32": "2001:db8::/32",
	} {
		if got, err := network.ParsePrefix(text); err != nil || got.String() != want {
			t.Errorf("%q: %v, %v, want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "10.0.0.0/33", "fe80::1%eth0", "ten"} {
		if got, err := network.ParsePrefix(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}
