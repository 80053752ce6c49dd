// Package config is the program's settings: what they are called, what they default to, and which
// combinations are refused. Flags win over the environment, the environment over defaults; nothing
// is required on one's own machine.
package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/doorbook/doorbook/internal/network"
	"github.com/doorbook/doorbook/session"
)

// Data is the setting that every verb has: where the databases are.
type Data struct {
	Dir string `name:"data"`
}

// Serve is the settings of the server; what they mean says Settings. Secrets are not among them: a
// flag is seen by everybody on the machine.
type Serve struct {
	Data
	Addr           string
	PublicURL      string `name:"public-url"`
	TrustedProxies string
	CookieSecure   string
	Sessions       string
	FlaskCookie    string
	Edge
	Issue
	Passwords
	Stay
	Joins
	Gate
}

// Passwords says what new password hashes look like.
type Passwords struct {
	Form string `name:"passwords"`
}

// Of gives the form, for where sessions live: what a Flask application beside us cannot read locks
// people out of it.
func (p Passwords) Of(sessions string) string {
	switch {
	case p.Form != "":
		return p.Form
	case sessions == SharedWithFlask:
		return "pbkdf2"
	}
	return "argon2id"
}

// SharedWithFlask is the setting of Sessions for a cookie that a Flask application reads and writes
// as well.
const SharedWithFlask = "flask"

// Check refuses what cannot be.
func (p Passwords) Check() error {
	if p.Form == "" {
		return nil
	}
	return oneOf("passwords", p.Form)
}

// Secrets are the settings that only the environment or a file gives.
type Secrets struct {
	Database  string   // DOORBOOK_DATABASE: "sqlite", or an address that may hold a password
	Key       []byte   // DOORBOOK_SECRET_KEY; nil: the key file of the data directory
	Fallbacks [][]byte // DOORBOOK_SECRET_KEY_FALLBACKS: old keys, or one that is coming
	Flask     Flask

	Told []string // sentences about what is weak in the files that some of them are in
}

// ReadSecrets reads the secrets from the environment, or from the files that NAME_FILE names
// (without the line's end). Weak and published keys are refused here, before anything is opened or
// made.
func ReadSecrets(env Environment) (s Secrets, err error) {
	from := &secrets{env: env}
	defer func() { s.Told = from.told }()
	key, err := from.read("DOORBOOK_SECRET_KEY")
	if err != nil {
		return s, err
	}
	if key != "" {
		s.Key = []byte(key)
		if err := checkKey("DOORBOOK_SECRET_KEY", s.Key); err != nil {
			return s, err
		}
	}
	list, err := from.read("DOORBOOK_SECRET_KEY_FALLBACKS")
	if err != nil {
		return s, err
	}
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item != "" {
			s.Fallbacks = append(s.Fallbacks, []byte(item))
			if err := checkKey("DOORBOOK_SECRET_KEY_FALLBACKS", []byte(item)); err != nil {
				return s, err
			}
		}
	}
	if s.Database, err = from.read("DOORBOOK_DATABASE"); err != nil {
		return s, err
	}
	s.Flask, err = readFlask(from, flaskKey)
	return s, err
}

func checkKey(name string, key []byte) error {
	if _, err := session.NewKeyRing(key); err != nil {
		return fmt.Errorf("%s: %w (make one with: openssl rand -hex 32)", name, err)
	}
	return nil
}

// Path is the data directory.
func (d Data) Path(env Environment) (string, error) {
	if d.Dir != "" {
		return d.Dir, nil
	}
	if base := env["XDG_DATA_HOME"]; filepath.IsAbs(base) {
		return filepath.Join(base, "doorbook"), nil
	}
	home := env["HOME"]
	switch {
	case home == "":
		return "", errors.New("there is no home directory: name a data directory with --data or DOORBOOK_DATA")
	case !filepath.IsAbs(home):
		return "", fmt.Errorf("HOME is %q, which is another place in every folder: name a data directory with --data or DOORBOOK_DATA", home)
	}
	return filepath.Join(home, ".local", "share", "doorbook"), nil
}

// Check refuses what cannot be.
func (s *Serve) Check() error {
	s.Addr = s.Listens(s.Addr)
	if _, port, err := net.SplitHostPort(s.Addr); err != nil || !isPort(port) {
		return notAddr(s.Addr)
	}
	sessions := cmp.Or(s.Sessions, "store")
	if err := errors.Join(s.Joins.Check(), oneOf("sessions", sessions), oneOf("cookie-secure", s.CookieSecure)); err != nil {
		return err
	}
	if err := s.Passwords.Check(); err != nil {
		return err
	}
	if err := s.Stay.Check(); err != nil {
		return err
	}
	if err := checkFlaskCookie(s.FlaskCookie, s.CookiePrefix); err != nil {
		return err
	}
	if err := s.Edge.Check(); err != nil {
		return err
	}
	if err := s.checkPublicURL(); err != nil {
		return err
	}
	return s.checkIssue()
}

// checkPublicURL refuses what is no address of a site, and writes the others in one way.
func (s *Serve) checkPublicURL() error {
	if s.PublicURL == "" {
		return s.checkSecure()
	}
	written, err := PublicURL(s.PublicURL)
	if err != nil {
		return fmt.Errorf("--public-url: %q is not of the form https://HOST: %w", s.PublicURL, err)
	}
	s.PublicURL = s.Pages(written)
	if s.TLSCert != "" && !s.HTTPS() {
		return errors.New("--tls-cert does not go with a public URL that begins with http://")
	}
	return s.checkSecure()
}

func (s *Serve) checkSecure() error {
	if s.HTTPS() && s.CookieSecure == "never" {
		return errors.New("--cookie-secure=never does not go with an https address")
	}
	return nil
}

func isPort(s string) bool {
	_, err := net.LookupPort("tcp", s)
	return err == nil && s != ""
}

// HTTPS reports whether people use the site over TLS.
func (s *Serve) HTTPS() bool {
	return strings.HasPrefix(s.PublicURL, "https://") || s.PublicURL == "" && s.TLSCert != ""
}

// Secure reports whether cookies are Secure, given the address that URL gives: browsers take such
// cookies over TLS, and from their own machine.
func (s *Serve) Secure(url string) bool {
	if s.CookieSecure == "never" {
		return false
	}
	return s.HTTPS() || loopback(url) && (s.PublicURL != "" || !s.Everywhere())
}

// Everywhere reports whether the server listens on all addresses of its machine. Then people come
// by names that are not known here.
func (s *Serve) Everywhere() bool {
	host, _, err := net.SplitHostPort(s.Addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "" || ip != nil && ip.IsUnspecified())
}

// loopback reports whether a URL leads to the reader's own machine.
func loopback(address string) bool {
	u, err := url.Parse(address)
	return err == nil && network.Loopback(u.Hostname())
}

// URL is the address that people use, given the one that is listened on.
func (s *Serve) URL(listening net.Addr) string {
	if s.PublicURL != "" {
		return s.PublicURL
	}
	return s.Pages(urlAt(s.Addr, s.TLSCert != "", listening))
}
