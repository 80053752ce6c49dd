package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/httpx"
)

// entrance is where the program listens, and how.
type entrance struct {
	listener  net.Listener
	encrypted *tls.Config  // nil: not at all
	plain     net.Listener // for plain HTTP beside it; nil: nowhere
	issuer    *issuer      // of the certificates; nil: they are in files, or there are none
}

// openEntrance begins to listen. The names are those of the site, its own first; nothing is asked of
// them before beside.
func openEntrance(ctx context.Context, c Config, names func() []string) (*entrance, error) {
	e := &entrance{}
	if err := e.open(ctx, c, names); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

func (e *entrance) open(ctx context.Context, c Config, names func() []string) (err error) {
	if e.listener, err = listen(ctx, c.Addr, "--addr or DOORBOOK_ADDR", c.Log); err != nil {
		return err
	}
	if to := c.Redirects(); to != "" {
		if e.plain, err = listen(ctx, to, "--http-addr or DOORBOOK_HTTP_ADDR (none for nowhere)", c.Log); err != nil {
			return err
		}
	}
	switch {
	case c.TLSCert != "":
		pair, err := newCertificate(c.TLSCert, c.TLSKey, c.Log, time.Now)
		if err != nil {
			return fmt.Errorf("TLS certificate: %w", err)
		}
		e.encrypted = pair.config()
	case c.ACME:
		e.issuer, err = newIssuer(issuerConfig{
			dir: filepath.Join(c.Dir, "acme"), directory: c.Directory(), roots: c.ACMECA, email: c.ACMEEmail,
			names: names, log: c.Log, now: time.Now,
		})
		if err != nil {
			return fmt.Errorf("--acme: %w", err)
		}
		e.encrypted = e.issuer.config()
	}
	return nil
}

// close ends what listens.
func (e *entrance) close() {
	for _, l := range []net.Listener{e.listener, e.plain} {
		if l != nil {
			_ = l.Close()
		}
	}
}

// beside does what goes on beside the site itself until the function it gives is called.
func (e *entrance) beside(c Config, names func() []string) (stop func()) {
	var jobs []func(context.Context)
	if e.plain != nil {
		handler := toTLS(names, c.PublicURL)
		if e.issuer != nil {
			handler = e.issuer.manager.HTTPHandler(handler)
		}
		c.Log.Info("browsers are sent from plain HTTP to https", "listening", e.plain.Addr().String())
		jobs = append(jobs, func(ctx context.Context) { servePlain(ctx, c.Log, e.plain, handler) })
	}
	if e.issuer != nil {
		jobs = append(jobs, e.issuer.watch)
	}
	return background(jobs...)
}

// servePlain answers over plain HTTP until ctx is done.
func servePlain(ctx context.Context, log *slog.Logger, listener net.Listener, handler http.Handler) {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: headerTimeout, WriteTimeout: readTimeout, IdleTimeout: readTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	own := &withHeaders{Listener: listener, headers: httpx.BareHeaders(false, httpx.HSTSNone)}
	if err := server.Serve(own); !errors.Is(err, http.ErrServerClosed) {
		log.Error("nobody is sent from plain HTTP to https any more", "error", err)
	}
}

// toTLS sends browsers to the same address at https, if its name is ours. What was sent with another
// method than theirs for pages has crossed the network in the clear: that shall not go unnoticed.
func toTLS(names func() []string, public string) http.Handler {
	port := ""
	if u, err := url.Parse(public); err == nil && u.Port() != "" {
		port = ":" + u.Port()
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := plainName(r.Host)
		switch {
		case !slices.Contains(names(), name):
			http.Error(w, "This site is not served under that name.", http.StatusMisdirectedRequest)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			http.Error(w, "This site is at https: nothing was done, and what was sent was not protected.", http.StatusBadRequest)
		default:
			if strings.Contains(name, ":") {
				name = "[" + name + "]"
			}
			http.Redirect(w, r, "https://"+name+port+r.URL.RequestURI(), http.StatusPermanentRedirect)
		}
	})
}

// servedNames are the names under which people come from elsewhere: that of the public URL first,
// then the others that are set, and those of the applications that are reached by way of us: another
// proxy serves the others. With ACME they are those that a certificate can be issued for.
func servedNames(c Config, applications *gate.Current) []string {
	list, _ := c.HostList() // which was checked
	if applications != nil {
		for _, a := range applications.Load().Apps {
			if a.Host != "" && a.Upstream != nil && !slices.Contains(list, a.Host) {
				list = append(list, a.Host)
			}
		}
	}
	if u, err := url.Parse(c.PublicURL); err == nil && u.Hostname() != "" {
		list = slices.Insert(list, 0, plainName(u.Host))
	}
	if c.ACME {
		list = slices.DeleteFunc(list, func(name string) bool { return !config.Issuable(name) })
	}
	return list
}

// plainName is the name in a Host header, or of a handshake, as the site writes its names.
func plainName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}
