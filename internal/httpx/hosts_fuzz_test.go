package httpx_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// FuzzHosts: what is served is a name of ours, an address, or a name that nobody else can give.
func FuzzHosts(f *testing.F) {
	for _, s := range []string{"localhost:8080", "[::1]:80", "192.168.1.7", "nas.local.", "evil.test", "evil.test:80.lan", "a..lan", "[fe80::1%25x]"} {
		f.Add(s)
	}
	s := sitetest.New(f, func(p *server.Parts) { p.URL, p.Hosts = "https://door.example.org", nil })
	f.Fuzz(func(t *testing.T, host string) {
		r := httptest.NewRequest(http.MethodGet, "/login", nil)
		r.Host = host
		w := httptest.NewRecorder()
		s.Handler.ServeHTTP(w, r)
		if w.Code == http.StatusMisdirectedRequest {
			return
		}
		name := strings.ToLower(host)
		if i := strings.LastIndexByte(name, ':'); i >= 0 && strings.Trim(name[i+1:], "0123456789") == "" {
			name = name[:i]
		}
		name = strings.TrimSuffix(name, ".")
		if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil || name == "door.example.org" {
			return
		}
		if strings.ContainsAny(name, ":/@\\?#[] ") || name == "" {
			t.Fatalf("%q is served", host)
		}
		i := strings.LastIndexByte(name, '.')
		if i < 0 {
			return
		}
		switch last := name[i:]; {
		case last == ".localhost", last == ".local", last == ".lan", last == ".internal", strings.HasSuffix(name, ".home.arpa"):
		default:
			t.Fatalf("%q is served", host)
		}
	})
}
