// Package server is the wiring of the program and its life: every part is made here, once, in the
// order it is needed, and ended in the opposite order.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/database"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/internal/gate"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/session"
)

// Config is what Run needs.
type Config struct {
	config.Serve
	Dir     string
	Secrets config.Secrets
	Machine string    // the name of this machine, under which it is served; "" if it has none
	Command string    // what makes an admin of this installation from another shell
	Out     io.Writer // told where people find the site
	Log     *slog.Logger
}

// How long the server waits for its clients, and for itself at the end.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 20 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	drainTimeout  = 8 * time.Second // container platforms wait for 10
	maxHeader     = 32 << 10
)

// Run serves until ctx is done, then drains, flushes and closes.
func Run(ctx context.Context, c Config) (err error) {
	opened := false
	defer func() {
		if err != nil && !opened && ctx.Err() != nil { // whoever ends it meanwhile does not mean that something failed
			c.Log.Info("ended before it was open", "error", err)
			err = nil
		}
	}()
	tuneMemory(os.Getenv)
	db, err := database.Open(ctx, c.Secrets.Database, c.Dir, database.Options{Log: c.Log, Beside: c.Secrets.Flask.Key != nil})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	keys, err := secretKeys(c)
	if err != nil {
		return err
	}
	proxies, err := trustedProxies(c)
	if err != nil {
		return err
	}
	var applications *gate.Current // nil where there are none
	names := func() []string { return servedNames(c, applications) }
	in, err := openEntrance(ctx, c, names)
	if err != nil {
		return err
	}
	defer in.close()
	url := c.URL(in.listener.Addr())
	secure := c.Secure(url)
	if applications, err = openGate(c, url); err != nil {
		return err
	}
	site, err := newSite(c, db, keys, proxies, url, applications)
	if err != nil {
		return err
	}
	defer site.Background()()
	defer background(func(ctx context.Context) { releaseIdle(ctx, 2*time.Second) })()
	token, err := site.Door.OpenSetup(ctx)
	if err != nil {
		return err
	}
	other, err := otherKey(ctx, db, keys)
	if err != nil {
		return err
	}
	joining, err := site.Door.Joining(ctx)
	if err != nil {
		return err
	}
	opened = true
	leaveAddress(c, url)
	greet(c, url, secure, token, joining)
	if applications != nil {
		greetGate(c.Out, c.Log, applications.Load(), strings.TrimSuffix(url, config.Prefix(url)), joining)
		defer background(func(ctx context.Context) { site.reloads(ctx, applications, c.Log) })()
	}
	tellOtherKey(c.Log, other)
	site.Door.Note(ctx, &door.Visit{}, book.ActionStarted, url)
	defer site.Door.Note(ctx, &door.Visit{}, book.ActionStopped, "")
	defer in.beside(c, names)()
	own := &withHeaders{Listener: in.listener, headers: httpx.BareHeaders(c.HTTPS(), hsts(c))}
	return serve(ctx, c.Log, own, in.encrypted, site.Handler)
}

// leaveAddress leaves the address that people use where verbs find it that make links.
func leaveAddress(c Config, url string) {
	if err := config.LeaveAddress(c.Dir, url, c.PublicURL == ""); err != nil {
		c.Log.Warn("links that are made on the command line may begin with another address: this one was not left in the data directory",
			"error", err)
	}
}

// newSite makes the site that the settings ask for, at that address.
func newSite(
	c Config, db *database.DB, keys *session.KeyRing, proxies httpx.Proxies, url string,
	applications *gate.Current,
) (*Site, error) {
	idle, remember, err := c.Times()
	if err != nil {
		return nil, err
	}
	hosts, err := hostNames(c)
	if err != nil {
		return nil, err
	}
	hasher, err := passhash.New(passhash.Config{
		Form: passhash.Form(c.Passwords.Of(c.Sessions)), Before: runtime.GC,
		// Who has a place at the door can wait here until all who came before are through, also on
		// a machine that takes a quarter of a second for each.
		Queue: account.DefaultGuessing().Door.All, Wait: 10 * time.Second,
	})
	if err != nil {
		return nil, err
	}
	fixed, err := Joining(c.Joins, c.Gate)
	if err != nil {
		return nil, err
	}
	var behind func() *gate.Gate
	if applications != nil {
		behind = applications.Load
	}
	return NewSite(Parts{
		Gate:     behind,
		Accounts: db.Accounts, Throttle: db.Throttle, Devices: db.Devices, SignIns: db.SignIns, Tokens: db.Tokens, Hashes: db.Hashes, Entries: db.Entries, Store: db.Sessions,
		Ready:     db.Check,
		Passwords: hasher, Keys: keys, Proxies: proxies, AddrHeader: c.ClientAddrHeader, Registration: fixed,
		Idle: idle, Remember: remember,
		Flask: beside(c), URL: url, Hosts: hosts, CookiePrefix: c.CookiePrefix, Secure: c.Secure(url), HTTPS: c.HTTPS(), HSTS: hsts(c), Log: c.Log,
	})
}

// secretKeys is the ring of secret keys. What is weak about the key file is told.
func secretKeys(c Config) (*session.KeyRing, error) {
	keys, told, err := config.Keys(c.Secrets, c.Dir)
	if told != "" {
		c.Log.Warn(told)
	}
	return keys, err
}

// trustedProxies are the networks whose word about a visitor's address is believed.
func trustedProxies(c Config) (httpx.Proxies, error) {
	proxies, err := httpx.ParseProxies(c.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	if proxies.Everybody() {
		c.Log.Warn("with these --trusted-proxies everybody is taken for a proxy: whoever reaches this server directly can say that they come " +
			"from anywhere, and guess passwords without being slowed down. Name the proxy's own address or network")
	}
	return proxies, nil
}

// hostNames are the names under which the site is served besides that of its URL.
func hostNames(c Config) ([]string, error) {
	list, err := c.HostList()
	if c.Machine != "" {
		list = append(list, c.Machine)
	}
	return list, err
}

// serve answers requests until ctx is done, then lets those under way finish. With a tls.Config it
// speaks TLS, and HTTP/2 with who knows it.
func serve(ctx context.Context, log *slog.Logger, listener net.Listener, encrypted *tls.Config, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
		TLSConfig:         encrypted,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		// "OPTIONS *" is answered by our handler, with the headers and the entry that every answer
		// has.
		DisableGeneralOptionsHandler: true,

		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug), // a client's broken handshake is no news
	}
	failed := make(chan error, 1)
	go func() {
		if encrypted != nil {
			failed <- server.ServeTLS(listener, "", "")
			return
		}
		failed <- server.Serve(listener)
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("draining")
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		// A client that stalls must not make an orderly end a failure.
		log.Warn("some requests did not end in time and are cut off", "after", drainTimeout.String())
		_ = server.Close()
	}
	return nil
}

// background runs jobs until the function it gives is called, which returns when all of them have
// ended.
func background(jobs ...func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	for _, job := range jobs {
		running.Go(func() { job(ctx) })
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// greet says where people find the site.
func greet(c Config, url string, secure bool, token string, joining account.Joining) {
	cookie := httpx.Cookies{Secure: true, Prefix: c.CookiePrefix, Beneath: c.Behind()}.Session() + " (Secure)"
	if c.Sessions == config.SharedWithFlask {
		cookie = c.FlaskCookie + ", shared with a Flask application (Secure)"
	}
	if !secure {
		cookie = strings.TrimSuffix(strings.Replace(cookie, "__Host-", "", 1), " (Secure)") +
			", NOT Secure: whoever listens on the way can take over sessions. Set DOORBOOK_PUBLIC_URL to an https address"
	}
	if c.CookiePrefix == "" {
		cookie += "\n                another Doorbook on this host, on whatever port, takes DOORBOOK_COOKIE_PREFIX, or they sign each other out"
	}
	switch {
	case c.Secrets.Flask.Key != nil && c.Sessions != config.SharedWithFlask:
		cookie += "\n                sessions in the Flask application's cookie " + c.FlaskCookie + " go on in ours"
	case c.Sessions == config.SharedWithFlask && c.Passwords.Of(c.Sessions) == "argon2id":
		cookie += "\n                NOTE: the Flask application cannot read argon2id: whoever signs in here cannot sign in there any more.\n" +
			"                Take DOORBOOK_PASSWORDS away, or set it to pbkdf2 or scrypt, until Flask is switched off"
	}
	fmt.Fprintf(c.Out, "Doorbook is open at %s\n  data          %s\n  cookie        %s\n  registration  %s\n",
		url, database.Place(c.Secrets.Database, c.Dir), cookie, joining.Mode)
	if c.ACME {
		fmt.Fprintf(c.Out, "  certificates  issued by %s, whose terms of service you accept by --acme\n", c.Directory())
	}
	if token != "" {
		fmt.Fprintf(c.Out, "  first admin   %s/setup?token=%s\n                (for %d minutes, once; or: %s)\n",
			url, token, int(door.SetupTime.Minutes()), c.Command)
	}
}

// hsts is for which hosts browsers are told to use TLS.
func hsts(c Config) httpx.HSTS {
	switch c.HSTSFor() {
	case "subdomains":
		return httpx.HSTSSubdomains
	case "none":
		return httpx.HSTSNone
	}
	return httpx.HSTSHost
}
