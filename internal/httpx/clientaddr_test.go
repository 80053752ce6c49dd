package httpx_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/internal/server"
)

// TestClientAddr: nobody but a trusted proxy says where a visitor comes from, and a proxy only for
// its own hop.
func TestClientAddr(t *testing.T) {
	t.Parallel()
	const none, one, chain = "", "10.0.0.1", "10.0.0.0/8, 2001:db8:ffff::/48"
	for _, c := range []struct {
		name, trusted, peer string
		forwarded           []string // lines of X-Forwarded-For
		want                string
	}{
		{"nobody trusted", none, "10.0.0.1:1234", []string{"1.2.3.4"}, "10.0.0.1"},
		{"peer is not the proxy", one, "192.0.2.1:1", []string{"1.2.3.4"}, "192.0.2.1"},
		{"peer is the proxy", one, "10.0.0.1:1", []string{"1.2.3.4"}, "1.2.3.4"},
		{"proxy without a word", one, "10.0.0.1:1", nil, "10.0.0.1"},
		{"proxy with an empty word", one, "10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"invented on the left", one, "10.0.0.1:1", []string{"1.2.3.4, 5.6.7.8"}, "5.6.7.8"},
		{"invented in a line of its own", one, "10.0.0.1:1", []string{"1.2.3.4", "5.6.7.8"}, "5.6.7.8"},
		{"another inner host is no proxy", one, "10.0.0.1:1", []string{"1.2.3.4, 10.0.0.2"}, "10.0.0.2"},
		{"two proxies", chain, "10.0.0.1:1", []string{"1.2.3.4, 5.6.7.8, 10.0.0.2"}, "5.6.7.8"},
		{"a proxy's address invented on the left", chain, "10.0.0.1:1", []string{"10.0.0.9, 5.6.7.8, 10.0.0.2"}, "5.6.7.8"},
		{"only proxies", chain, "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"garbage", one, "10.0.0.1:1", []string{"<script>"}, ""},
		{"garbage on the left", one, "10.0.0.1:1", []string{"<script>, 5.6.7.8"}, "5.6.7.8"},
		{"garbage on the right", one, "10.0.0.1:1", []string{"5.6.7.8, unknown"}, ""},
		{"nothing on the right", one, "10.0.0.1:1", []string{"5.6.7.8, "}, ""},
		{"garbage behind proxies", chain, "10.0.0.1:1", []string{"unknown, 10.0.0.2"}, ""},
		{"a port", one, "10.0.0.1:1", []string{"203.0.113.66:51234"}, "203.0.113.66"},
		{"a port and what was invented", one, "10.0.0.1:1", []string{"1.2.3.4:1, 5.6.7.8:99"}, "5.6.7.8"},
		{"ports of proxies", chain, "10.0.0.1:1", []string{"5.6.7.8:99, 10.0.0.2:80"}, "5.6.7.8"},
		{"a port that is none", one, "10.0.0.1:1", []string{"5.6.7.8:http"}, ""},
		{"quotes", one, "10.0.0.1:1", []string{`"5.6.7.8"`}, "5.6.7.8"},
		{"half of the quotes", one, "10.0.0.1:1", []string{`"5.6.7.8`}, ""},
		{"IPv6 with a port", one, "10.0.0.1:1", []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		{"IPv6 in brackets", one, "10.0.0.1:1", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"IPv6 in quotes", one, "10.0.0.1:1", []string{`"[2001:db8::1]:443"`}, "2001:db8::1"},
		{"IPv4 in brackets", one, "10.0.0.1:1", []string{"[5.6.7.8]"}, ""},
		{"a zone with a port", one, "10.0.0.1:1", []string{"[fe80::1%eth0]:443"}, ""},
		{"a socket", one, "10.0.0.1:1", []string{"unix:"}, ""},
		{"a leading zero", one, "10.0.0.1:1", []string{"5.6.7.08"}, ""},
		{"white space", one, "10.0.0.1:1", []string{"  5.6.7.8\t"}, "5.6.7.8"},
		{"line break", one, "10.0.0.1:1", []string{"5.6.7.8\n1.1.1.1"}, ""},
		{"IPv6", chain, "[2001:db8:ffff::1]:1", []string{"2001:db8::5"}, "2001:db8::5"},
		{"IPv6 in another spelling", chain, "[2001:db8:ffff::1]:1", []string{"2001:DB8:0:0::5"}, "2001:db8::5"},
		{"IPv6 with a zone", chain, "[2001:db8:ffff::1]:1", []string{"fe80::1%eth0"}, ""},
		{"IPv4 as IPv6", chain, "[::ffff:10.0.0.1]:1", []string{"::ffff:5.6.7.8"}, "5.6.7.8"},
		{"peer with a zone", none, "[fe80::1%eth0]:1", nil, "fe80::1"},
		{"too many hops", chain, "10.0.0.1:1", []string{"1.2.3.4" + strings.Repeat(", 10.0.0.2", 5000)}, "10.0.0.2"},
		{"a unix socket", one, "@", []string{"1.2.3.4"}, ""},
		{"no peer", none, "", []string{"1.2.3.4"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxies, err := httpx.ParseProxies(c.trusted)
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = c.peer
			for _, line := range c.forwarded {
				r.Header.Add("X-Forwarded-For", line)
			}
			for _, name := range []string{"X-Real-Ip", "Forwarded", "X_forwarded_for", "True-Client-Ip", "Cf-Connecting-Ip", "Client-Ip"} {
				r.Header.Set(name, "203.0.113.66")
			}
			if got := proxies.ClientAddr(r); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestParseProxies(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]int{"": 0, " , ,": 0, "10.0.0.1": 1, "10.0.0.7/8,::1 , 2001:db8::/32": 3} {
		p, err := httpx.ParseProxies(list)
		if err != nil || len(p) != want {
			t.Errorf("%q: %v, %v", list, p, err)
		}
	}
	for _, list := range []string{"proxy.example.org", "10.0.0.0/33", "10.0.0.1:80", "*", "10.0.0.1;10.0.0.2", "::1%lo/128"} {
		if p, err := httpx.ParseProxies(list); err == nil {
			t.Errorf("%q is taken as %v", list, p)
		}
	}
}

// TestProxiesOfBothKinds: a network of IPv4 is the same however it is written.
func TestProxiesOfBothKinds(t *testing.T) {
	t.Parallel()
	for _, list := range []string{"10.0.0.0/8", "::ffff:10.0.0.0/104", "::ffff:10.0.0.1/128", "::ffff:10.0.0.1"} {
		p, err := httpx.ParseProxies(list)
		if err != nil {
			t.Fatal(err)
		}
		for _, peer := range []string{"10.0.0.1:5", "[::ffff:10.0.0.1]:5"} {
			r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			r.RemoteAddr = peer
			r.Header.Set("X-Forwarded-For", "203.0.113.9")
			if got := p.ClientAddr(r); got != "203.0.113.9" {
				t.Errorf("%s, from %s: %q", list, peer, got)
			}
		}
	}
	for _, list := range []string{"::ffff:0:0/90", "::/0"} { // more than IPv4 as IPv6 has it
		if p, err := httpx.ParseProxies(list); err != nil || p[0].Addr().Is4() {
			t.Errorf("%s: %v, %v", list, p, err)
		}
	}
}

// TestClientAddrHeaders: the address is read from the one header that a setting names, in the forms
// in which proxies write it there.
func TestClientAddrHeaders(t *testing.T) {
	t.Parallel()
	proxies, err := httpx.ParseProxies("10.0.0.0/8, 2001:db8:ffff::/48")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		header string
		lines  []string
		want   string
	}{
		{"X-Real-IP", []string{"5.6.7.8"}, "5.6.7.8"},
		{"X-Real-IP", []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		{"CF-Connecting-IP", []string{"2001:DB8::1"}, "2001:db8::1"},
		{"CF-Connecting-IP", nil, "10.0.0.1"},
		{"cf-connecting-ip", []string{"5.6.7.8"}, "5.6.7.8"},
		{"Forwarded", []string{"for=5.6.7.8"}, "5.6.7.8"},
		{"forwarded", []string{"FOR=5.6.7.8;proto=https;by=10.0.0.1"}, "5.6.7.8"},
		{"Forwarded", []string{`proto=http; For="5.6.7.8:4711" ; host="a;b,c"`}, "5.6.7.8"},
		{"Forwarded", []string{`for="[2001:db8:cafe::17]:4711"`}, "2001:db8:cafe::17"},
		{"Forwarded", []string{`for="[2001:db8:cafe::17]"`}, "2001:db8:cafe::17"},
		{"Forwarded", []string{"for=1.2.3.4, for=5.6.7.8, for=10.0.0.2"}, "5.6.7.8"},
		{"Forwarded", []string{"for=1.2.3.4", "for=5.6.7.8, for=10.0.0.2"}, "5.6.7.8"},
		{"Forwarded", []string{`for="1.2.3.4, for=5.6.7.8`}, "5.6.7.8"}, // half of a pair of quotes on the left
		{"Forwarded", []string{`for="\", for="5.6.7.8:1"`}, "5.6.7.8"},
		{"Forwarded", []string{`host="x, for=1.2.3.4";for=5.6.7.8`}, "5.6.7.8"},
		{"Forwarded", []string{`for=5.6.7.8;host="x, for=1.2.3.4"`}, "5.6.7.8"},
		{"Forwarded", []string{`for=1.2.3.4;x=", for=5.6.7.8;host="x\\"`}, "5.6.7.8"}, // the last backslash is the host's
		{"Forwarded", []string{`for=5.6.7.8;host="x\\\", for=1.2.3.4"`}, "5.6.7.8"},
		{"Forwarded", []string{"for=10.0.0.3"}, "10.0.0.3"},
		{"Forwarded", []string{"for=unknown"}, ""},
		{"Forwarded", []string{"for=_hidden, for=10.0.0.2"}, ""},
		{"Forwarded", []string{"for=5.6.7.8;for=1.2.3.4"}, ""},
		{"Forwarded", []string{"by=5.6.7.8"}, ""},
		{"Forwarded", []string{"5.6.7.8"}, ""},
		{"Forwarded", []string{`for="5.6.7.8`}, ""},
		{"Forwarded", []string{"for=5.6.7.8,"}, ""},
		{"Forwarded", []string{"for="}, ""},
		{"Forwarded", nil, "10.0.0.1"},
	} {
		t.Run(c.header+" "+strings.Join(c.lines, "|"), func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = "10.0.0.1:1234"
			for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "True-Client-Ip", "Cf-Connecting-Ip"} {
				r.Header.Set(name, "203.0.113.66")
			}
			r.Header.Del(c.header)
			for _, line := range c.lines {
				r.Header.Add(c.header, line)
			}
			addresses := server.Parts{Proxies: proxies, AddrHeader: c.header}.Addresses()
			if got := addresses.Of(r); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			r.RemoteAddr = "192.0.2.1:1234"
			if got := addresses.Of(r); got != "192.0.2.1" {
				t.Errorf("%q by the word of a stranger", got)
			}
		})
	}
}

// FuzzForwarded: whatever a visitor has written before it, what the proxy has put at the end counts.
func FuzzForwarded(f *testing.F) {
	for _, s := range []string{"", "for=1.2.3.4", `for="x`, `for="\`, `"`, `a="\"`, ",,;="} {
		f.Add(s)
	}
	proxies, err := httpx.ParseProxies("10.0.0.1")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, invented string) {
		for header, own := range map[string]string{"Forwarded": `for="[2001:db8::1]:80"`, "X-Forwarded-For": "[2001:db8::1]:80"} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = "10.0.0.1:1234"
			r.Header[header] = []string{invented + ", " + own}
			addresses := httpx.Addresses{Proxies: proxies, Header: header}
			if got := addresses.Of(r); got != "2001:db8::1" {
				t.Fatalf("%s: %q makes it %q", header, invented, got)
			}
			r.Header[header] = []string{invented}
			if got := addresses.Of(r); got != "" && got != "10.0.0.1" {
				if _, err := netip.ParseAddr(got); err != nil {
					t.Fatalf("%s: %q is %q", header, invented, got)
				}
			}
		}
	})
}

// TestEverybody: trusting everybody is seen, and a large network is not everybody.
func TestEverybody(t *testing.T) {
	t.Parallel()
	for list, want := range map[string]bool{
		"": false, "0.0.0.0/0": true, "10.0.0.1, ::/0": true, "0.0.0.0": false, "10.0.0.0/8, 2001:db8::/32": false,
	} {
		p, err := httpx.ParseProxies(list)
		if err != nil || p.Everybody() != want {
			t.Errorf("%q: %t, %v", list, p.Everybody(), err)
		}
	}
}
