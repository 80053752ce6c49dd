// Package server is the wiring of the program and its life: every part is made here, once, in the
// order it is needed, and ended in the opposite order.
package server

import (
	"context"
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
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/passhash"
)

// Config is what Run needs.
type Config struct {
	config.Serve
	Dir     string
	Secrets config.Secrets
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
	tuneMemory(os.Getenv)
	db, err := database.Open(ctx, c.Secrets.Database, c.Dir, database.Options{Log: c.Log, Beside: c.Secrets.Flask.Key != nil})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	keys, err := config.Keys(c.Secrets, c.Dir)
	if err != nil {
		return err
	}
	proxies, err := httpx.ParseProxies(c.TrustedProxies)
	if err != nil {
		return fmt.Errorf("trusted proxies: %w", err)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	url := c.URL(listener.Addr())
	secure := c.Secure(url)

	hasher, err := passhash.New(passhash.Config{
		Form: passhash.Form(c.Passwords.Of(c.Sessions)), Before: runtime.GC,
		// Who has a place at the door can wait here until all who came before are through, also on
		// a machine that takes a quarter of a second for each.
		Queue: account.DefaultGuessing().Door.All, Wait: 10 * time.Second,
	})
	if err != nil {
		return err
	}
	site, err := NewSite(Parts{
		Accounts: db.Accounts, Throttle: db.Throttle, Devices: db.Devices, Hashes: db.Hashes, Entries: db.Entries, Store: db.Sessions,
		Ready:     db.Check,
		Passwords: hasher, Keys: keys, Proxies: proxies, Registration: door.Registration(c.Registration),
		Flask: beside(c), URL: url, Secure: secure, HTTPS: c.HTTPS(), Log: c.Log,
	})
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
	greet(c, url, secure, token)
	if other {
		c.Log.Warn("the node that started last on this database has another secret key: give all nodes the same DOORBOOK_SECRET_KEY, " +
			"or nobody stays signed in between them (after a change of the key this is told once)")
	}
	site.Door.Note(ctx, &door.Visit{}, book.ActionStarted, url)
	defer site.Door.Note(ctx, &door.Visit{}, book.ActionStopped, "")
	return serve(ctx, c.Log, listener, site.Handler)
}

// serve answers requests until ctx is done, then lets those under way finish.
func serve(ctx context.Context, log *slog.Logger, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler:           handler,
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
	go func() { failed <- server.Serve(listener) }()
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
func greet(c Config, url string, secure bool, token string) {
	cookie := "__Host-session (Secure)"
	if c.Sessions == config.SharedWithFlask {
		cookie = c.FlaskCookie + ", shared with a Flask application (Secure)"
	}
	if !secure {
		cookie = strings.TrimSuffix(strings.Replace(cookie, "__Host-", "", 1), " (Secure)") +
			", NOT Secure: whoever listens on the way can take over sessions. Set DOORBOOK_PUBLIC_URL to an https address"
	}
	switch {
	case c.Secrets.Flask.Key != nil && c.Sessions != config.SharedWithFlask:
		cookie += "\n                sessions in the Flask application's cookie " + c.FlaskCookie + " go on in ours"
	case c.Sessions == config.SharedWithFlask && c.Passwords.Of(c.Sessions) == "argon2id":
		cookie += "\n                NOTE: the Flask application cannot read argon2id: whoever signs in here cannot sign in there any more.\n" +
			"                Take DOORBOOK_PASSWORDS away, or set it to pbkdf2 or scrypt, until Flask is switched off"
	}
	fmt.Fprintf(c.Out, "Doorbook is open at %s\n  data          %s\n  cookie        %s\n  registration  %s\n",
		url, database.Place(c.Secrets.Database, c.Dir), cookie, c.Registration)
	if token != "" {
		fmt.Fprintf(c.Out, "  first admin   %s/setup?token=%s\n                (for %d minutes, once; or: doorbook user add EMAIL --name NAME --admin)\n",
			url, token, int(door.SetupTime.Minutes()))
	}
}
