package e2e_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/e2e/rig"
)

// issued waits for a certificate of the authority's for a name.
func issued(t *testing.T, s *rig.Server, address, name string) (cert *x509.Certificate) {
	t.Helper()
	if !rig.Until(func() bool {
		cert = rig.Shown(t, address, name)
		return cert != nil && strings.Contains(cert.Issuer.CommonName, "Pebble")
	}) {
		t.Fatalf("%q: no certificate: %s", name, s.Stderr())
	}
	return cert
}

// TestCertificatesIssued: with --acme every name of the site has a certificate by itself, a restart
// keeps it, plain HTTP leads to it, and no other name gets one.
func TestCertificatesIssued(t *testing.T) {
	t.Parallel()
	a := rig.NewAuthority(t)
	args := []string{"--public-url", "https://door.test", "--hosts", "www.door.test, 10.0.0.1", "--http-addr", a.Plain, "--acme-email", "ada@door.test"}
	s := rig.StartIssued(t, a, a.Encrypted, rig.Options{Args: args})
	first := issued(t, s, a.Encrypted, "door.test")
	issued(t, s, a.Encrypted, "www.door.test")
	if cert := rig.Shown(t, a.Encrypted, ""); cert == nil || !cert.Equal(first) {
		t.Errorf("who names nobody gets %v", cert)
	}
	if cert := rig.Shown(t, a.Encrypted, "evil.test"); cert != nil {
		t.Errorf("another name gets a certificate: %v", cert.DNSNames)
	}
	if !strings.Contains(s.Stdout(), "terms of service") {
		t.Errorf("whose terms hold is not told:\n%s", s.Stdout())
	}

	at := func(_ context.Context, network, _ string) (net.Conn, error) { return net.Dial(network, a.Encrypted) }
	client := &http.Client{
		Transport: &http.Transport{DialContext: at, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	page, err := client.Get("https://door.test/login")
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	if page.StatusCode != http.StatusOK || page.ProtoMajor != 2 || page.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("%d by %s: %v", page.StatusCode, page.Proto, page.Header)
	}
	r, err := http.NewRequest(http.MethodGet, "http://"+a.Plain+"/login?next=/logs", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "www.door.test"
	sent, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	sent.Body.Close()
	if to := sent.Header.Get("Location"); sent.StatusCode != http.StatusPermanentRedirect || to != "https://www.door.test/login?next=/logs" {
		t.Errorf("plain HTTP: %d to %q", sent.StatusCode, to)
	}
	health := rig.Run(t, nil, "", "healthcheck", "--acme", "--addr", a.Encrypted, "--public-url", "https://door.test")
	if health.Code != 0 {
		t.Errorf("healthcheck: %+v", health)
	}
	for name, mode := range map[string]os.FileMode{"acme": 0o700, "acme/door.test": 0o600, "acme/acme_account+key": 0o600} {
		if info, err := os.Stat(filepath.Join(s.Dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}

	s.Stop()
	a.End() // what is there is not asked for
	s = rig.StartIssued(t, a, a.Encrypted, rig.Options{Args: args, Dir: s.Dir})
	if again := issued(t, s, a.Encrypted, "door.test"); !again.Equal(first) {
		t.Error("a restart has another certificate")
	}
}

// TestCertificateRenewedByItself: one that ends soon is renewed, and serves meanwhile.
func TestCertificateRenewedByItself(t *testing.T) {
	t.Parallel()
	a, dir := rig.NewAuthority(t), filepath.Join(t.TempDir(), "data")
	if err := os.MkdirAll(filepath.Join(dir, "acme"), 0o700); err != nil {
		t.Fatal(err)
	}
	cert, key := rig.Certificate(t, "door.test", time.Now().Add(-89*24*time.Hour), time.Now().Add(24*time.Hour))
	if err := os.WriteFile(filepath.Join(dir, "acme", "door.test"), append(key, cert...), 0o600); err != nil {
		t.Fatal(err)
	}
	s := rig.StartIssued(t, a, a.Encrypted, rig.Options{Dir: dir, Args: []string{"--public-url", "https://door.test", "--http-addr", "none"}})
	if rig.Shown(t, a.Encrypted, "door.test") == nil {
		t.Error("while it is renewed there is none")
	}
	issued(t, s, a.Encrypted, "door.test")
}

// TestCertificateOverHTTP: where the authority cannot get to the port of TLS, that of HTTP does.
func TestCertificateOverHTTP(t *testing.T) {
	t.Parallel()
	a := rig.NewAuthority(t)
	addr := rig.FreeAddr(t)
	s := rig.StartIssued(t, a, addr, rig.Options{Args: []string{"--public-url", "https://door.test", "--http-addr", a.Plain}})
	issued(t, s, addr, "door.test")
}

// TestCertificateNotIssued: where the authority does not find the server, that is told once, with the
// name, and nothing is served without a certificate.
func TestCertificateNotIssued(t *testing.T) {
	t.Parallel()
	a := rig.NewAuthority(t)
	addr := rig.FreeAddr(t)
	s := rig.StartIssued(t, a, addr, rig.Options{Args: []string{"--public-url", "https://door.test", "--http-addr", "none"}})
	const told = "no TLS certificate could be had"
	if !rig.Until(func() bool { return strings.Contains(s.Stderr(), told) }) {
		t.Fatalf("nothing is told: %s", s.Stderr())
	}
	for range 20 {
		if rig.Shown(t, addr, "door.test") != nil {
			t.Fatal("there is a certificate")
		}
	}
	if text := s.Stderr(); strings.Count(text, told) != 1 || !strings.Contains(text, "door.test") {
		t.Errorf("it tells:\n%s", text)
	}
	if n := strings.Count(a.Log(), "Added order"); n > 2 { // one for each way to ask
		t.Errorf("the authority was asked for %d certificates", n)
	}
}

// TestCertificateOfApplication: an application's host has a certificate, too, unless another proxy
// serves it.
func TestCertificateOfApplication(t *testing.T) {
	t.Parallel()
	a := rig.NewAuthority(t)
	s := rig.StartIssued(t, a, a.Encrypted, rig.Options{Args: []string{
		"--public-url", "https://door.test", "--http-addr", "none", "--app", "wiki.test=http://127.0.0.1:9", "--app", "elsewhere.test",
		"--trusted-proxies", "127.0.0.2",
	}})
	issued(t, s, a.Encrypted, "wiki.test")
	issued(t, s, a.Encrypted, "door.test")
	if cert := rig.Shown(t, a.Encrypted, "elsewhere.test"); cert != nil {
		t.Errorf("a certificate for what another proxy serves: %v", cert.DNSNames)
	}
}
