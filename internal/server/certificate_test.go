package server_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// pair writes a certificate of that name for localhost, and its key.
func pair(t *testing.T, dir, name string, at time.Time) (cert, key string) {
	t.Helper()
	return pairOf(t, dir, name, "localhost", at)
}

func pairOf(t *testing.T, dir, name, host string, at time.Time) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(at.UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{host},
		NotBefore: at.Add(-time.Hour), NotAfter: at.Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// TestTLS: the site over TLS, by HTTP/2 with who knows it, and Secure without a public URL.
func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := settings(filepath.Join(dir, "data"))
	c.TLSCert, c.TLSKey = pair(t, dir, "one", time.Now())
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	r := run(t, c)
	if !strings.HasPrefix(r.URL, "https://localhost:") || !strings.Contains(r.Out.String(), "__Host-session (Secure)") {
		t.Errorf("it says:\n%s", r.Out)
	}
	text, err := os.ReadFile(c.TLSCert)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	for protocol, http2 := range map[string]bool{"HTTP/2.0": true, "HTTP/1.1": false} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: http2}}
		a, err := client.Get(r.URL + "/login")
		if err != nil {
			t.Fatal(err)
		}
		_ = a.Body.Close()
		client.CloseIdleConnections()
		if a.StatusCode != http.StatusOK || a.Proto != protocol || a.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("%d by %s, want %s: %v", a.StatusCode, a.Proto, protocol, a.Header)
		}
	}
	if err := r.wait(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
	c = settings(filepath.Join(dir, "data"))
	c.TLSCert, c.TLSKey = filepath.Join(dir, "nothing"), filepath.Join(dir, "tls.key")
	if err := runToEnd(t, c); err == nil || !strings.Contains(err.Error(), "TLS certificate") {
		t.Errorf("without its file: %v", err)
	}
}

// TestCertificateRenewed: new files are in use without a restart, and broken ones take nothing away.
// Guard: certificate.go, certificate.get.
func TestCertificateRenewed(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), sitetest.NewClock()
	cert, key := pair(t, dir, "one", clock.Now())
	var log bytes.Buffer
	get, err := server.NewCertificate(cert, key, slog.New(slog.NewTextHandler(&log, nil)), clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	name := func() string {
		t.Helper()
		return get().Leaf.Subject.CommonName
	}
	if name() != "one" {
		t.Fatalf("it is %q", name())
	}
	clock.Turn(time.Minute)
	pair(t, dir, "two", clock.Now())
	if name() != "two" {
		t.Errorf("renewed, it is %q", name())
	}
	for range 3 { // the key is not there yet
		clock.Turn(time.Minute)
		if err := os.WriteFile(key, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		if name() != "two" {
			t.Errorf("broken, it is %q", name())
		}
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("told %d times:\n%s", n, &log)
	}
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	clock.Turn(time.Minute)
	if name() != "two" {
		t.Errorf("gone, it is %q", name())
	}
	pair(t, dir, "three", clock.Now())
	clock.Turn(time.Minute)
	if name() != "three" {
		t.Errorf("mended, it is %q", name())
	}
	log.Reset()
	for range 2 { // away, back again, away
		if err := os.Rename(cert, cert+".old"); err != nil {
			t.Fatal(err)
		}
		clock.Turn(time.Minute)
		name()
		if err := os.Rename(cert+".old", cert); err != nil {
			t.Fatal(err)
		}
		clock.Turn(time.Minute)
		name()
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 2 {
		t.Errorf("of two failures %d were told:\n%s", n, &log)
	}
}
