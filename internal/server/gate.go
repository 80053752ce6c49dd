package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	neturl "net/url"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/gate"
)

// openGate opens the gate to the applications that the settings name, for a site at that address;
// nil where there are none.
func openGate(c Config, url string) (*gate.Current, error) {
	if !c.Behind() {
		return nil, nil
	}
	return gate.Open(gate.Source{Apps: c.App, File: c.File, Home: url, Fits: func(g *gate.Gate) error { return c.fits(g, url) }})
}

// fits refuses applications that do not go with the other settings, at the start and each time the
// file is taken anew.
func (c Config) fits(g *gate.Gate, url string) error {
	home, err := neturl.Parse(url)
	if err != nil {
		return err
	}
	named := slices.ContainsFunc(g.Apps, func(a gate.App) bool { return a.Host != "" })
	elsewhere := slices.ContainsFunc(g.Apps, func(a gate.App) bool { return a.Host != "" && a.Host != home.Hostname() })
	asked := slices.IndexFunc(g.Apps, func(a gate.App) bool { return a.Upstream == nil })
	switch {
	case asked >= 0 && c.TrustedProxies == "":
		return fmt.Errorf("nothing says where %s listens, so a proxy before it asks here, and none is trusted to: name the proxy in "+
			"--trusted-proxies or DOORBOOK_TRUSTED_PROXIES, or say where the application listens", g.Apps[asked].Name)
	case elsewhere && c.Sessions == config.SharedWithFlask:
		return errors.New("with --sessions flask an application is at the host of the public URL: the cookie of a Flask application is not " +
			"good under another one")
	case named && c.PublicURL == "":
		return errors.New("an application has a host of its own: set --public-url or DOORBOOK_PUBLIC_URL to the address where people " +
			"sign in, so that those hosts know where to send them")
	}
	return nil
}

// reloads takes the gate's file anew at each SIGHUP, until ctx is done.
func (s *Site) reloads(ctx context.Context, current *gate.Current, log *slog.Logger) {
	hups := make(chan os.Signal, 1)
	signal.Notify(hups, syscall.SIGHUP)
	defer signal.Stop(hups)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hups:
		}
		if err := current.Reload(); err != nil {
			log.Error("the gate's file was not taken anew; the rules of before hold", "error", err)
			continue
		}
		s.carries.Keep(current.Load())
		log.Info("the gate's file was taken anew", "applications", len(current.Load().Apps))
	}
}

// greetGate says which applications there are, and for whom.
func greetGate(out io.Writer, log *slog.Logger, g *gate.Gate, site string, joining account.Joining) {
	everybody := false
	for i := range g.Apps {
		a := &g.Apps[i]
		at, to := a.Origin, "reached by a proxy that asks here"
		if at == "" {
			at = site
		}
		if a.Upstream != nil {
			to = a.Upstream.String()
		}
		fmt.Fprintf(out, "  application   %s at %s/ (%s)\n", a.Name, at, to)
		everybody = everybody || slices.ContainsFunc(a.Rules, func(r gate.Rule) bool { return r.Who == gate.SignedIn })
	}
	if everybody && joining.Mode == account.JoinOpen {
		log.Warn("everybody may make an account here, and every account may enter an application: set --registration invite, or give the " +
			"applications rules with groups or people")
	}
}
