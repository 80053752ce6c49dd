package server_test

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/server"
	"github.com/doorbook/doorbook/internal/sitetest"
)

// authority is one that refuses everybody, and counts how often it was asked.
type authority struct {
	URL   string
	Roots string // the file of its certificate
	Asked atomic.Int32
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{Roots: filepath.Join(t.TempDir(), "ca.pem")}
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		a.Asked.Add(1)
		http.Error(w, "not you", http.StatusForbidden)
	}))
	t.Cleanup(s.Close)
	a.URL = s.URL
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(a.Roots, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return a
}

func hello(name string) *tls.ClientHelloInfo {
	return &tls.ClientHelloInfo{ServerName: name, SupportedProtos: []string{"h2"}}
}

// TestIssuerPauses: a name without a certificate is asked for once, then after a pause that grows,
// however many people come; each attempt is told once; other names are never asked for.
// Guard: issuer.go, issuer.begin.
func TestIssuerPauses(t *testing.T) {
	t.Parallel()
	a, clock, log := newAuthority(t), sitetest.NewClock(), &sitetest.Buffer{}
	names := func() []string { return []string{"door.example.org"} }
	i, err := server.NewIssuer(filepath.Join(t.TempDir(), "acme"), a.URL, a.Roots, names, slog.New(slog.NewTextHandler(log, nil)), clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	come := func() {
		t.Helper()
		var people sync.WaitGroup
		for range 20 {
			people.Go(func() {
				if cert, err := i.Get(hello("Door.example.org.")); err == nil {
					t.Errorf("a certificate: %v", cert.Leaf.Subject)
				}
			})
		}
		people.Wait()
	}
	for _, other := range []string{"evil.example.net", "sub.door.example.org", "203.0.113.7"} {
		if _, err := i.Get(hello(other)); err == nil || a.Asked.Load() > 0 {
			t.Errorf("%s: %v, asked %d times", other, err, a.Asked.Load())
		}
	}
	for n, pause := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
		come()
		i.Look()
		clock.Turn(pause*time.Minute - time.Second)
		come()
		if told := strings.Count(log.String(), "level=ERROR"); told != n+1 {
			t.Fatalf("attempt %d: told %d times:\n%s", n+1, told, log)
		}
		clock.Turn(time.Second)
	}
	if n := a.Asked.Load(); n != 1 { // autocert itself asks nobody within a minute, of real time
		t.Errorf("the authority was asked %d times", n)
	}
	if text := log.String(); !strings.Contains(text, "door.example.org") || !strings.Contains(text, "403") {
		t.Errorf("it says:\n%s", text)
	}
}

// keep puts a certificate where an issuer finds those that it has.
func keep(t *testing.T, dir, name string, cert, key string) {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(pair.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret})
	chain, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), append(text, chain...), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestIssuerKept: a certificate of the folder is used without asking anybody, also by who names no
// host; that it is not renewed is told once a day, from when it should be.
// Guard: issuer.go, issuer.tellOld.
func TestIssuerKept(t *testing.T) {
	t.Parallel()
	a, clock, log, dir := newAuthority(t), sitetest.NewClock(), &sitetest.Buffer{}, t.TempDir()
	const name = "door.example.org"
	files := t.TempDir()
	cert, key := pairOf(t, files, name, name, time.Now())
	keep(t, dir, name, cert, key)
	if now := clock.Now(); time.Since(now).Abs() > time.Hour {
		clock.Turn(time.Since(now)) // autocert has a clock of its own
	}
	i, err := server.NewIssuer(dir, a.URL, a.Roots, func() []string { return []string{name} }, slog.New(slog.NewTextHandler(log, nil)), clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, asked := range []string{name, "", strings.ToUpper(name)} {
		if got, err := i.Get(hello(asked)); err != nil || got.Leaf.Subject.CommonName != name {
			t.Errorf("%q: %v, %v", asked, got, err)
		}
	}
	i.Look()
	if strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("a good one:\n%s", log)
	}
	clock.Turn(20 * time.Hour) // of its 25
	for range 3 {
		i.Look()
	}
	if n := strings.Count(log.String(), "has not been renewed"); n != 1 {
		t.Errorf("told %d times:\n%s", n, log)
	}
	clock.Turn(25 * time.Hour)
	i.Look()
	if n := strings.Count(log.String(), "has not been renewed"); n != 2 {
		t.Errorf("a day later told %d times:\n%s", n, log)
	}
	if n := a.Asked.Load(); n != 0 {
		t.Errorf("the authority was asked %d times", n)
	}
}

// TestIssuerRefused: what the settings name and is not there is told at the start.
func TestIssuerRefused(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	names := func() []string { return nil }
	for _, c := range []struct{ dir, roots string }{
		{t.TempDir(), filepath.Join(t.TempDir(), "none")},
		{t.TempDir(), empty},
		{filepath.Join(empty, "acme"), ""},
	} {
		if _, err := server.NewIssuer(c.dir, "https://ca.test", c.roots, names, slog.New(slog.DiscardHandler), time.Now); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

// TestServedNames: the site's own name comes first; none that no authority issues for.
func TestServedNames(t *testing.T) {
	t.Parallel()
	c := server.Config{Serve: config.Serve{
		PublicURL: "https://door.example.org:8443/below",
		Edge:      config.Edge{Hosts: "www.example.org, 10.0.0.1, door, [::1]"}, Issue: config.Issue{ACME: true},
	}}
	if diff := cmp.Diff([]string{"door.example.org", "www.example.org"}, server.ServedNames(c)); diff != "" {
		t.Error(diff)
	}
	c.ACME = false
	if diff := cmp.Diff([]string{"door.example.org", "www.example.org", "10.0.0.1", "door", "::1"}, server.ServedNames(c)); diff != "" {
		t.Error(diff)
	}
}

// TestToTLS: from plain HTTP people get to the same address at https, and to no other's; what is not
// a question for a page is refused, for it was sent in the clear.
// Guard: entrance.go, toTLS.
func TestToTLS(t *testing.T) {
	t.Parallel()
	names := func() []string { return []string{"door.example.org", "wiki.example.net", "::1"} }
	h := server.ToTLS(names, "https://door.example.org:8443/below")
	for _, c := range []struct {
		method, target, host string
		status               int
		location             string
	}{
		{"GET", "/a/b?next=%2Fc&d", "door.example.org", 308, "https://door.example.org:8443/a/b?next=%2Fc&d"},
		{"HEAD", "/", "DOOR.example.org.:80", 308, "https://door.example.org:8443/"},
		{"GET", "/x", "wiki.example.net", 308, "https://wiki.example.net:8443/x"},
		{"GET", "/x", "[::1]:80", 308, "https://[::1]:8443/x"},
		{"GET", "//evil.example.com/x", "door.example.org", 308, "https://door.example.org:8443//evil.example.com/x"},
		{"GET", "http://door.example.org/y", "door.example.org", 308, "https://door.example.org:8443/y"},
		{"GET", "/", "evil.example.com", 421, ""},
		{"GET", "/", "door.example.org.evil.example.com", 421, ""},
		{"GET", "/", "evil.example.com@door.example.org", 421, ""},
		{"GET", "/", "", 421, ""},
		{"POST", "/auth/login", "door.example.org", 400, ""},
		{"PUT", "/", "evil.example.com", 421, ""},
	} {
		r := httptest.NewRequest(c.method, c.target, http.NoBody)
		r.Host = c.host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get("Location"); w.Code != c.status || got != c.location {
			t.Errorf("%s %s of %q: %d to %q, want %d to %q", c.method, c.target, c.host, w.Code, got, c.status, c.location)
		}
	}
}

var plainAt = regexp.MustCompile(`from plain HTTP to https","listening":"[^"]*:(\d+)"`)

// TestPlainBeside: the program itself answers over plain HTTP beside TLS, where it is told to.
func TestPlainBeside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := settings(filepath.Join(dir, "data"))
	c.TLSCert, c.TLSKey = pair(t, dir, "one", time.Now())
	c.PublicURL, c.HTTPAddr = "https://localhost:8443", "localhost:0"
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	r := run(t, c)
	var at []string
	for at == nil {
		said, more := r.Log.Changed()
		if at = plainAt.FindStringSubmatch(said); at == nil {
			<-more
		}
	}
	a, _ := get(t, "http://localhost:"+at[1]+"/login?next=/book")
	if to := a.Header.Get("Location"); a.StatusCode != http.StatusPermanentRedirect || to != "https://localhost:8443/login?next=/book" {
		t.Errorf("%d to %q", a.StatusCode, to)
	}
	if err := r.wait(t); err != nil {
		t.Errorf("it ended with %v", err)
	}
}
