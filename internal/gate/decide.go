package gate

import (
	"net/netip"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// Question is one request to an application, and who makes it.
type Question struct {
	Method    string
	Path      string     // as it was sent, with its percent signs, without the query
	Preflight bool       // it is the browsers' question before a request of another origin
	Addr      netip.Addr // the visitor's; the zero Addr when it is not known
	Now       time.Time

	Developer account.Developer // who asks; the zero value is a stranger
	Token     account.Token     // that speaks for them; the zero value where it is they themselves
	SignedIn  time.Time         // when they last proved who they are
}

// Verdict is what becomes of a request.
type Verdict int

// The verdicts. The zero value lets nobody pass.
const (
	Refuse     Verdict = iota // it is not for who asks
	SignIn                    // nobody is signed in, and somebody who is might pass
	Prove                     // the sign-in is too long ago
	Unreadable                // its path can be read in two ways, of which one would not pass, or in none
	Pass
)

// Decision is a verdict and where it comes from.
type Decision struct {
	Verdict Verdict
	Rule    *Rule  // that decided; nil: none matched, or the path is unreadable
	Why     string // for the operator and the book: "rule 2: group ops", "no rule"
}

// Decide holds a question against the rules of the application.
func (a *App) Decide(q *Question) Decision {
	for i := range a.Rules {
		r := &a.Rules[i]
		switch {
		case r.Who == SignedIn && q.Developer.ID == "":
			return Decision{SignIn, r, "signed in"}
		case r.Who == SignedIn:
			return Decision{Pass, r, "signed in"}
		}
	}
	return Decision{Refuse, nil, "no rule"}
}
