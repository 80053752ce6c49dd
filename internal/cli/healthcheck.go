package cli

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/config"
)

type healthcheckVerb struct {
	Addr      string
	PublicURL string `name:"public-url"`
	TLSCert   string `name:"tls-cert"`
	ACME      bool   `name:"acme"`
	config.Gate
}

// healthTimeout is how long an answer may take: readiness waits 2 seconds for a database.
const healthTimeout = 5 * time.Second

// Run asks. What fails has exit code 1, also a wrong address: container platforms know no other.
func (h *healthcheckVerb) Run(c *command) error {
	url, err := h.url()
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(c.ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	client := &http.Client{
		Timeout: healthTimeout,
		Transport: &http.Transport{ // without a proxy, whatever the environment says
			DisableKeepAlives: true,
			// The certificate is for the name that people use, not for this address. Nothing secret is sent.
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	answer, err := client.Do(r)
	if err != nil {
		return fmt.Errorf("no answer: %w: the server does not run, or listens elsewhere than --addr or DOORBOOK_ADDR says", err)
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(answer.Body, 200)) // what it says is more than its status does, and no part of it
	said := strings.TrimSpace(string(body))
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d: %q", url, answer.StatusCode, said)
	}
	_, err = fmt.Fprintf(c.Stdout, "%s answers %d: %s\n", url, answer.StatusCode, said)
	return err
}

// url is where readiness is told: below the path of the public URL, like everything, and over TLS
// if the server speaks that itself.
func (h *healthcheckVerb) url() (string, error) {
	address, err := h.address()
	if err != nil {
		return "", err
	}
	scheme := "http://"
	if h.TLSCert != "" || h.ACME {
		scheme = "https://"
	}
	public := scheme + address
	if h.PublicURL != "" {
		if public, err = config.PublicURL(h.PublicURL); err != nil {
			return "", fmt.Errorf("--public-url: %w", err)
		}
	}
	return scheme + address + config.Prefix(h.Pages(public)) + "/readyz", nil
}

// address is where a server that listens on the setting's address answers: one that listens on all
// addresses does so on that of its own machine.
func (h *healthcheckVerb) address() (string, error) {
	host, port, err := net.SplitHostPort(config.Issue{ACME: h.ACME}.Listens(h.Addr))
	if err != nil || port == "" || port == "0" {
		return "", errors.New("--addr: name the HOST:PORT that the server listens on")
	}
	switch ip := net.ParseIP(host); {
	case host == "", ip != nil && ip.IsUnspecified() && ip.To4() != nil:
		host = "127.0.0.1"
	case ip != nil && ip.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port), nil
}
