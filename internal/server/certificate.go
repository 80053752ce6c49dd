package server

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is the TLS certificate of two files, taken anew when they change, so that who renews
// them need not tell us. It is safe for concurrent use.
type certificate struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu      sync.Mutex
	looked  time.Time // when the files were looked at
	taken   stamp     // as they were when current was made of them
	told    bool      // that they do not fit
	current *tls.Certificate
}

// stamp is by what a change of the two files is known.
type stamp struct {
	certTime, keyTime time.Time
	certSize, keySize int64
}

// newCertificate reads the files, which must be in order by now.
func newCertificate(cert, key string, log *slog.Logger, now func() time.Time) (*certificate, error) {
	c := &certificate{cert: cert, key: key, log: log, now: now, looked: now()}
	s, err := c.stamp()
	if err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	c.taken, c.current = s, &pair
	return c, nil
}

// config is how connections are encrypted: as crypto/tls does by default, with HTTP/2.
func (c *certificate) config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.get(), nil },
	}
}

// get is the certificate of the files as they are, looked at once a second at most. While they do
// not fit together, as between the renewal of the one and of the other, it is the last good one.
func (c *certificate) get() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if since := now.Sub(c.looked); since >= 0 && since < time.Second {
		return c.current
	}
	c.looked = now
	s, err := c.stamp()
	if err == nil && s == c.taken {
		c.told = false // as they were again
		return c.current
	}
	var pair tls.Certificate
	if err == nil {
		pair, err = tls.LoadX509KeyPair(c.cert, c.key)
	}
	switch {
	case err == nil:
		c.taken, c.told, c.current = s, false, &pair
		c.log.Info("the TLS certificate was taken anew", "file", c.cert)
	case !c.told:
		c.told = true
		c.log.Error("the TLS certificate cannot be taken anew; the last good one is in use", "error", err)
	}
	return c.current
}

func (c *certificate) stamp() (s stamp, err error) {
	cert, err := os.Stat(c.cert)
	if err != nil {
		return s, err
	}
	key, err := os.Stat(c.key)
	if err != nil {
		return s, err
	}
	return stamp{cert.ModTime(), key.ModTime(), cert.Size(), key.Size()}, nil
}
