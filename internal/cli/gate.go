package cli

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/gate"
)

type gateVerb struct {
	Check gateCheckVerb `cmd:"" help:"Check the applications and their rules; with a URL tell what becomes of a request, and why."`
}

type gateCheckVerb struct {
	config.Data
	config.Reached
	URL    string `arg:"" optional:"" help:"What is asked for; without it all rules are shown."`
	As     string `placeholder:"EMAIL" help:"Who asks, as if they had just signed in; default: somebody who has not."`
	Token  bool   `help:"They ask by a token for applications."`
	Method string `default:"GET" placeholder:"METHOD" help:"The method of the request. Default: GET."`
	From   string `placeholder:"ADDRESS" help:"The address that they come from; default: one that is in no network."`
}

// Help is what --help says beside the flags.
func (gateCheckVerb) Help() string {
	return "Nobody is asked, and nothing is passed on or entered: the rules are read as the server reads them. Give it the server's own " +
		"settings. The exit code is 0 if the request passes, 1 if not, and 2 if the settings or the file are wrong.\n\n" +
		"Example:\n  doorbook gate check https://wiki.example.org/admin --as ada@example.org --gate /etc/doorbook/gate.toml " +
		"--public-url https://door.example.org"
}

// Run checks.
func (g *gateCheckVerb) Run(c *command) error {
	if !g.Behind() {
		return usage(errors.New("no application is set: give --app or --gate, or DOORBOOK_APP or DOORBOOK_GATE, as the server has them"))
	}
	home, _, err := g.Reached.URL()
	if err != nil {
		return usage(err)
	}
	rules, err := gate.Source{Apps: g.App, File: g.File, Home: home}.Read()
	if err != nil {
		return usage(err)
	}
	if g.URL == "" {
		if g.As != "" || g.Token || g.From != "" {
			return usage(errors.New("--as, --token and --from say who asks for a URL: give one"))
		}
		return showGate(c, rules)
	}
	return g.try(c, rules, home)
}

// showGate lists all applications and their rules.
func showGate(c *command, rules *gate.Gate) error {
	var b strings.Builder
	for i := range rules.Apps {
		a := &rules.Apps[i]
		under, to := a.Origin, "reached by a proxy, which asks here"
		if under == "" {
			under = "every name of the site"
		}
		if a.Upstream != nil {
			to = "at " + a.Upstream.String()
		}
		fmt.Fprintf(&b, "%s: %s, %s\n", a.Name, under, to)
		for j, words := range a.Words() {
			line := ""
			if j < len(a.Rules) && a.Rules[j].Line > 0 {
				line = fmt.Sprintf(" (line %d)", a.Rules[j].Line)
			}
			fmt.Fprintf(&b, "  %d. %s%s\n", j+1, words, line)
		}
	}
	_, err := c.Stdout.Write([]byte(b.String()))
	return err
}

// try tells what becomes of one request. What does not pass is an error.
func (g *gateCheckVerb) try(c *command, rules *gate.Gate, home string) error {
	app, path, err := rules.Locate(g.URL, config.Prefix(home))
	if wrong := (*gate.Misasked)(nil); errors.As(err, &wrong) {
		return usage(err)
	} else if err != nil {
		return err
	}
	trial := gate.Trial{Method: g.Method, Path: path, Token: g.Token}
	if g.From != "" {
		if trial.Addr, err = netip.ParseAddr(g.From); err != nil {
			return usage(fmt.Errorf("--from: %q is no address", g.From))
		}
	}
	who, err := g.who(c, &trial)
	if err != nil {
		return err
	}
	d := app.Try(trial, time.Now())
	fmt.Fprintf(c.Stdout, "application: %s\n", app.Name)
	if d.Rule != nil {
		fmt.Fprintf(c.Stdout, "rule: %s\n", d.Rule.Words())
	}
	fmt.Fprintf(c.Stdout, "why: %s\n%s %s by %s %s\n", d.Why, strings.ToUpper(g.Method), path, who, d.Verdict)
	if d.Verdict != gate.Pass {
		return errors.New("it does not pass")
	}
	return nil
}

// who asks, of whom it gives what they are called.
func (g *gateCheckVerb) who(c *command, t *gate.Trial) (string, error) {
	if g.As == "" {
		if g.Token {
			return "", usage(errors.New("--token takes --as: whose token it is"))
		}
		return "a stranger", nil
	}
	key, err := account.CanonicalEmail(g.As)
	if err != nil {
		return "", usage(fmt.Errorf("--as: %q is no e-mail address", g.As))
	}
	i, err := openInstallation(c, g.Data)
	if err != nil {
		return "", err
	}
	defer i.close()
	if t.Who, err = i.db.Accounts.ByEmail(c.ctx, key); errors.Is(err, account.ErrNotFound) {
		return "", usage(fmt.Errorf("--as: in %s nobody has the address %s", i.name, g.As))
	} else if err != nil {
		return "", fmt.Errorf("%s: %w", i.name, err)
	}
	if g.Token {
		return "a token of " + t.Who.Email, nil
	}
	return t.Who.Email, nil
}
