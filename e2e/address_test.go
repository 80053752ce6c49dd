package e2e_test

import (
	"net/http"
	"testing"

	"github.com/doorbook/doorbook/e2e/rig"
)

// TestClientAddress: what a visitor says about their address is believed of nobody but a trusted
// proxy, and of that the right-most hop that is not trusted.
func TestClientAddress(t *testing.T) {
	t.Parallel()
	forged := []http.Header{
		{"X-Forwarded-For": {"192.0.2.9"}},
		{"X-Forwarded-For": {"192.0.2.9, 127.0.0.1"}},
		{"X-Real-Ip": {"192.0.2.9"}},
		{"Forwarded": {"for=192.0.2.9"}},
		{"True-Client-Ip": {"192.0.2.9"}, "Cf-Connecting-Ip": {"192.0.2.9"}, "X-Client-Ip": {"192.0.2.9"}},
		{"X_forwarded_for": {"192.0.2.9"}},
	}
	check := func(s *rig.Server, h http.Header, want string) {
		t.Helper()
		a := s.Client().Send("GET", "/login", "", h)
		got := s.Query(t, "book.db", "SELECT client_addr FROM entries WHERE request_id = ?", a.RequestID())
		if len(got) != 1 || got[0] != want {
			t.Errorf("%v: address %q, want %q", h, got, want)
		}
	}
	s := rig.Start(t, rig.Options{})
	for _, h := range forged {
		check(s, h, "127.0.0.1")
	}
	s = rig.Start(t, rig.Options{Env: []string{"DOORBOOK_TRUSTED_PROXIES=127.0.0.1, 10.0.0.0/8"}})
	for _, tt := range []struct {
		forwarded []string
		want      string
	}{
		{nil, "127.0.0.1"},
		{[]string{"192.0.2.9"}, "192.0.2.9"},
		{[]string{"198.51.100.1, 192.0.2.9"}, "192.0.2.9"},
		{[]string{"198.51.100.1, 192.0.2.9, 10.1.2.3"}, "192.0.2.9"},
		{[]string{"198.51.100.1", "192.0.2.9"}, "192.0.2.9"},
		{[]string{"192.0.2.9, garbage"}, ""},
		{[]string{"<script>, 192.0.2.9"}, "192.0.2.9"},
		{[]string{"2001:db8::1"}, "2001:db8::1"},
		{[]string{"::ffff:192.0.2.9"}, "192.0.2.9"},
		{[]string{"192.0.2.9:1234"}, "192.0.2.9"},
		{[]string{"10.9.9.9"}, "10.9.9.9"},
	} {
		check(s, http.Header{"X-Forwarded-For": tt.forwarded}, tt.want)
	}
	for _, h := range forged[2:] {
		check(s, h, "127.0.0.1")
	}
}
