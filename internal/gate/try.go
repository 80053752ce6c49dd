package gate

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/network"
)

// Misasked is what is wrong with an address that nothing can be tried with.
type Misasked struct{ text string }

func (m *Misasked) Error() string { return m.text }

func misasked(format string, args ...any) error { return &Misasked{fmt.Sprintf(format, args...)} }

// Locate finds the application that an address leads to, and the path as it is sent: a parser of
// addresses would tidy up what is to be tried. Where there is one application a path will do. Below
// ours, which is "" for none, are no pages of applications.
//
// It fails with a *Misasked, or because no application is there.
func (g *Gate) Locate(address, ours string) (app *App, path string, err error) {
	scheme, rest, whole := strings.Cut(address, "://")
	end := strings.IndexAny(rest, "/?#")
	switch {
	case strings.HasPrefix(address, "/") && len(g.Apps) == 1:
		app, path = &g.Apps[0], address
	case !whole || scheme != "http" && scheme != "https":
		return nil, "", misasked("%q is no whole address, as in https://wiki.example.org/admin", address)
	default:
		if end < 0 {
			rest, end = rest+"/", len(rest)
		}
		path = rest[end:]
		if app, err = g.reachedAt(scheme + "://" + rest[:end]); err != nil {
			return nil, "", err
		}
	}
	if path, _, _ = strings.Cut(path, "?"); path == "" {
		path = "/"
	}
	if path, _, _ = strings.Cut(path, "#"); path == "" {
		path = "/"
	}
	if ours != "" && Under(path, ours) {
		return nil, "", misasked("%s is a page of Doorbook's own, below %s: no rule is asked", path, ours)
	}
	return app, path, nil
}

// reachedAt finds the application of an origin.
func (g *Gate) reachedAt(text string) (*App, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, misasked("%q is no address", text)
	}
	origin, host, err := network.Origin(u)
	if err != nil || u.User != nil {
		return nil, misasked("%q is no address of a host", text)
	}
	switch app := g.Find(host); {
	case app == nil:
		return nil, fmt.Errorf("no application has the host %s", host)
	case app.Origin != "" && app.Origin != origin:
		return nil, fmt.Errorf("%s is reached at %s, not at %s", app.Name, app.Origin, origin)
	default:
		return app, nil
	}
}

// Trial is a request that nobody makes, to try the rules with.
type Trial struct {
	Method string
	Path   string
	Addr   netip.Addr        // the zero Addr is in no network
	Who    account.Developer // as if they had just signed in; the zero value is a stranger
	Token  bool              // they ask by a token for applications
}

// Try tells what would become of a request now.
func (a *App) Try(t Trial, now time.Time) Decision {
	q := Question{Method: t.Method, Path: t.Path, Addr: t.Addr, Now: now, Developer: t.Who}
	if t.Who.ID != "" {
		q.SignedIn = now
	}
	if t.Token && t.Who.ID != "" {
		q.Token = account.Token{ID: "tried", Account: t.Who.ID, Scopes: account.ScopeApplications}
	}
	return a.Decide(&q)
}
