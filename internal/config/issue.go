package config

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"strings"

	"github.com/doorbook/doorbook/internal/network"
)

// Issue is the settings of certificates that the program has issued for itself, over ACME (RFC 8555).
type Issue struct {
	ACME          bool   `name:"acme"`
	ACMEEmail     string `name:"acme-email"`
	ACMEDirectory string `name:"acme-directory"`
	ACMECA        string `name:"acme-ca"`
	HTTPAddr      string `name:"http-addr"`
}

// LetsEncrypt is the directory of the authority that issues where no other is named.
const LetsEncrypt = "https://acme-v02.api.letsencrypt.org/directory"

// defaultAddr is where the server listens when nothing is said.
const defaultAddr = "localhost:8080"

// Directory is where the authority says what it can do.
func (i Issue) Directory() string { return cmp.Or(i.ACMEDirectory, LetsEncrypt) }

// Listens is where the server listens, given what --addr says: whoever has certificates issued is
// asked for at the port of https, by the authority first of all, and nobody else could reach an
// address of this machine alone.
func (i Issue) Listens(addr string) string {
	if i.ACME && addr == defaultAddr {
		return ":443"
	}
	return addr
}

// Redirects is where the server listens for plain HTTP, to say that the site is at https; "" for
// nowhere.
func (i Issue) Redirects() string {
	switch {
	case i.HTTPAddr == "none":
		return ""
	case i.HTTPAddr == "" && i.ACME:
		return ":80"
	}
	return i.HTTPAddr
}

// checkIssue refuses what cannot be. The public URL is written by now.
func (s *Serve) checkIssue() error {
	if to := s.Redirects(); to != "" {
		_, port, err := net.SplitHostPort(to)
		switch {
		case err != nil || !isPort(port):
			return fmt.Errorf("--http-addr: %q is not HOST:PORT, as in :80, and not none", to)
		case !s.ACME && s.TLSCert == "":
			return errors.New("--http-addr goes with --acme or --tls-cert: behind a proxy that speaks TLS the proxy sends people to https")
		case s.PublicURL == "":
			return errors.New("--http-addr needs --public-url https://HOST, where people are sent")
		}
	}
	if !s.ACME {
		if s.ACMEEmail != "" || s.ACMEDirectory != "" || s.ACMECA != "" {
			return errors.New("--acme-email, --acme-directory and --acme-ca say more of --acme, which is missing")
		}
		return nil
	}
	if s.TLSCert != "" {
		return errors.New("--acme does not go with --tls-cert: certificates are issued, or they are in files")
	}
	return errors.Join(s.checkIssuedName(), s.Issue.checkAuthority())
}

// checkIssuedName refuses a public URL for whose host no authority issues.
func (s *Serve) checkIssuedName() error {
	u, err := url.Parse(s.PublicURL)
	switch {
	case s.PublicURL == "" || err != nil:
		return errors.New("--acme needs --public-url https://HOST: the certificate is for that host")
	case u.Scheme != "https":
		return errors.New("--acme does not go with a public URL that begins with http://")
	case !Issuable(u.Hostname()):
		return fmt.Errorf("--acme: no certificate is issued for %s: the public URL needs a name that others can find, with a dot in it", u.Hostname())
	}
	return nil
}

// checkAuthority refuses what is no authority's address, and no address of mail.
func (i Issue) checkAuthority() error {
	if u, err := url.Parse(i.Directory()); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return fmt.Errorf("--acme-directory: %q is not of the form https://HOST/PATH", i.ACMEDirectory)
	}
	if i.ACMEEmail == "" {
		return nil
	}
	if a, err := mail.ParseAddress(i.ACMEEmail); err != nil || a.Address != i.ACMEEmail {
		return fmt.Errorf("--acme-email: %q is no e-mail address", i.ACMEEmail)
	}
	return nil
}

// Issuable reports whether a host, written as browsers do, is one that an authority can issue a
// certificate for: a name of several labels, which is not everybody's own machine.
func Issuable(host string) bool {
	_, err := netip.ParseAddr(host)
	return err != nil && strings.Contains(host, ".") && !network.Loopback(host)
}

func issueSettings() []Setting {
	serve := []string{VerbServe}
	return []Setting{
		{
			Env: "DOORBOOK_ACME", Flag: "acme", Unset: "off", Verbs: []string{VerbServe, VerbHealth},
			Meaning: "`true`: the certificates for the public URL's host, `--hosts` and the applications' hosts are issued by themselves, and " +
				"renewed, by Let's Encrypt, whose terms of service you accept by this. The server then listens at `:443` unless `--addr` says " +
				"another address, and must be reached there, or at port 80, under those names ([HTTPS by itself](#https-by-itself))",
		},
		{
			Env: "DOORBOOK_ACME_EMAIL", Flag: "acme-email", Value: "EMAIL", Unset: "none", Verbs: serve,
			Meaning: "where the authority writes to when something is wrong with a certificate",
		},
		{
			Env: "DOORBOOK_ACME_DIRECTORY", Flag: "acme-directory", Value: "URL", Unset: "Let's Encrypt", Verbs: serve,
			Meaning: "the directory of another authority that speaks ACME (RFC 8555)",
		},
		{
			Env: "DOORBOOK_ACME_CA", Flag: "acme-ca", Value: "FILE", Unset: "those of the system", Verbs: serve,
			Meaning: "certificates (PEM) by which that authority's own address is known, for a private one",
		},
		{
			Env: "DOORBOOK_HTTP_ADDR", Flag: "http-addr", Value: "HOST:PORT", Unset: "`:80` with `--acme`, else `none`", Verbs: serve,
			Meaning: "where the server also listens for plain HTTP, with `--acme` or `--tls-cert`: it sends browsers to the same address at https, " +
				"answers the authority, and does nothing else. `none`: nowhere",
		},
	}
}
