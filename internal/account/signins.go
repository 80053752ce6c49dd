package account

import (
	"context"
	"strings"
	"time"
)

// SignInsKept is how long a sign-in is remembered after its end.
const SignInsKept = 30 * 24 * time.Hour

// MaxUserAgent is how many bytes are kept of what a browser says of itself.
const MaxUserAgent = 256

// SignIn is one sign-in: where and how it began, and how it ended.
type SignIn struct {
	Session   string // the record id of its session
	Account   string // the developer's id
	Device    string // the Device's id; "" where none is known
	Name      string // what people know the device by, when it ended; "" if that is nothing
	UserAgent string // as it was sent, clipped
	Addr      string
	Method    Method
	Began     time.Time
	LastSeen  time.Time     // right to some minutes while it lasts
	Idle      time.Duration // without use it ends
	Until     time.Time     // used or not it ends

	Ended  time.Time // zero: by nobody, so that it lasts, or has ended by itself
	Why    Ending
	By     string // the id of who has ended it; "" for no account
	ByName string // and their name then
}

// Method says by what somebody has signed in.
type Method string

// The methods.
const (
	Elsewhere      Method = "" // in another program, which shares the session
	ByPassword     Method = "password"
	ByRegistration Method = "registration"
	BySetup        Method = "setup"
	ByInvitation   Method = "invitation"
)

// Ending says why a sign-in has ended.
type Ending string

// What ends sign-ins. The last two are never stored: nobody has ended those.
const (
	SignedOut       Ending = "signed_out"       // there
	EndedElsewhere  Ending = "ended"            // by its owner, from another session
	EndedByAdmin    Ending = "ended_by_admin"   //
	Disowned        Ending = "disowned"         // its owner says that it is not theirs
	PasswordChanged Ending = "password_changed" //
	AccountDisabled Ending = "account_disabled" //
	AccountClosed   Ending = "account_closed"   //
	SignedInAgain   Ending = "signed_in_again"  // in the same browser
	Unused          Ending = "unused"           // for as long as it may be
	TimeOver        Ending = "time_over"        // for all its use
)

// Clip makes what a client says of itself fit to be kept.
func (s *SignIn) Clip() {
	if len(s.UserAgent) > MaxUserAgent {
		s.UserAgent = s.UserAgent[:MaxUserAgent]
	}
	s.UserAgent = strings.ToValidUTF8(s.UserAgent, "")
}

// Over is when the sign-in has ended, or will have by itself if it is not used any more.
func (s SignIn) Over() time.Time {
	if !s.Ended.IsZero() {
		return s.Ended
	}
	if unused := s.LastSeen.Add(s.Idle); unused.Before(s.Until) {
		return unused
	}
	return s.Until
}

// Reason is why the sign-in has ended, if it has.
func (s SignIn) Reason() Ending {
	switch {
	case s.Why != "":
		return s.Why
	case s.Over().Before(s.Until):
		return Unused
	}
	return TimeOver
}

// SignIns keeps the sign-ins of all accounts. Devices.Keep is what enters them. It is safe for
// concurrent use. Times have the precision of a millisecond.
type SignIns interface {
	// End keeps of each sign-in that it has ended, when, why and by whom. What is known of how it
	// began stays, and so does an end that is kept already; one that is not known is entered as it
	// is given.
	End(ctx context.Context, ended []SignIn) error
	// Seen moves LastSeen of sign-ins that nobody has ended, by their session, forward only. Those
	// not known are passed over.
	Seen(ctx context.Context, at map[string]time.Time) error
	// Over gives the sign-ins of an account that were over in a span of time, up to its end, the
	// latest first and at most limit.
	Over(ctx context.Context, account string, after, until time.Time, limit int) ([]SignIn, error)
	// Sweep forgets up to limit sign-ins that were over before a time, and gives how many.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
