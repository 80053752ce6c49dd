package cli

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/database"
)

// installation is the open database of a server that was started before. A verb never makes one:
// what it had done would be in a place that no server looks at.
type installation struct {
	dir     string
	secrets config.Secrets
	name    string // of the database, for people
	db      *database.DB
}

func openInstallation(c *command, data config.Data) (i installation, err error) {
	if i.dir, i.secrets, err = place(c, data); err != nil {
		return i, err
	}
	i.name = database.Place(i.secrets.Database, i.dir)
	i.db, err = database.Open(c.ctx, i.secrets.Database, i.dir, database.Options{Log: c.log(), Only: true})
	switch {
	case errors.Is(err, database.ErrNone):
		return i, fmt.Errorf("%w in %s. \"doorbook serve\" makes one at its first start.\n%s", err, i.name, elsewhere)
	case errors.Is(err, fs.ErrPermission):
		return i, fmt.Errorf("%w: run this as the user whose the data directory is, as in: sudo -u doorbook doorbook …", err)
	}
	return i, err
}

// elsewhere says why an installation may be missing.
const elsewhere = "If there is one already, its server has settings that are not in this environment: a service often has its own " +
	"(in a systemd unit, in /etc/doorbook.env, in a container). Give the same DOORBOOK_DATA and DOORBOOK_DATABASE here, or --data."

// say tells what was done, and in which database.
func (i installation) say(c *command, format string, args ...any) error {
	_, err := fmt.Fprintf(c.Stdout, "in %s\n"+format+"\n", append([]any{i.name}, args...)...)
	return err
}

func (i installation) close() { _ = i.db.Close() }
