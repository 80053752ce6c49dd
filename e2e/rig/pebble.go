package rig

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// pebbleProgram is what scripts/setup builds into the cache folder, of e2e/pebble.
const pebbleProgram = "pebble-v2.10.3"

// Authority is one that issues certificates over ACME, for every name whose host answers it at one
// of two ports of this machine.
type Authority struct {
	*Process
	Directory string // its address
	Roots     string // the file of the certificate by which it is known
	Plain     string // the address that it asks by HTTP-01, HOST:PORT
	Encrypted string // the address that it asks by TLS-ALPN-01
}

// NewAuthority starts Let's Encrypt's ACME server for tests.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	users, _ := os.UserCacheDir()
	path := filepath.Join(cmp.Or(os.Getenv("DOORBOOK_CACHE"), filepath.Join(users, "doorbook")), pebbleProgram)
	_, err := os.Stat(path)
	Need(t, err == nil, "there is no "+pebbleProgram+" (make setup builds it)")
	dir, address := t.TempDir(), FreeAddr(t)
	a := &Authority{
		Directory: "https://" + address + "/dir", Roots: filepath.Join(dir, "ca.pem"), Plain: FreeAddr(t), Encrypted: FreeAddr(t),
	}
	key := filepath.Join(dir, "key.pem")
	cert, secret := Certificate(t, "127.0.0.1", time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour))
	for file, content := range map[string][]byte{a.Roots: cert, key: secret} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, plain, _ := net.SplitHostPort(a.Plain)
	_, encrypted, _ := net.SplitHostPort(a.Encrypted)
	cmd := exec.Command(path, address, FreeAddr(t), a.Roots, key, plain, encrypted)
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1")
	a.Process = begin(t, cmd, "tcp", address)
	return a
}

// Certificate makes one for a host, and its key, as PEM. Nobody has signed it but the key itself.
func Certificate(t testing.TB, host string, from, until time.Time) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(from.UnixNano()), NotBefore: from, NotAfter: until, IsCA: true, BasicConstraintsValid: true,
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret})
}

// StartIssued starts the program with an authority, and waits for nothing but what it says at its
// start: who gets a certificate, and when, is for the test.
func StartIssued(t testing.TB, a *Authority, addr string, o Options) *Server {
	t.Helper()
	o.Addr = addr
	o.Args = append(o.Args, "--acme", "--acme-directory", a.Directory, "--acme-ca", a.Roots)
	s := launch(t, o)
	if !Until(func() bool { return !s.running() || publicLine.MatchString(s.Stdout()) }) || !s.running() {
		t.Fatalf("the program does not start\nstdout: %s\nstderr: %s", s.Stdout(), s.Stderr())
	}
	return s
}

// Shown is the certificate that a server shows to who asks for a name, "" for none in particular. It
// gives nil where the handshake fails. That the certificate is for the name is looked at; who has
// signed it is not.
func Shown(t testing.TB, address, name string) *x509.Certificate {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err != nil {
		return nil
	}
	defer conn.Close()
	cert := conn.ConnectionState().PeerCertificates[0]
	if err := cert.VerifyHostname(name); name != "" && err != nil {
		t.Errorf("the certificate for %s: %v", name, err)
	}
	return cert
}
