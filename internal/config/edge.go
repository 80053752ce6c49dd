package config

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/doorbook/doorbook/internal/network"
)

// Edge is the settings of how requests reach the program.
type Edge struct {
	Hosts            string
	CookiePrefix     string
	TLSCert          string `name:"tls-cert"`
	TLSKey           string `name:"tls-key"`
	ClientAddrHeader string
	HSTS             string `name:"hsts"`
	HSTSSubdomains   bool   `name:"hsts-subdomains"`
}

// Check refuses what cannot be.
func (e Edge) Check() error {
	if e.ClientAddrHeader != "" && !isToken(e.ClientAddrHeader) {
		return fmt.Errorf("--client-addr-header: %q is no name for a header", e.ClientAddrHeader)
	}
	if e.CookiePrefix != "" && !isPrefix(e.CookiePrefix) {
		return fmt.Errorf("--cookie-prefix: %q is none: up to 32 letters, digits and hyphens, and not the name of a cookie of ours", e.CookiePrefix)
	}
	if (e.TLSCert == "") != (e.TLSKey == "") {
		return errors.New("--tls-cert and --tls-key go together")
	}
	if err := oneOf("hsts", cmp.Or(e.HSTS, "host")); err != nil {
		return err
	}
	if e.HSTSSubdomains && e.HSTS == "none" {
		return errors.New("--hsts-subdomains does not go with --hsts=none")
	}
	_, err := e.HostList()
	return err
}

// HSTSFor is which hosts browsers are told to use TLS for: "host", "subdomains" or "none".
func (e Edge) HSTSFor() string {
	if e.HSTSSubdomains {
		return "subdomains"
	}
	return cmp.Or(e.HSTS, "host")
}

// HostList is the names of Hosts as browsers write them.
func (e Edge) HostList() (list []string, err error) {
	for item := range strings.SplitSeq(e.Hosts, ",") {
		if item = strings.TrimSpace(item); item == "" {
			continue
		}
		name := item
		if bare, ok := strings.CutPrefix(name, "["); ok {
			name = strings.TrimSuffix(bare, "]")
		}
		if name, err = network.Host(name); err != nil {
			return nil, fmt.Errorf("--hosts: %q is no name of a host (without scheme and port)", item)
		}
		list = append(list, name)
	}
	return list, nil
}

// isPrefix reports whether a word can stand before the names of our cookies: it must be none that
// they have themselves, nor begin as browsers' own prefixes do.
func isPrefix(s string) bool {
	switch s {
	case "form", "device", "session":
		return false
	}
	return len(s) <= 32 && strings.Trim(s, "-") == s && isToken(s) && !strings.ContainsAny(s, "!#$%&'*+.^_`|~")
}

// isToken reports whether a text is a token of HTTP (RFC 9110, section 5.6.2): the name of a header
// or a cookie.
func isToken(s string) bool {
	return s != "" && strings.Trim(s, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
