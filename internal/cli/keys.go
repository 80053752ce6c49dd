package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/httpx"
	"github.com/doorbook/doorbook/session"
	"github.com/doorbook/doorbook/session/flask"
	"github.com/doorbook/doorbook/session/sealed"
	"github.com/doorbook/doorbook/session/store"
)

type keysVerb struct {
	List   keysListVerb   `cmd:"" help:"List the secret keys, by fingerprints that tell nothing of them, and how many sessions need each, those of visitors who have not signed in too."`
	Rotate keysRotateVerb `cmd:"" help:"Put a new key into the key file; the old one goes on verifying, so nobody is signed out. The server takes it at its next start."`
}

type keysListVerb struct {
	config.Data
	Output string `short:"o" enum:"text,json" default:"text" placeholder:"FORM" help:"text or json."`
}

// keyUse is a key as it is shown.
type keyUse struct {
	Fingerprint string `json:"fingerprint"`
	From        string `json:"from"`
	Signs       bool   `json:"signs"`    // it is the first one: a server that starts now signs with it
	Sessions    int    `json:"sessions"` // whose cookie it has signed last, of whoever has one, signed in or not
}

// keyUses are all keys.
type keyUses struct {
	Keys  []keyUse `json:"keys"`
	Other int      `json:"other_sessions"` // under keys or cookie names that are not known here
}

// Run lists the keys.
func (k *keysListVerb) Run(c *command) error {
	i, err := openInstallation(c, k.Data)
	if err != nil {
		return err
	}
	defer i.close()
	held, err := config.ReadHeldKeys(i.secrets, i.dir)
	if err != nil {
		return err
	}
	uses, err := countUses(c.ctx, held, i.db.Sessions, c.env["DOORBOOK_COOKIE_PREFIX"])
	if err != nil {
		return fmt.Errorf("%s: %w", i.name, err)
	}
	if k.Output == "json" {
		return writeValue(c, uses)
	}
	if err := i.say(c, "secret keys: %d", len(uses.Keys)); err != nil {
		return err
	}
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "KEY\tSESSIONS\tFROM\t")
	for _, one := range uses.Keys {
		mark := ""
		if one.Signs {
			mark = "newest"
		}
		fmt.Fprintln(w, strings.Join([]string{one.Fingerprint, strconv.Itoa(one.Sessions), one.From, mark}, "\t"))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if uses.Other > 0 {
		fmt.Fprintf(c.Stdout, "%d more sessions are signed with none of these, or under another name of the cookie (DOORBOOK_COOKIE_PREFIX)\n",
			uses.Other)
	}
	_, err = fmt.Fprintln(c.Stdout, "Sessions of visitors who have not signed in count, too. A cookie is signed anew when it is used after a start of the server with a newer key. An older key that no session needs "+
		"can be taken away.")
	return err
}

// countUses counts the live sessions by the key that has signed their cookie last. The store knows
// of it by a mark that depends on the cookie's name, which the server makes of how it is reached: so
// both names are tried.
func countUses(ctx context.Context, held config.HeldKeys, records store.Store, prefix string) (uses keyUses, err error) {
	all := -1
	for i, key := range held {
		one := keyUse{Fingerprint: key.Fingerprint, From: key.From, Signs: i == 0}
		for _, secure := range []bool{true, false} {
			m, err := managerOf(held, i, records, session.Cookie{Name: httpx.Cookies{Secure: secure, Prefix: prefix}.Session(), PlainHTTP: !secure})
			if err != nil {
				return uses, err
			}
			if all < 0 {
				all = 0
				if err := m.Each(ctx, func(session.Info) error { all++; return nil }); err != nil {
					return uses, err
				}
				uses.Other = all
			}
			others, err := m.OldKeys(ctx)
			if err != nil {
				return uses, err
			}
			one.Sessions += max(0, all-others) // some may have begun or ended meanwhile
		}
		uses.Keys = append(uses.Keys, one)
		uses.Other = max(0, uses.Other-one.Sessions)
	}
	return uses, nil
}

// managerOf is a manager to which the key of that index is the first.
func managerOf(held config.HeldKeys, first int, records store.Store, cookie session.Cookie) (*session.Manager, error) {
	ring, err := held.Ring(first)
	if err != nil {
		return nil, err
	}
	longest := session.Lifetime{Idle: flask.DefaultMaxAge, Absolute: flask.DefaultMaxAge}
	return session.New(session.Config{
		Keys: ring, Home: session.Home{Store: records, Format: sealed.New(), Cookie: cookie}, Remembered: longest,
	})
}

type keysRotateVerb struct{ config.Data }

// Run changes the key.
func (k *keysRotateVerb) Run(c *command) error {
	dir, secrets, err := place(c, k.Data)
	if err != nil {
		return err
	}
	now, before, err := config.Rotate(secrets, dir)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.Stdout, "in %s\na new key is in %s: %s\nthe old one, %s, goes on verifying from %s\n"+
		"Start the server anew: it reads its keys only when it starts, and signs with the old one until then. Nobody is signed out.\n"+
		"Who tried too often may try again, and an open setup link is void. Once \"doorbook keys list\" says that no session needs %[4]s, "+
		"remove %[5]s.\n",
		dir, now.From, now.Fingerprint, before.Fingerprint, before.From)
	return err
}
