package session

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/doorbook/doorbook/session/memstore"
)

// Config says how sessions work. The zero value works: sessions in the memory of the process, with
// safe settings.
type Config struct {
	// Keys sign the session cookie; see KeyFile and NewKeyRing. Manager.SetKeys replaces them at run
	// time. Required, but for sessions in the memory of the process, which end with it anyway: there
	// they default to a key drawn at random.
	Keys *KeyRing
	// Home is where sessions live. Defaults to the memory of the process.
	Home Home
	// Old is how sessions came before, if this program moves them into Home: in another cookie, or
	// by another name. They are found there, too, and go on in Home from their next write, or the
	// next use that is written down; but sessions of a Store stay there while Home has a Format. Let
	// all nodes first know both, with Home and Old in the old order, then turn the order around; and
	// take the old one away after the longest lifetime. For a move from one Store to another see
	// package movestore. Default: nowhere.
	Old Home
	// Header names a request header, say "X-Session-Key", in which clients that are no browsers may
	// bring their session key, with or without "Bearer " before it. The answer to a request with
	// that header, be it empty, carries a new key in the same header, and no cookie; a cookie
	// beside it is passed over. Default: none, only cookies count.
	Header string

	// Lifetime limits an ordinary session, whose cookie goes when the browser closes.
	// Defaults to 2 hours idle and 24 hours in all.
	Lifetime Lifetime
	// Remembered limits a session of somebody who asked to be kept signed in
	// (Session.SignInRemembered); its cookie outlives the browser. Defaults to 7 days idle and 30
	// days in all (NIST SP 800-63B-4 AAL1: 30 days).
	Remembered Lifetime
	// TouchEvery is how often at most the use of a session is written down, which moves its idle
	// limit. Defaults to one minute, and is never more than a quarter of the idle limit.
	TouchEvery time.Duration
	// SaveTimeout limits each visit to the store, whether the client waits or not. Defaults to 5
	// seconds.
	SaveTimeout time.Duration
	// MaxBytes limits the encoded keys and values of one session: a call that would make it larger
	// fails with ErrTooLarge. Requests that write different keys at the same moment are each
	// measured alone. Defaults to 64 KiB.
	MaxBytes int

	// MaxPerSubject is how many sessions one subject may have: a sign-in beyond it ends those that
	// were not used for the longest time. Defaults to 100; less than 0 is no limit. It does not
	// hold where sessions live in their cookies alone.
	MaxPerSubject int

	// IssuedCounts lets the use of a session that another has issued (Session.Issue) count as a use of
	// that one, too, so that it does not reach its idle limit meanwhile: for the keys of other hosts,
	// which are in the same browser. Default: it does not count.
	IssuedCounts bool

	// Codec encodes the values of typed keys. Defaults to encoding/json.
	Codec Codec

	// Valid is asked once for each request that uses a session of somebody who is signed in, and
	// may declare it invalid: the account is disabled, say, or its password was changed since
	// SignedInSince. Such a session ends. The Session that it is given can only be read. An error
	// fails the request like a store that is away. Defaults to nothing.
	Valid func(ctx context.Context, s *Session) (bool, error)

	// ErrorHandler answers a request whose session could not be loaded or saved. Nothing of the
	// handler's answer has been or will be sent. Defaults to DefaultErrorHandler.
	ErrorHandler func(w http.ResponseWriter, r *http.Request, err error)
	// Observe is told what happens, for metrics and logs. It must be quick and safe for concurrent
	// use. The context is that of the request outside of the middleware, so the session cannot be
	// reached through it, or the one given to the Manager's method. Defaults to nothing.
	Observe func(ctx context.Context, e Event)
	// ClientAddr gives the address that lists of sessions show. Defaults to the host of
	// Request.RemoteAddr: set it behind a proxy.
	ClientAddr func(r *http.Request) string

	// Now is the clock and Rand the source of secrets, for tests. They default to time.Now and
	// crypto/rand.
	Now  func() time.Time
	Rand io.Reader
}

// Lifetime is a pair of limits, both enforced by the server (ASVS 7.3.1, 7.3.2).
type Lifetime struct {
	Idle     time.Duration // without use
	Absolute time.Duration // in all, from the sign-in or the first write on
}

func (l Lifetime) withDefaults(idle, absolute time.Duration) (Lifetime, error) {
	if l == (Lifetime{}) {
		return Lifetime{idle, absolute}, nil
	}
	if l.Idle < time.Second || l.Absolute < l.Idle {
		return l, errors.New("session: a lifetime needs an idle limit of a second or more and an absolute limit that is not shorter")
	}
	return l, nil
}

func (c Config) withDefaults() (Config, error) {
	var err error
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if err = c.homeDefaults(); err != nil {
		return c, err
	}
	if err = c.keyDefaults(); err != nil {
		return c, err
	}
	if c.Header != "" {
		if c.Header = http.CanonicalHeaderKey(c.Header); !validHeader(c.Header) {
			return c, fmt.Errorf("session: Config.Header: not a header for session keys: %.40q", c.Header)
		}
	}
	if err = c.limitDefaults(); err != nil {
		return c, err
	}
	c.hookDefaults()
	return c, nil
}

// limitDefaults sees to it that all limits are set, and go together.
func (c *Config) limitDefaults() (err error) {
	if c.SaveTimeout < 0 || c.TouchEvery < 0 || c.MaxBytes < 0 {
		return errors.New("session: a negative limit")
	}
	if c.Lifetime, err = c.Lifetime.withDefaults(2*time.Hour, 24*time.Hour); err != nil {
		return fmt.Errorf("%w (Config.Lifetime)", err)
	}
	if c.Remembered, err = c.Remembered.withDefaults(7*24*time.Hour, 30*24*time.Hour); err != nil {
		return fmt.Errorf("%w (Config.Remembered)", err)
	}
	c.TouchEvery = cmp.Or(c.TouchEvery, time.Minute)
	c.SaveTimeout = cmp.Or(c.SaveTimeout, 5*time.Second)
	c.MaxBytes = cmp.Or(c.MaxBytes, 64<<10)
	c.MaxPerSubject = cmp.Or(c.MaxPerSubject, 100)
	return nil
}

// hookDefaults fills in what a program may put in place of our own.
func (c *Config) hookDefaults() {
	if c.Codec == nil {
		c.Codec = jsonCodec{}
	}
	if c.ErrorHandler == nil {
		c.ErrorHandler = DefaultErrorHandler
	}
	if c.Observe == nil {
		c.Observe = func(context.Context, Event) {}
	}
	if c.ClientAddr == nil {
		c.ClientAddr = remoteHost
	}
	if c.Now == nil {
		c.Now = time.Now
	}
}

// keyDefaults sees to it that there are keys.
func (c *Config) keyDefaults() (err error) {
	if _, memory := c.Home.Store.(*memstore.Store); memory && c.Keys == nil {
		secret := make([]byte, minKeyBytes)
		if _, err := io.ReadFull(c.Rand, secret); err != nil {
			return fmt.Errorf("session: random source: %w", err)
		}
		c.Keys, err = NewKeyRing(secret)
		return err
	}
	switch {
	case c.Keys == nil:
		return errors.New("session: Config.Keys is required: session.KeyFile(path) reads them from a file, or makes it")
	case len(c.Keys.secrets) == 0:
		return errors.New("session: Config.Keys is a KeyRing that neither KeyFile nor NewKeyRing made")
	}
	return nil
}

func remoteHost(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// validHeader refuses what is no field name (RFC 9110, 5.1), and names that mean something else
// already.
func validHeader(name string) bool {
	switch name {
	case "Cookie", "Set-Cookie", "Vary", "Cache-Control":
		return false
	}
	for _, c := range name {
		if c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
