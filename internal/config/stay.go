package config

import (
	"fmt"
	"time"

	"github.com/doorbook/doorbook/internal/span"
)

// Stay is the settings of how long somebody stays signed in.
type Stay struct {
	SessionIdle string
	Remember    string
}

// MostRemember is how long people may be kept signed in: browsers keep no cookie for longer
// (RFC 6265bis, 5.5).
const MostRemember = 400 * 24 * time.Hour

const (
	leastIdle     = 5 * time.Minute
	mostIdle      = 24 * time.Hour
	leastRemember = 24 * time.Hour
)

// Check refuses what cannot be.
func (s Stay) Check() error {
	_, _, err := s.Times()
	return err
}

// Times returns how long a session may be unused, and how long somebody is kept signed in who asks
// for it: 0 where nobody is. What is not said is 0, too.
func (s Stay) Times() (idle, remember time.Duration, err error) {
	if idle, err = between("session-idle", s.SessionIdle, leastIdle, mostIdle); err != nil || s.Remember == "0" {
		return idle, 0, err
	}
	remember, err = between("remember", s.Remember, leastRemember, MostRemember)
	return idle, remember, err
}

// between reads a time of a flag, with its bounds.
func between(flag, text string, least, most time.Duration) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	d, ok := span.Parse(text)
	if !ok || d < least || d > most {
		return 0, fmt.Errorf("--%s: %q is not a time from %s to %s, such as 30m, 2h or 30d", flag, text, span.String(least), span.String(most))
	}
	return d, nil
}
