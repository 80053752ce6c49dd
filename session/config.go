package session

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"time"
)

// Config says how sessions work. A Store or a Carrier is required, and Keys are but for a Memory;
// the zero value of everything else is a safe default.
type Config struct {
	// Keys sign the session cookie; see NewKeyRing. Manager.SetKeys replaces them at run time. With
	// a Memory, whose sessions end with the process anyway, they default to a key drawn at random.
	Keys *KeyRing
	// Store keeps the records: NewMemory, packages sqlstore, redisstore and mongostore, or one of
	// your own (package sessiontest proves it).
	Store Store
	// Carrier keeps the data in the cookie instead, for services that have no store: Sealed.
	// Package flask has one for a cookie that a Flask application shares.
	//
	// With a Store as well, the data is in the cookie and the Store keeps a companion record of
	// each session of somebody who is signed in: all but the values. So sessions can be listed,
	// watched, capped and ended, and no copy of its cookie opens one that has ended, or that has
	// changed its key since. It costs a Load for each request of somebody signed in, and nothing
	// for a stranger's. Of a session without a companion record yet (another program made the
	// cookie, or it is older than the Store) one is made when it is first seen. When a page is
	// asked for with the cookie of a session that has ended, the browser is told to forget it.
	Carrier NewCarrier
	// Old is where sessions lived before, or how their cookie was called, if this program moves
	// them: they are found there, too, and go on in the Store or Carrier above from their next
	// write, or the next use that is written down. Let all nodes first know both homes in the old
	// order, then turn the order around; and take the old one away after the longest lifetime.
	// Default: nowhere.
	Old Home
	// Cookie says how the cookie is sent.
	Cookie Cookie
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
	// hold with a Carrier alone.
	MaxPerSubject int

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
	if _, memory := c.Store.(*Memory); memory && c.Keys == nil {
		secret := make([]byte, MinKeyBytes)
		if _, err := io.ReadFull(c.Rand, secret); err != nil {
			return c, fmt.Errorf("session: random source: %w", err)
		}
		if c.Keys, err = NewKeyRing(secret); err != nil {
			return c, err
		}
	}
	switch {
	case c.Keys == nil:
		return c, errors.New("session: Config.Keys is required; see NewKeyRing, or its error")
	case len(c.Keys.secrets) == 0:
		return c, errors.New("session: Config.Keys is a KeyRing that NewKeyRing did not make")
	case c.SaveTimeout < 0 || c.TouchEvery < 0 || c.MaxBytes < 0:
		return c, errors.New("session: a negative limit")
	}
	if err = c.homeDefaults(); err != nil {
		return c, err
	}
	if c.Header != "" {
		if c.Header = http.CanonicalHeaderKey(c.Header); !validHeader(c.Header) {
			return c, fmt.Errorf("session: Config.Header: not a header for session keys: %.40q", c.Header)
		}
	}
	if c.Lifetime, err = c.Lifetime.withDefaults(2*time.Hour, 24*time.Hour); err != nil {
		return c, fmt.Errorf("%w (Config.Lifetime)", err)
	}
	if c.Remembered, err = c.Remembered.withDefaults(7*24*time.Hour, 30*24*time.Hour); err != nil {
		return c, fmt.Errorf("%w (Config.Remembered)", err)
	}
	if c.TouchEvery == 0 {
		c.TouchEvery = time.Minute
	}
	if c.SaveTimeout == 0 {
		c.SaveTimeout = 5 * time.Second
	}
	if c.MaxBytes == 0 {
		c.MaxBytes = 64 << 10
	}
	if c.MaxPerSubject == 0 {
		c.MaxPerSubject = 100
	}
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
	return c, nil
}

// isNil sees a nil pointer in the interface, too: it would be found at the first request only.
func isNil(s Store) bool {
	v := reflect.ValueOf(s)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
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

// Event is something that happened to a session.
type Event struct {
	Kind EventKind
	ID   ID    // the record's id, zero where there is none
	Err  error // why, for the kinds that are failures
}

// EventKind says what happened.
type EventKind string

// The kinds of events.
const (
	EventCreated     EventKind = "created"      // a record came into being
	EventSignedIn    EventKind = "signed in"    // a sign-in was saved
	EventRenewed     EventKind = "renewed"      // the key changed without a sign-in
	EventEnded       EventKind = "ended"        // a record was deleted by its own request or by End, EndAll
	EventRevived     EventKind = "revived"      // a request came with the key of a session that had ended, before or meanwhile, and was refused
	EventUnreadable  EventKind = "unreadable"   // a cookie, a record or a value could not be read and counted as absent
	EventConflict    EventKind = "conflict"     // an update met another and is tried again
	EventLoadFailed  EventKind = "load failed"  // the store did not answer
	EventSaveFailed  EventKind = "save failed"  // the store did not save, or the session was not fit to be saved
	EventMoved       EventKind = "moved"        // a session that came in a cookie of Config.Old was stored
	EventTouchFailed EventKind = "touch failed" // the store did not write down a use, and the request went on
)
