package door

import (
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
)

// Words say why a session has ended, for people: a text, and after it the name of who has ended it,
// "" where the text says that already, or nobody did. The reader is who reads it, "" for the
// operator.
func (e EndedSession) Words(reader string) (text, by string) {
	who := e.ender(reader)
	switch e.Reason {
	case account.SignedOut:
		return "signed out there", ""
	case account.EndedElsewhere:
		return "signed out from another session by", who
	case account.Disowned:
		return "called somebody else's by", who
	case account.PasswordChanged:
		return "password changed by", who
	case account.AccountDisabled:
		return "account disabled by", who
	case account.AccountClosed:
		return "account closed by", who
	case account.SignedInAgain:
		return "signed in again in the same browser", ""
	case account.Unused:
		return "not used for " + Lasting(e.Idle), ""
	case account.TimeOver:
		return "its time was over after " + Lasting(e.Until.Sub(e.Began)), ""
	}
	return "signed out by", who
}

// ender is who has ended the session, as the reader may call them.
func (e EndedSession) ender(reader string) string {
	switch {
	case e.By != "" && e.By == reader:
		return "you"
	case e.By == e.Account && e.Reason != account.EndedByAdmin:
		return "its owner"
	case e.By == "" && e.ByName == book.CommandLine:
		return "the operator, at the command line"
	case e.ByName == "": // a stranger, whom nothing but a link lets do such a thing
		return "whoever had a link for it"
	}
	return e.ByName
}

// Called is what people know the device by: its name, else browser and system.
func (e EndedSession) Called() string {
	if e.Name != "" {
		return e.Name
	}
	return e.DeviceWords
}

// Lasting writes how long something takes, in the largest unit that says it whole.
func Lasting(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day && d%day == 0:
		return plural(int(d/day), "day")
	case d >= time.Hour && d%time.Hour == 0:
		return plural(int(d/time.Hour), "hour")
	}
	return plural(int(d/time.Minute), "minute")
}
