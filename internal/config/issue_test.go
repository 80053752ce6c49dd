package config_test

import (
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/config"
)

// issued is settings with which certificates are issued.
func issued() config.Serve {
	s := good()
	s.ACME, s.PublicURL = true, "https://door.example.org"
	return s
}

// TestIssueRefused: what no certificate is issued for, and what would be passed over, is refused at
// the start.
func TestIssueRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*config.Serve){
		"no public URL":          func(s *config.Serve) { s.PublicURL = "" },
		"plain HTTP":             func(s *config.Serve) { s.PublicURL = "http://door.example.org" },
		"an address":             func(s *config.Serve) { s.PublicURL = "https://203.0.113.7" },
		"an IPv6 address":        func(s *config.Serve) { s.PublicURL = "https://[2001:db8::1]" },
		"localhost":              func(s *config.Serve) { s.PublicURL = "https://localhost" },
		"below localhost":        func(s *config.Serve) { s.PublicURL = "https://door.localhost" },
		"a name without a dot":   func(s *config.Serve) { s.PublicURL = "https://door" },
		"a certificate in files": func(s *config.Serve) { s.TLSCert, s.TLSKey = "x", "y" },
		"no e-mail address":      func(s *config.Serve) { s.ACMEEmail = "ada" },
		"a name before it":       func(s *config.Serve) { s.ACMEEmail = "Ada <ada@example.org>" },
		"an authority by HTTP":   func(s *config.Serve) { s.ACMEDirectory = "http://ca.example.org/directory" },
		"no authority":           func(s *config.Serve) { s.ACMEDirectory = "https:///directory" },
		"e-mail alone":           func(s *config.Serve) { s.ACME, s.ACMEEmail = false, "ada@example.org" },
		"directory alone":        func(s *config.Serve) { s.ACME, s.ACMEDirectory = false, "https://ca.example.org" },
		"roots alone":            func(s *config.Serve) { s.ACME, s.ACMECA = false, "x" },
		"no HTTP address":        func(s *config.Serve) { s.HTTPAddr = "80" },
		"HTTP without TLS":       func(s *config.Serve) { s.ACME, s.HTTPAddr = false, ":80" },
		"HTTP to nowhere": func(s *config.Serve) {
			s.ACME, s.TLSCert, s.TLSKey, s.PublicURL, s.HTTPAddr = false, "x", "y", "", ":80"
		},
	} {
		s := issued()
		spoil(&s)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), "--") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*config.Serve){
		"nothing more":         func(*config.Serve) {},
		"another authority":    func(s *config.Serve) { s.ACMEDirectory, s.ACMECA = "https://localhost:14000/dir", "x" },
		"an e-mail address":    func(s *config.Serve) { s.ACMEEmail = "ada@example.org" },
		"another port":         func(s *config.Serve) { s.PublicURL = "https://door.example.org:8443" },
		"files, and a way in":  func(s *config.Serve) { s.ACME, s.TLSCert, s.TLSKey, s.HTTPAddr = false, "x", "y", ":80" },
		"no listener for HTTP": func(s *config.Serve) { s.HTTPAddr = "none" },
	} {
		s := issued()
		change(&s)
		if err := s.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestIssuePorts: with certificates of its own the server is where browsers and the authority look
// for it, unless it is told another place.
func TestIssuePorts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		acme            bool
		addr, http      string
		wantTLS, wantTo string
	}{
		{false, "localhost:8080", "", "localhost:8080", ""},
		{true, "localhost:8080", "", ":443", ":80"},
		{true, ":8443", "none", ":8443", ""},
		{true, "127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:8080", "127.0.0.1:8081"},
	} {
		s := good()
		s.Addr, s.HTTPAddr = c.addr, c.http
		if c.acme {
			s.ACME, s.PublicURL = true, "https://door.example.org"
		}
		if err := s.Check(); err != nil || s.Addr != c.wantTLS || s.Redirects() != c.wantTo {
			t.Errorf("%+v: %s, %q, %v", c, s.Addr, s.Redirects(), err)
		}
	}
}
