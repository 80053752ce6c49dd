package gate

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/network"
)

// ParseApp reads an application as --app names it: URL for one of every host, HOST=URL, or HOST for
// one that a proxy before us reaches by itself. Who is signed in passes. The Origin of a HOST without
// a scheme is "" until New knows that of the site.
func ParseApp(flag string) (App, error) {
	a := App{Rules: Everybody()}
	host, to, both := strings.Cut(flag, "=")
	switch {
	case strings.HasPrefix(flag, "unix:"), !both && strings.Contains(flag, "://"):
		host, to = "", flag
	case host == "", both && to == "":
		return a, fmt.Errorf("%q is none of URL, HOST=URL, HOST", flag)
	}
	if err := a.at(host); err != nil {
		return a, err
	}
	if to != "" {
		var err error
		if a.Upstream, err = ParseUpstream(to); err != nil {
			return a, err
		}
		a.KeepHost = a.Upstream.keepsHost()
	}
	return a, a.called("")
}

// called gives an application its name, or that of where it is.
func (a *App) called(name string) (err error) {
	if name != "" {
		a.Name, err = account.CheckName(name)
		return err
	}
	if a.Name = a.Host; a.Name == "" && a.Upstream != nil {
		a.Name = a.Upstream.short()
	}
	return nil
}

// at says under which host an application is reached: a name, an origin, or "" for every name.
func (a *App) at(host string) error {
	if host == "" {
		return nil
	}
	if strings.Contains(host, "://") {
		u, err := siteURL(host)
		if err != nil {
			return fmt.Errorf("%s is no address of a host: %w", shown(host), err)
		}
		a.Origin, a.Host, err = network.Origin(u)
		return err
	}
	name, err := network.Host(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	switch _, port, found := strings.Cut(host, ":"); {
	case err == nil:
		a.Host = name
		return nil
	case found && port != "" && strings.Trim(port, "0123456789") == "":
		return fmt.Errorf("%q has a port: if the application listens there write http://%s, if people reach it there https://%s", host, host, host)
	}
	return fmt.Errorf("%q is no name of a host", host)
}

// New joins the applications of --app with those of a file: nil for none; its name is told with what
// is wrong in it. The site's own address says in which way and at which port the hosts are reached
// that are named without a scheme.
func New(apps []string, file []byte, name, home string) (*Gate, error) {
	g, problems := readFile(file, name)
	for _, flag := range apps {
		a, err := ParseApp(flag)
		if err != nil {
			problems = append(problems, fmt.Errorf("--app: %w", err))
			continue
		}
		g.Apps = append(g.Apps, a)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if file != nil && len(g.Apps) == 0 {
		return nil, fmt.Errorf("%s: it names no application: begin one with [[app]]", name)
	}
	if err := errors.Join(g.alone(name)...); err != nil {
		return nil, err
	}
	return g, g.complete(name, home)
}

// where an application is named, for errors.
func (a *App) where(name string) string {
	if a.Line == 0 {
		return "--app"
	}
	return fmt.Sprintf("%s:%d: app", name, a.Line)
}

// alone refuses applications that a request could not be told apart by.
func (g *Gate) alone(name string) (problems []error) {
	for i := range g.Apps {
		a := &g.Apps[i]
		if a.Host == "" && len(g.Apps) > 1 {
			problems = append(problems, fmt.Errorf("%s: %q has no host, so it stands alone: say the host of each of several applications", a.where(name), a.Name))
		}
		for j := range i {
			switch b := &g.Apps[j]; {
			case a.Host != "" && a.Host == b.Host:
				problems = append(problems, fmt.Errorf("%s: %q is the host of another application already (ports do not tell hosts apart: "+
					"browsers send a host's cookies to all of them)", a.where(name), a.Host))
			case a.Name == b.Name:
				problems = append(problems, fmt.Errorf("%s: another application is called %q already", a.where(name), a.Name))
			}
		}
	}
	return problems
}

// complete gives each application its origin, by the address of the site.
func (g *Gate) complete(name, home string) error {
	u, err := url.Parse(home)
	if err != nil || u.Host == "" {
		return fmt.Errorf("the site has no address that can be read: %q", home)
	}
	origin, host, err := network.Origin(u)
	if err != nil {
		return fmt.Errorf("the site's own address: %w", err)
	}
	var problems []error
	for i := range g.Apps {
		a := &g.Apps[i]
		switch {
		case a.Host == "":
		case a.Origin == "":
			a.Origin = originOf(u, a.Host)
		case !strings.HasPrefix(a.Origin, u.Scheme+"://"):
			problems = append(problems, fmt.Errorf("%s: people reach this site by %s:// (its public URL is %s), so they reach %s in the same way",
				a.where(name), u.Scheme, origin, a.Host))
		case a.Host == host && a.Origin != origin:
			problems = append(problems, fmt.Errorf("%s: %s is the host of the public URL, %s, and so has its port", a.where(name), a.Host, origin))
		}
	}
	return errors.Join(problems...)
}

// originOf is the origin of a host that is reached as the site is.
func originOf(site *url.URL, host string) string {
	u := &url.URL{Scheme: site.Scheme, Host: net.JoinHostPort(host, site.Port())}
	origin, _, err := network.Origin(u)
	if err != nil {
		return "" // which no browser sends: both were read before
	}
	return origin
}
