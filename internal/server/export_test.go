package server

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"time"
)

// NewCertificate gives tests what a handshake gets.
func NewCertificate(cert, key string, log *slog.Logger, now func() time.Time) (func() *tls.Certificate, error) {
	c, err := newCertificate(cert, key, log, now)
	if err != nil {
		return nil, err
	}
	return c.get, nil
}

// Issuer gives tests what handshakes get of an authority's certificates, and how names are looked at.
type Issuer struct {
	Get  func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	Look func()
}

// NewIssuer gives an issuer of these names.
func NewIssuer(dir, directory, roots string, names func() []string, log *slog.Logger, now func() time.Time) (*Issuer, error) {
	i, err := newIssuer(issuerConfig{dir: dir, directory: directory, roots: roots, names: names, log: log, now: now})
	if err != nil {
		return nil, err
	}
	return &Issuer{i.get, i.look}, nil
}

// ToTLS gives tests what answers over plain HTTP.
func ToTLS(names func() []string, public string) http.Handler { return toTLS(names, public) }

// ServedNames gives tests the names that certificates are for.
func ServedNames(c Config) []string { return servedNames(c, nil) }
