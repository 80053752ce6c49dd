package network_test

import (
	"testing"

	"github.com/doorbook/doorbook/internal/network"
)

// TestOf: one household is one network however its addresses are written, and its neighbour
// another.
func TestOf(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"192.0.2.9":           "192.0.2.9",
		"::ffff:192.0.2.9":    "192.0.2.9",
		"2001:db8:1:2::9":     "2001:db8:1:2::/64",
		"2001:DB8:1:2:ffff::": "2001:db8:1:2::/64",
		"2001:db8:1:3::9":     "2001:db8:1:3::/64",
		"fe80::1%eth0":        "fe80::/64",
		"::1":                 "::/64",
		"":                    "",
		"192.0.2.9:80":        "",
		"command line":        "",
		"192.0.2.09":          "",
	} {
		n := network.Of(addr)
		if n.String() != want || n.Known() != (want != "") {
			t.Errorf("%q is of %q, known %v; want %q", addr, n, n.Known(), want)
		}
	}
	if network.Of("nowhere") != network.Of("nobody knows") {
		t.Error("two who come from nowhere come from two places")
	}
}

// TestLoopback: what every browser takes for the reader's own machine, and what only looks like it.
func TestLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "door.localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "::ffff:127.0.0.1": true,
		"": false, "localhost.test": false, "notlocalhost": false, "128.0.0.1": false, "127.0.0.1.test": false, "::2": false,
	} {
		if got := network.Loopback(host); got != want {
			t.Errorf("%q: %t", host, got)
		}
	}
}
