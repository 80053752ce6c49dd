package config

import (
	"errors"
	"fmt"
	"net"
)

// Reached is the settings that say at which address people reach the server, for a verb that is not
// the server and makes links to it.
type Reached struct {
	Addr      string
	PublicURL string `name:"public-url"`
	TLSCert   string `name:"tls-cert"`
	Gate
}

// URL is the address that a server with these settings prints when it starts. It is guessed where no
// public URL is set: the server may have settings that are not here, and people come by other names.
func (r Reached) URL() (url string, guessed bool, err error) {
	if r.PublicURL != "" {
		if url, err = PublicURL(r.PublicURL); err != nil {
			return "", false, fmt.Errorf("--public-url: %q is not of the form https://HOST: %w", r.PublicURL, err)
		}
		return r.Pages(url), false, nil
	}
	host, name, err := net.SplitHostPort(r.Addr)
	if err != nil || !isPort(name) {
		return "", true, notAddr(r.Addr)
	}
	port, err := net.LookupPort("tcp", name)
	if err != nil || port == 0 {
		return "", true, errors.New("--addr: on port 0 the system chooses one, which nobody knows here: give --public-url, " +
			"or the HOST:PORT that the server says when it starts")
	}
	ip := net.ParseIP(host)
	if host == "" {
		ip = net.IPv6unspecified
	}
	return r.Pages(urlAt(r.Addr, r.TLSCert != "", &net.TCPAddr{IP: ip, Port: port})), true, nil
}

// URLIn is URL for a verb beside the server of a data directory: where nothing is said here, its
// address is the one that the server has left there when it started last.
func (r Reached) URLIn(dir string) (url string, guessed bool, err error) {
	if r.PublicURL == "" && r.Addr == defaultAddr && r.TLSCert == "" && !r.Behind() {
		if url, guessed = leftAddress(dir); url != "" {
			return url, guessed, nil
		}
	}
	return r.URL()
}

// urlAt is the address of a server without a public URL: at what it was told to listen on, with the
// port that it has listened on. Where that is all addresses, which no browser opens, it is that of
// this machine for itself.
func urlAt(addr string, encrypted bool, listening net.Addr) string {
	host, _, err := net.SplitHostPort(addr)
	_, port, _ := net.SplitHostPort(listening.String())
	scheme := "http://"
	if encrypted {
		scheme = "https://"
	}
	if at, ok := listening.(*net.TCPAddr); ok && at.IP.IsUnspecified() {
		host, err = "localhost", nil
	}
	if err != nil || host == "" {
		return scheme + listening.String()
	}
	return scheme + net.JoinHostPort(host, port)
}

// notAddr refuses what is no address to listen on.
func notAddr(addr string) error {
	return fmt.Errorf("--addr: %q is not HOST:PORT, as in localhost:8080, or :8080 for all addresses; a port is a number up to 65535", addr)
}
