package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// issuer is the TLS certificates that an authority issues to us over ACME (RFC 8555), one for each
// name of the site, and renews. It is safe for concurrent use.
//
// autocert does the work. What it leaves to its user stands here: an attempt is made because a name
// is ours, never because somebody asks again and again, and after one that failed there is a pause,
// for authorities bear a handful in an hour; and what fails is told once for each attempt.
type issuer struct {
	manager *autocert.Manager
	names   func() []string // for which there are certificates, the site's own first
	log     *slog.Logger
	now     func() time.Time

	mu     sync.Mutex
	states map[string]*issue
}

// issue is where things stand with the certificate of one name.
type issue struct {
	busy   bool          // an attempt is under way
	done   chan struct{} // closed when none is
	ready  bool          // there is a certificate, which autocert renews
	failed int           // attempts in a row
	next   time.Time     // when the next one may be
	told   time.Time     // when it was told that it is not renewed
}

const (
	firstPause  = 2 * time.Minute // after an attempt that failed; each further one doubles it
	longPause   = time.Hour
	issueWait   = 4 * time.Second // that a visitor waits for an attempt: less than net/http does
	issueWatch  = time.Minute     // how often names and dates are looked at
	renewalTold = 24 * time.Hour  // how often it is told that a certificate is not renewed
)

var (
	errNotServed = errors.New("there is no certificate for a name that is not served")
	errNotIssued = errors.New("there is no certificate for this name yet; the log says why")
)

// issuerConfig is what an issuer works with.
type issuerConfig struct {
	dir       string // where keys and certificates are kept
	directory string // of the authority
	roots     string // a file of certificates by which the authority is known; "" for the system's
	email     string // for the authority; "" for none
	names     func() []string
	log       *slog.Logger
	now       func() time.Time
}

// newIssuer asks the authority for nothing yet.
func newIssuer(c issuerConfig) (*issuer, error) {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return nil, err
	}
	client, err := authorityClient(c.roots)
	if err != nil {
		return nil, err
	}
	i := &issuer{names: c.names, log: c.log, now: c.now, states: map[string]*issue{}}
	i.manager = &autocert.Manager{
		Prompt: autocert.AcceptTOS, // which the setting says
		Cache:  autocert.DirCache(c.dir),
		Email:  c.email,
		HostPolicy: func(_ context.Context, host string) error {
			if !i.serves(host) {
				return errNotServed
			}
			return nil
		},
		Client: &acme.Client{DirectoryURL: c.directory, HTTPClient: client, UserAgent: "doorbook", RetryBackoff: retryAuthority},
	}
	return i, nil
}

// authorityClient is how the authority is asked.
func authorityClient(roots string) (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if roots != "" {
		text, err := os.ReadFile(roots)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s has no certificate in it (PEM)", roots)
		}
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}
	}
	return &http.Client{Transport: transport, Timeout: 30 * time.Second}, nil
}

// retryAuthority is when a question to the authority is asked again within one attempt: soon and a
// few times, as after a number that it takes for used (badNonce). What it refuses because of its
// limits waits for the next attempt.
func retryAuthority(n int, _ *http.Request, answer *http.Response) time.Duration {
	if n > 4 || answer != nil && answer.StatusCode == http.StatusTooManyRequests {
		return -1
	}
	return time.Duration(n) * 500 * time.Millisecond
}

// config is how connections are encrypted: as crypto/tls does by default, with HTTP/2, and with the
// authority's own protocol to ask whose a name is (RFC 8737).
func (i *issuer) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: i.get,
		NextProtos:     []string{"h2", "http/1.1", acme.ALPNProto},
	}
}

// serves reports whether there is to be a certificate for the name in a Host header.
func (i *issuer) serves(host string) bool { return slices.Contains(i.names(), plainName(host)) }

// get is the certificate for a handshake. Who names nobody gets the site's own.
func (i *issuer) get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if slices.Equal(hello.SupportedProtos, []string{acme.ALPNProto}) {
		return i.manager.GetCertificate(hello)
	}
	names, name := i.names(), plainName(hello.ServerName)
	if name == "" && len(names) > 0 {
		name = names[0]
	}
	if !slices.Contains(names, name) {
		return nil, errNotServed
	}
	s, done := i.begin(name)
	wait := time.NewTimer(issueWait)
	defer wait.Stop()
	select {
	case <-done:
	case <-wait.C:
	}
	if !i.isReady(s) {
		return nil, errNotIssued
	}
	return i.manager.GetCertificate(helloFor(name))
}

// helloFor is a handshake for a name. It says that the client knows ECDSA whether it does or not:
// those who do not are older than TLS 1.2 is with us, and a second certificate for everybody who
// says so would be issued at any stranger's word.
func helloFor(name string) *tls.ClientHelloInfo {
	return &tls.ClientHelloInfo{ServerName: name, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}}
}

// begin begins an attempt for a name if one is due. It gives how things stand, and what is closed
// when no attempt is under way.
func (i *issuer) begin(name string) (*issue, <-chan struct{}) {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := i.states[name]
	if s == nil {
		s = &issue{done: make(chan struct{})}
		close(s.done)
		i.states[name] = s
	}
	if !s.busy && !s.ready && !i.now().Before(s.next) {
		s.busy, s.done = true, make(chan struct{})
		go i.attempt(name, s)
	}
	return s, s.done
}

func (i *issuer) isReady(s *issue) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return s.ready
}

// attempt gets the certificate of a name, from our own folder or from the authority. It takes up to
// five minutes (autocert), and ends with the program whatever it waits for.
func (i *issuer) attempt(name string, s *issue) {
	cert, err := i.manager.GetCertificate(helloFor(name))
	i.mu.Lock()
	defer i.mu.Unlock()
	defer close(s.done)
	s.busy = false
	if err == nil {
		s.ready, s.failed = true, 0
		i.log.Info("there is a TLS certificate", "name", name, "until", cert.Leaf.NotAfter)
		return
	}
	pause := min(firstPause<<min(s.failed, 10), longPause)
	s.failed++
	s.next = i.now().Add(pause)
	i.log.Error("no TLS certificate could be had, which is tried again: the authority must find this server under that name, "+
		"at port 443 (or 80, which --http-addr answers)", "name", name, "again", pause.String(), "error", err)
}

// watch gets the certificates of all names, and looks until ctx is done for names that have come and
// for certificates that are not renewed.
func (i *issuer) watch(ctx context.Context) {
	ticks := time.NewTicker(issueWatch)
	defer ticks.Stop()
	for {
		i.look()
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

func (i *issuer) look() {
	for _, name := range i.names() {
		s, _ := i.begin(name)
		if !i.isReady(s) {
			continue
		}
		if cert, err := i.manager.GetCertificate(helloFor(name)); err == nil {
			i.tellOld(name, s, cert.Leaf)
		}
	}
}

// tellOld tells of a certificate that should have been renewed: autocert begins when a third of its
// time is left, or 30 days, and says nothing when it fails.
func (i *issuer) tellOld(name string, s *issue, cert *x509.Certificate) {
	left, now := cert.NotAfter.Sub(i.now()), i.now()
	if left > min(cert.NotAfter.Sub(cert.NotBefore)/4, 25*24*time.Hour) {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if now.Sub(s.told) < renewalTold {
		return
	}
	s.told = now
	i.log.Error("the TLS certificate has not been renewed so far, which is tried on and on: the authority must find this server under "+
		"that name", "name", name, "until", cert.NotAfter)
}
