package server

import (
	"crypto/tls"
	"log/slog"
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
