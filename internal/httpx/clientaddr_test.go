package httpx_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/httpx"
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
