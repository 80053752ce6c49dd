package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/api"
	"github.com/doorbook/doorbook/internal/config"
	"github.com/doorbook/doorbook/internal/door"
)

type sessionVerb struct {
	List   sessionListVerb   `cmd:"" help:"List where somebody is signed in."`
	End    sessionEndVerb    `cmd:"" help:"End one session of somebody."`
	EndAll sessionEndAllVerb `cmd:"" help:"Sign somebody out everywhere. To keep them out, disable the account or set another password."`
}

// whose is the developer whose sessions a verb is about.
type whose struct {
	config.Data
	Email string `arg:"" help:"E-mail address."`
}

// find opens the installation, and finds the developer in it.
func (w whose) find(c *command) (o opened, dev account.Developer, err error) {
	if o, err = openDoor(c, w.Data, config.Passwords{}); err != nil {
		return o, dev, err
	}
	if dev, err = o.door.WhoHas(c.ctx, w.Email); err != nil {
		o.close()
		return o, dev, o.inWords(err)
	}
	return o, dev, nil
}

type sessionListVerb struct {
	whose
	Ended  bool   `help:"List those that have ended in the last 30 days, with when, why and by whom."`
	Output string `short:"o" enum:"text,json" default:"text" placeholder:"FORM" help:"text or json."`
}

// Run lists the sessions, the one used last first.
func (s *sessionListVerb) Run(c *command) error {
	o, dev, err := s.find(c)
	if err != nil {
		return err
	}
	defer o.close()
	h, err := o.door.History(c.ctx, door.Program(), dev.ID)
	if err != nil {
		return o.inWords(err)
	}
	if s.Ended {
		return s.ended(c, o, dev, h)
	}
	list := h.Live
	if s.Output == "json" {
		return writeJSON(c, list, api.SessionOf)
	}
	if err := o.say(c, "%s: sessions: %d", dev.Email, len(list)); err != nil || len(list) == 0 {
		return err
	}
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tDEVICE\tADDRESS\tSIGNED IN\tLAST USED\tNEW")
	for _, i := range list {
		mark := ""
		if i.New {
			mark = "yes"
		}
		fmt.Fprintln(w, strings.Join([]string{i.ID, i.Called(), i.Addr, stamp(i.SignedIn), stamp(i.LastSeen), mark}, "\t"))
	}
	return w.Flush()
}

// ended lists the sessions that are over, the latest end first.
func (s *sessionListVerb) ended(c *command, o opened, dev account.Developer, h door.History) error {
	if s.Output == "json" {
		return writeJSON(c, h.Ended, api.EndedOf)
	}
	more := ""
	if h.More {
		more = ", the newest"
	}
	if err := o.say(c, "%s: sessions that ended in the last 30 days: %d%s", dev.Email, len(h.Ended), more); err != nil || len(h.Ended) == 0 {
		return err
	}
	w := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tDEVICE\tADDRESS\tSIGNED IN\tLAST USED\tENDED\tWHY")
	for _, e := range h.Ended {
		text, by := e.Words("")
		fmt.Fprintln(w, strings.Join([]string{
			e.Session, e.Called(), e.Addr, stamp(e.Began), stamp(e.LastSeen), stamp(e.At), strings.TrimSpace(text + " " + by),
		}, "\t"))
	}
	return w.Flush()
}

// writeJSON writes a list as the JSON interface shows it.
func writeJSON[T, Shown any](c *command, list []T, show func(T) Shown) error {
	out := make([]Shown, len(list))
	for i, one := range list {
		out[i] = show(one)
	}
	return writeValue(c, out)
}

// stamp is a time for people, in UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

type sessionEndVerb struct {
	whose
	ID string `arg:"" help:"As the list shows it."`
}

// Run ends the session, also on a running server: at its next request.
func (s *sessionEndVerb) Run(c *command) error {
	o, dev, err := s.find(c)
	if err != nil {
		return err
	}
	defer o.close()
	ended, err := o.door.EndSession(c.ctx, door.Program(), dev.ID, s.ID)
	if err != nil {
		return o.inWords(err)
	}
	return o.say(c, "%s is signed out of %s", dev.Email, ended.Called())
}

type sessionEndAllVerb struct {
	whose
	output
}

// Run ends all of somebody's sessions.
func (s *sessionEndAllVerb) Run(c *command) error {
	o, dev, err := s.find(c)
	if err != nil {
		return err
	}
	defer o.close()
	n, err := o.door.EndSessions(c.ctx, door.Program(), dev.ID, door.EndSessions{All: true})
	if err != nil {
		return o.inWords(err)
	}
	if s.json() {
		return s.write(c, api.EndedCount{Ended: n})
	}
	return o.say(c, "%s is signed out everywhere: sessions ended: %d", dev.Email, n)
}
