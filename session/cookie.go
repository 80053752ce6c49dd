package session

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strings"
	"time"
)

// The session cookie holds a session key: the record's id, a secret, and a signature over both, 60
// bytes that are 80 characters of URL-safe base64 without a spare bit, so that no other spelling of
// a key exists.
const (
	secretBytes = 24 // 192 bits from crypto/rand (ASVS 7.2.3 asks for 128)
	macBytes    = 24
	idBytes     = len(ID{})
	keyBytes    = idBytes + secretBytes + macBytes
	keyText     = keyBytes / 3 * 4
)

// sessionKey is what a browser holds.
type sessionKey struct {
	id     ID
	secret [secretBytes]byte
}

func (k *sessionKey) digest() Digest { return sha256.Sum256(k.secret[:]) }

func (k *sessionKey) message() (m [idBytes + secretBytes]byte) {
	copy(m[:], k.id[:])
	copy(m[idBytes:], k.secret[:])
	return m
}

// format writes a key signed with the ring's first key.
func (k *sessionKey) format(signer *Signer) string {
	var raw [keyBytes]byte
	m := k.message()
	mac := signer.Sum(m[:])
	copy(raw[:], m[:])
	copy(raw[idBytes+secretBytes:], mac[:macBytes])
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// parseKey reads exactly what format writes under one of the ring's keys, and says which.
func parseKey(value string, signer *Signer) (k sessionKey, index int, ok bool) {
	if len(value) != keyText {
		return k, 0, false
	}
	var raw [keyBytes]byte
	if !decode64(raw[:], value) {
		return k, 0, false
	}
	const signed = idBytes + secretBytes
	if index, ok = signer.Verify(raw[:signed], raw[signed:]); !ok {
		return k, 0, false
	}
	copy(k.id[:], raw[:])
	copy(k.secret[:], raw[idBytes:])
	return k, index, true
}

// decode64 reads URL-safe base64 that fills dst. encoding/base64 passes over line breaks, which
// then are bytes too few.
func decode64(dst []byte, s string) bool {
	var text [keyText]byte
	n, err := base64.RawURLEncoding.Decode(dst, text[:copy(text[:], s)])
	return err == nil && n == len(dst)
}

// findCookie gives the raw value of the one cookie of that name. More than one is suspicious (RFC
// 6265 leaves their order open, and another host of the domain may have planted one), so it counts
// as none. Quotes around a value, which net/http would take off, stay.
func findCookie(h http.Header, name string) (value string, duplicate bool) {
	found := false
	for _, line := range h["Cookie"] {
		for line != "" {
			var pair string
			pair, line, _ = strings.Cut(line, ";")
			pair = strings.TrimLeft(pair, " \t")
			if len(pair) <= len(name) || pair[len(name)] != '=' || pair[:len(name)] != name {
				continue
			}
			if found {
				return "", true
			}
			found, value = true, pair[len(name)+1:]
		}
	}
	return value, false
}

// Cookie says how the session cookie is sent. The zero value is the safe one: __Host-session,
// Secure, HttpOnly, SameSite=Lax, Path=/ (ASVS 3.3.1 to 3.3.4).
type Cookie struct {
	// Name defaults to "__Host-session", to "__Secure-session" with a Domain, and to "session" with
	// PlainHTTP.
	Name string
	// Domain shares the cookie with all hosts of a domain. Empty, the default, is this host alone.
	Domain string
	// SameSite defaults to http.SameSiteLaxMode.
	SameSite http.SameSite
	// Partitioned gives the cookie of a page that is embedded in others' a jar of its own under
	// each of them (CHIPS). It needs SameSite=None.
	Partitioned bool
	// PlainHTTP leaves out Secure, for a site without TLS: whoever can listen on the way can take
	// over sessions.
	PlainHTTP bool
}

// maxCookie is what name, value and attributes may take together. RFC 6265bis lets browsers ignore
// a cookie whose name and value are longer; some count the attributes, too.
const maxCookie = 4096

func (c Cookie) withDefaults() (Cookie, error) {
	if c.Name == "" {
		switch {
		case c.PlainHTTP:
			c.Name = "session"
		case c.Domain != "":
			c.Name = "__Secure-session"
		default:
			c.Name = "__Host-session"
		}
	}
	if c.SameSite == 0 || c.SameSite == http.SameSiteDefaultMode {
		c.SameSite = http.SameSiteLaxMode // said aloud: without the attribute some browsers allow POSTs for two minutes
	}
	// Browsers compare the prefixes without regard to case, and refuse the cookie when the rest
	// does not fit.
	lower := strings.ToLower(c.Name)
	switch {
	case strings.HasPrefix(lower, "__host-") && (c.Domain != "" || c.PlainHTTP):
		return c, errors.New("session: a __Host- cookie has no Domain and needs Secure")
	case (strings.HasPrefix(lower, "__secure-") || strings.HasPrefix(lower, "__http-")) && c.PlainHTTP:
		return c, errors.New("session: a __Secure- or __Http- cookie needs Secure")
	case c.SameSite < http.SameSiteLaxMode || c.SameSite > http.SameSiteNoneMode:
		return c, errors.New("session: not a SameSite mode")
	case c.SameSite == http.SameSiteNoneMode && c.PlainHTTP:
		return c, errors.New("session: SameSite=None needs Secure")
	case c.Partitioned && c.SameSite != http.SameSiteNoneMode:
		return c, errors.New("session: a Partitioned cookie needs SameSite=None")
	}
	probe := c.build(strings.Repeat("x", keyText), time.Time{}, time.Time{})
	if err := probe.Valid(); err != nil {
		return c, fmt.Errorf("session: cookie settings: %w", err)
	}
	probe.MaxAge = math.MaxInt32
	if n := len(probe.String()); n > maxCookie {
		return c, fmt.Errorf("session: cookie settings: %w: a cookie of %d bytes", ErrTooLarge, n)
	}
	return c, nil
}

// build makes the cookie. A zero expires means until the browser closes.
func (c Cookie) build(value string, now, expires time.Time) *http.Cookie {
	k := &http.Cookie{
		Name: c.Name, Value: value, Path: "/", Domain: c.Domain,
		Secure: !c.PlainHTTP, HttpOnly: true, SameSite: c.SameSite, Partitioned: c.Partitioned,
	}
	if !expires.IsZero() {
		k.MaxAge = int(max(1, min(expires.Sub(now)/time.Second, math.MaxInt32)))
	}
	return k
}

// removal makes the cookie that makes a browser forget the session's.
func (c Cookie) removal() *http.Cookie {
	k := c.build("", time.Time{}, time.Time{})
	k.MaxAge = -1
	return k
}
