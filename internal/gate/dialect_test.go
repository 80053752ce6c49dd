package gate_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/internal/gate"
)

// forwarded are the headers of a proxy that speaks the dialect forward, with what is different
// about them: names and values in turn, "-" for a header that does not come.
func forwarded(different ...string) http.Header {
	return sentWith(http.Header{
		"X-Forwarded-Method": {"POST"}, "X-Forwarded-Proto": {"https"},
		"X-Forwarded-Host": {"wiki.example.org:8443"}, "X-Forwarded-Uri": {"/a%2Fb/c?q=1&r=%zz"},
	}, different)
}

// original are those of the dialect auth-request.
func original(different ...string) http.Header {
	return sentWith(http.Header{
		"X-Original-Method": {"POST"}, "X-Original-Url": {"https://wiki.example.org:8443/a%2Fb/c?q=1&r=%zz"},
	}, different)
}

func sentWith(h http.Header, different []string) http.Header {
	for i := 0; i+1 < len(different); i += 2 {
		if different[i+1] == "-" {
			delete(h, different[i])
			continue
		}
		h[different[i]] = strings.Split(different[i+1], "\n")
	}
	return h
}

// TestR1Question: each dialect reads its own headers, as they were sent, and no others.
func TestR1Question(t *testing.T) {
	t.Parallel()
	want := gate.Asked{Method: "POST", Scheme: "https", Host: "wiki.example.org:8443", Path: "/a%2Fb/c", Query: "q=1&r=%zz"}
	tests := []struct {
		name    string
		dialect gate.Dialect
		header  http.Header
		want    func(a *gate.Asked)
	}{
		{"forward", gate.Forward, forwarded(), nil},
		{"auth-request", gate.AuthRequest, original(), nil},
		{"forward does not look at the other's", gate.Forward, forwarded("X-Original-Url", "https://evil/", "X-Original-Method", "GET"), nil},
		{"auth-request does not look at the other's", gate.AuthRequest, original("X-Forwarded-Uri", "/evil", "X-Forwarded-Host", "evil"), nil},
		{"a WebSocket of Traefik", gate.Forward, forwarded("X-Forwarded-Proto", "wss"), nil},
		{"two slashes", gate.Forward, forwarded("X-Forwarded-Uri", "//evil/x"), func(a *gate.Asked) { a.Path, a.Query = "//evil/x", "" }},
		{"the same behind a host", gate.AuthRequest, original("X-Original-Url", "http://wiki//evil/x??"), func(a *gate.Asked) {
			a.Scheme, a.Host, a.Path, a.Query = "http", "wiki", "//evil/x", "?"
		}},
		{"an address", gate.AuthRequest, original("X-Original-Url", "http://[::1]:80/"), func(a *gate.Asked) {
			a.Scheme, a.Host, a.Path, a.Query = "http", "[::1]:80", "/", ""
		}},
		{"another URL in the query", gate.AuthRequest, original("X-Original-Url", "https://wiki/?to=https://evil/"), func(a *gate.Asked) {
			a.Host, a.Path, a.Query = "wiki", "/", "to=https://evil/"
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := want
			if tt.want != nil {
				tt.want(&want)
			}
			got, err := tt.dialect(tt.header)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("error %v, read (-want +got):\n%s", err, diff)
			}
		})
	}
}

// TestR1Unreadable: a header that is missing, doubled or odd is an error that names it, and nothing
// of what it holds.
func TestR1Unreadable(t *testing.T) {
	t.Parallel()
	const missing, doubled, odd = "is missing", "came more than once", "cannot be read"
	tests := []struct {
		dialect     gate.Dialect
		header      http.Header
		name, wrong string
	}{
		{gate.Forward, http.Header{}, "X-Forwarded-Method", missing},
		{gate.Forward, original(), "X-Forwarded-Method", missing},
		{gate.Forward, forwarded("X-Forwarded-Method", "-"), "X-Forwarded-Method", missing},
		{gate.Forward, forwarded("X-Forwarded-Method", "GET\nPOST"), "X-Forwarded-Method", doubled},
		{gate.Forward, forwarded("X-Forwarded-Method", "GET,POST"), "X-Forwarded-Method", odd},
		{gate.Forward, forwarded("X-Forwarded-Method", strings.Repeat("A", 33)), "X-Forwarded-Method", odd},
		{gate.Forward, forwarded("X-Forwarded-Proto", "-"), "X-Forwarded-Proto", missing},
		{gate.Forward, forwarded("X-Forwarded-Proto", "https\nhttp"), "X-Forwarded-Proto", doubled},
		{gate.Forward, forwarded("X-Forwarded-Proto", "https, http"), "X-Forwarded-Proto", odd},
		{gate.Forward, forwarded("X-Forwarded-Proto", "HTTPS"), "X-Forwarded-Proto", odd},
		{gate.Forward, forwarded("X-Forwarded-Host", "-"), "X-Forwarded-Host", missing},
		{gate.Forward, forwarded("X-Forwarded-Host", "a\nb"), "X-Forwarded-Host", doubled},
		{gate.Forward, forwarded("X-Forwarded-Host", "wiki, evil"), "X-Forwarded-Host", odd},
		{gate.Forward, forwarded("X-Forwarded-Host", "wiki/evil"), "X-Forwarded-Host", odd},
		{gate.Forward, forwarded("X-Forwarded-Host", "user@evil"), "X-Forwarded-Host", odd},
		{gate.Forward, forwarded("X-Forwarded-Uri", "-"), "X-Forwarded-Uri", missing},
		{gate.Forward, forwarded("X-Forwarded-Uri", ""), "X-Forwarded-Uri", missing},
		{gate.Forward, forwarded("X-Forwarded-Uri", "/\n/"), "X-Forwarded-Uri", doubled},
		{gate.Forward, forwarded("X-Forwarded-Uri", "secret"), "X-Forwarded-Uri", odd},
		{gate.Forward, forwarded("X-Forwarded-Uri", "*"), "X-Forwarded-Uri", odd},
		{gate.Forward, forwarded("X-Forwarded-Uri", "https://wiki/secret"), "X-Forwarded-Uri", odd},
		{gate.Forward, forwarded("X-Forwarded-Uri", "/secret#"), "X-Forwarded-Uri", odd},
		{gate.Forward, forwarded("X-Forwarded-Uri", "/a secret"), "X-Forwarded-Uri", odd},
		{gate.Forward, forwarded("X-Forwarded-Uri", "/a\tsecret"), "X-Forwarded-Uri", odd},
		{gate.AuthRequest, http.Header{}, "X-Original-Method", missing},
		{gate.AuthRequest, forwarded(), "X-Original-Method", missing},
		{gate.AuthRequest, original("X-Original-Method", "GET\nPOST"), "X-Original-Method", doubled},
		{gate.AuthRequest, original("X-Original-Url", "-"), "X-Original-Url", missing},
		{gate.AuthRequest, original("X-Original-Url", "https://wiki/\nhttps://wiki/"), "X-Original-Url", doubled},
		{gate.AuthRequest, original("X-Original-Url", "/secret"), "X-Original-Url", odd},
		{gate.AuthRequest, original("X-Original-Url", "ftp://wiki/secret"), "X-Original-Url", odd},
		{gate.AuthRequest, original("X-Original-Url", "https:///secret"), "X-Original-Url", odd},
		{gate.AuthRequest, original("X-Original-Url", "https://wiki"), "X-Original-Url", odd},
		{gate.AuthRequest, original("X-Original-Url", "https://wiki?/secret"), "X-Original-Url", odd},
		{gate.AuthRequest, original("X-Original-Url", "https://wiki#evil/secret"), "X-Original-Url", odd},
		{gate.AuthRequest, original("X-Original-Url", `https://wiki\secret/`), "X-Original-Url", odd},
		{gate.AuthRequest, original("X-Original-Url", "https://user@wiki/secret"), "X-Original-Url", odd},
	}
	for _, tt := range tests {
		_, err := tt.dialect(tt.header)
		if want := "The header " + tt.name + " " + tt.wrong + "."; !fault.Is(err, fault.Malformed) || err.Error() != want {
			t.Errorf("%v: %v, want %s", tt.header, err, want)
		}
	}
}

// FuzzDialects: what is read is what was sent, put together again, whatever a proxy or a visitor
// sends.
func FuzzDialects(f *testing.F) {
	f.Add("GET", "https", "wiki.example.org", "/a%2fb?c=d")
	f.Add("POST", "wss", "[::1]:80", "//evil?//")
	f.Add("-", "http", "wiki@evil", `/\evil`)
	f.Fuzz(func(t *testing.T, method, scheme, host, target string) {
		a, err := gate.Forward(forwarded("X-Forwarded-Method", method, "X-Forwarded-Proto", scheme,
			"X-Forwarded-Host", host, "X-Forwarded-Uri", target))
		b, err2 := gate.AuthRequest(original("X-Original-Method", method, "X-Original-Url", scheme+"://"+host+target))
		if err == nil {
			if again := a.Path + "?" + a.Query; again != target && again != target+"?" {
				t.Errorf("%q was read as path %q and query %q", target, a.Path, a.Query)
			}
			if a.Method != method || a.Host != host || a.Scheme != "http" && a.Scheme != "https" || a.Path[0] != '/' {
				t.Errorf("%q %q %q was read as %+v", method, scheme, host, a)
			}
			if err2 != nil || a != b {
				t.Errorf("the dialects read the same in two ways: %+v, %+v (%v)", a, b, err2)
			}
		}
		for _, err := range []error{err, err2} {
			if err != nil && !fault.Is(err, fault.Malformed) {
				t.Errorf("not a fault of who asks: %v", err)
			}
		}
	})
}
