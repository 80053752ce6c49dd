// Package config is the program's settings: what they are called, what they default to, and which
// combinations are refused. Flags win over the environment, the environment over defaults; nothing
// is required on one's own machine.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/doorbook/doorbook/session"
)

// Data is the setting that every verb has: where the databases are.
type Data struct {
	Dir string `name:"data" env:"DOORBOOK_DATA" placeholder:"DIR" help:"Data directory. Default: $$XDG_DATA_HOME/doorbook, else ~/.local/share/doorbook."`
}

// Serve is the settings of the server. Secrets are not among them: a flag is seen by everybody on
// the machine.
type Serve struct {
	Data
	Addr           string `env:"DOORBOOK_ADDR" default:"localhost:8080" placeholder:"HOST:PORT" help:"Address to listen on (${default})."`
	PublicURL      string `name:"public-url" env:"DOORBOOK_PUBLIC_URL" placeholder:"URL" help:"Address that people use, where it is another: https://example.org. It decides how cookies are protected."`
	TrustedProxies string `env:"DOORBOOK_TRUSTED_PROXIES" placeholder:"LIST" help:"Addresses and networks of proxies whose X-Forwarded-For is believed, comma separated. Default: none."`
	Registration   string `env:"DOORBOOK_REGISTRATION" default:"open" placeholder:"WHO" help:"Who may make an account: open, invite or closed (${default})."`
	CookieSecure   string `env:"DOORBOOK_COOKIE_SECURE" default:"auto" placeholder:"WHEN" help:"auto, or never for a browser that takes no Secure cookie from localhost (${default})."`
	Sessions       string `env:"DOORBOOK_SESSIONS" default:"store" placeholder:"WHERE" help:"Where sessions live: store, or flask to share the cookie of a Flask application (${default})."`
	FlaskCookie    string `env:"DOORBOOK_FLASK_COOKIE" default:"session" placeholder:"NAME" help:"Name of the Flask application's session cookie (${default})."`
	Passwords
}

// Passwords says what new password hashes look like.
type Passwords struct {
	Form string `name:"passwords" env:"DOORBOOK_PASSWORDS" placeholder:"FORM" help:"Form of new password hashes: argon2id, or while a Flask application reads them too scrypt (Werkzeug 2.3 and later) or pbkdf2 (any). Default: argon2id; pbkdf2 while the session cookie is shared with a Flask application."`
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
	switch p.Form {
	case "", "argon2id", "scrypt", "pbkdf2":
		return nil
	}
	return fmt.Errorf("--passwords: %q is none of argon2id, scrypt, pbkdf2", p.Form)
}

// Secrets are the settings that only the environment or a file gives.
type Secrets struct {
	Database  string   // DOORBOOK_DATABASE: "sqlite", or an address that may hold a password
	Key       []byte   // DOORBOOK_SECRET_KEY; nil: the key file of the data directory
	Fallbacks [][]byte // DOORBOOK_SECRET_KEY_FALLBACKS: old keys, or one that is coming
	Flask     Flask
}

// ReadSecrets reads the secrets from the environment, or from the files that NAME_FILE names
// (without the line's end). Weak and published keys are refused here, before anything is opened or
// made.
func ReadSecrets(getenv func(string) string) (s Secrets, err error) {
	key, err := secret(getenv, "DOORBOOK_SECRET_KEY")
	if err != nil {
		return s, err
	}
	if key != "" {
		s.Key = []byte(key)
		if err := checkKey("DOORBOOK_SECRET_KEY", s.Key); err != nil {
			return s, err
		}
	}
	list, err := secret(getenv, "DOORBOOK_SECRET_KEY_FALLBACKS")
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
	if s.Database, err = secret(getenv, "DOORBOOK_DATABASE"); err != nil {
		return s, err
	}
	s.Flask, err = readFlask(getenv)
	return s, err
}

func checkKey(name string, key []byte) error {
	if _, err := session.NewKeyRing(key); err != nil {
		return fmt.Errorf("%s: %w (make one with: openssl rand -hex 32)", name, err)
	}
	return nil
}

func secret(getenv func(string) string, name string) (string, error) {
	value, file := getenv(name), getenv(name+"_FILE")
	switch {
	case file == "":
		return value, nil
	case value != "":
		return "", fmt.Errorf("%s and %s_FILE are both set", name, name)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	if value = strings.TrimRight(string(content), "\r\n"); value == "" {
		return "", fmt.Errorf("%s_FILE: %s is empty", name, file)
	}
	return value, nil
}

// Path is the data directory.
func (d Data) Path(getenv func(string) string) (string, error) {
	if d.Dir != "" {
		return d.Dir, nil
	}
	if base := getenv("XDG_DATA_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "doorbook"), nil
	}
	home := getenv("HOME")
	if home == "" {
		return "", errors.New("there is no home directory: name a data directory with --data or DOORBOOK_DATA")
	}
	return filepath.Join(home, ".local", "share", "doorbook"), nil
}

// Check refuses what cannot be.
func (s *Serve) Check() error {
	if _, port, err := net.SplitHostPort(s.Addr); err != nil || !isPort(port) {
		return fmt.Errorf("--addr: %q is not HOST:PORT", s.Addr)
	}
	switch s.Registration {
	case "open", "closed":
	case "invite":
		return errors.New("--registration: there are no invitations yet; use closed, and add people with \"doorbook user add\"")
	default:
		return fmt.Errorf("--registration: %q is none of open, invite, closed", s.Registration)
	}
	switch s.Sessions {
	case "", "store", SharedWithFlask:
	default:
		return fmt.Errorf("--sessions: %q is neither store nor flask", s.Sessions)
	}
	if err := s.Passwords.Check(); err != nil {
		return err
	}
	if err := checkFlaskCookie(s.FlaskCookie); err != nil {
		return err
	}
	if s.CookieSecure != "auto" && s.CookieSecure != "never" {
		return fmt.Errorf("--cookie-secure: %q is neither auto nor never", s.CookieSecure)
	}
	if s.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(s.PublicURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" ||
		u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("--public-url: %q is not of the form https://HOST", s.PublicURL)
	}
	s.PublicURL = u.Scheme + "://" + u.Host
	if u.Scheme == "https" && s.CookieSecure == "never" {
		return errors.New("--cookie-secure=never does not go with an https address")
	}
	return nil
}

func isPort(s string) bool {
	_, err := net.LookupPort("tcp", s)
	return err == nil && s != ""
}

// HTTPS reports whether people use the site over TLS.
func (s *Serve) HTTPS() bool { return strings.HasPrefix(s.PublicURL, "https://") }

// Secure reports whether cookies are Secure: browsers take such cookies over TLS, and from their
// own machine.
func (s *Serve) Secure(url string) bool {
	if s.CookieSecure == "never" {
		return false
	}
	return s.HTTPS() || loopback(url)
}

// loopback reports whether a URL leads to the reader's own machine.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// URL is the address that people use, given the one that is listened on.
func (s *Serve) URL(listening net.Addr) string {
	if s.PublicURL != "" {
		return s.PublicURL
	}
	host, _, err := net.SplitHostPort(s.Addr)
	_, port, _ := net.SplitHostPort(listening.String())
	if err != nil || host == "" {
		return "http://" + listening.String()
	}
	return "http://" + net.JoinHostPort(host, port)
}
