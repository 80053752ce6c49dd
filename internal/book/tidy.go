package book

import (
	"fmt"

	"github.com/doorbook/doorbook/internal/id"
)

// The longest texts an entry holds, in bytes. What may be longer is cut by those who make it
// (RedactURL, RedactBody); this is the last line, so that no visitor can make an entry that is
// huge, that a database refuses (and with it the entries that share its commit) or that deceives
// whoever reads it on a terminal.
const (
	maxName = 256
	maxWho  = 400 // of somebody's name: 100 code points
	maxURL  = 2048
	maxBody = 4096
	maxText = 1024
)

// tidy checks what a repository relies on and makes every text bounded and inert. ErrInvalid.
func (e *Entry) tidy() error {
	switch {
	case !id.Valid(e.ID):
		return fmt.Errorf("%w: its id is not one", ErrInvalid)
	case e.Type != Request && e.Type != Activity && e.Type != Error:
		return fmt.Errorf("%w: its type is not known", ErrInvalid)
	}
	e.URL = Inert(e.URL, maxURL)
	e.Body = Inert(e.Body, maxBody)
	e.Text = InertName(e.Text, maxText)
	e.UserName = InertName(e.UserName, maxWho)
	e.TargetName = InertName(e.TargetName, maxWho)
	e.TokenName = InertName(e.TokenName, maxWho)
	e.Application = InertName(e.Application, maxWho)
	e.Rule = InertName(e.Rule, maxName)
	e.Method = Inert(e.Method, 32)
	for _, s := range []*string{
		&e.ClientAddr, &e.Route, &e.User, &e.Session, &e.RequestID, &e.Action, &e.Target,
		&e.Token, &e.Host,
	} {
		*s = Inert(*s, maxName)
	}
	return nil
}
