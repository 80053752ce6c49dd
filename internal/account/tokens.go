package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limits of tokens.
const (
	MaxTokens        = 50  // that one person may have at a time
	DefaultTokenDays = 30  // that a token is good for if nothing else is asked
	MaxTokenDays     = 365 // the longest that one can be good for
)

// TokenDays are the lifetimes that people are offered, in days.
func TokenDays() []int { return []int{7, DefaultTokenDays, 90, MaxTokenDays} }

// Token lets a program do what its owner may do, within its scopes. It is good while its owner is
// enabled and their Epoch is what it was when the token was made: whatever ends all sign-ins of an
// account (a new password, disabling) ends its tokens, too, for whoever changes a password after a
// theft expects that nothing of the thief's goes on.
type Token struct {
	ID        string   // 24 hexadecimal digits (internal/id); it opens nothing
	Account   string   // its owner's id
	Epoch     int64    // of the account when it was made
	Hash      [32]byte // of its text: see TokenHash
	Name      string   // that its owner has given it
	Scopes    Scopes
	CreatedAt time.Time
	Ends      time.Time // when it expires, or was ended
	Ended     bool      // by somebody, before it expired
	UsedAt    time.Time // right to a minute; zero: never
	UsedFrom  string    // the address
}

// Live reports whether the token is neither ended nor expired at now.
func (t Token) Live(now time.Time) bool { return !t.Ended && now.Before(t.Ends) }

// GoodFor reports whether the token lets in as that developer at now.
func (t Token) GoodFor(owner Developer, now time.Time) bool {
	return t.Live(now) && t.Account == owner.ID && owner.ID != "" && owner.State == Active && t.Epoch == owner.Epoch
}

// Scopes are what a token lets its bearer do, of what its owner may.
type Scopes uint8

// The scopes. None includes another.
const (
	ScopeRead         Scopes = 1 << iota // ask
	ScopeWrite                           // change
	ScopeApplications                    // pass through to the applications behind the door
)

// scopeNames are the scopes in their order, by the names that people read and send.
var scopeNames = [...]string{"read", "write", "applications"}

// Words says what s lets its bearer do, as people read it, in the order of Names.
func (s Scopes) Words() []string {
	words := s.Names()
	for i, name := range words {
		if name == scopeNames[2] {
			words[i] = "pass to applications"
		}
	}
	return words
}

// Has reports whether s holds all of the others.
func (s Scopes) Has(others Scopes) bool { return s&others == others }

// Names returns the scopes by name, in their order.
func (s Scopes) Names() []string {
	names := []string{}
	for i, name := range scopeNames {
		if s.Has(1 << i) {
			names = append(names, name)
		}
	}
	return names
}

// String returns the names with a space between them.
func (s Scopes) String() string { return strings.Join(s.Names(), " ") }

// ReadScopes is the opposite of String, for what was stored. What it does not know it leaves out:
// a scope of a newer program is no right in this one.
func ReadScopes(stored string) (s Scopes) {
	for name := range strings.FieldsSeq(stored) {
		if i := slices.Index(scopeNames[:], name); i >= 0 {
			s |= 1 << i
		}
	}
	return s
}

// CheckScopes reads the names of scopes as they were asked for: one at least, each known. The error
// is a *fault.Error of kind Invalid with one field, "scopes".
func CheckScopes(names []string) (s Scopes, err error) {
	for _, name := range names {
		i := slices.Index(scopeNames[:], name)
		if i < 0 {
			return 0, invalid("scopes", `The scopes are "read", "write" and "applications".`)
		}
		s |= 1 << i
	}
	if s == 0 {
		return 0, invalid("scopes", "Choose what the token may do.")
	}
	return s, nil
}

// CheckTokenDays reads for how many days a token is to be good; 0 is DefaultTokenDays. The error is
// a *fault.Error of kind Invalid with one field, "days".
func CheckTokenDays(days int) (time.Duration, error) {
	if days == 0 {
		days = DefaultTokenDays
	}
	if days < 1 || days > MaxTokenDays {
		return 0, invalid("days", fmt.Sprintf("A token is good for 1 to %d days.", MaxTokenDays))
	}
	return time.Duration(days) * 24 * time.Hour, nil
}

// ErrTooManyTokens says that the owner has as many tokens as they may.
var ErrTooManyTokens = errors.New("account: too many tokens")

// Tokens keeps the tokens of all accounts, those that have ended too, until they are swept. It is
// safe for concurrent use. Times have the precision of a millisecond.
type Tokens interface {
	// Create stores a new token. ErrTooManyTokens if its owner has the most that are live at
	// t.CreatedAt; ErrAuthority.
	Create(ctx context.Context, by Actor, t Token, most int) error
	// ByHash finds a token, live or not. ErrNotFound if there is none.
	ByHash(ctx context.Context, hash [32]byte) (Token, error)
	// List gives the tokens of an account, live or not, the newest first.
	List(ctx context.Context, account string) ([]Token, error)
	// End ends one token of an account. ErrNotFound if there is none that is live; ErrAuthority.
	End(ctx context.Context, by Actor, account, id string, now time.Time) error
	// EndAll ends the tokens of an account that are live, and gives how many.
	EndAll(ctx context.Context, account string, now time.Time) (int, error)
	// Touch notes that a token was used, if nobody has noted so since it was read as t. A token
	// that is not there is none to note it of.
	Touch(ctx context.Context, t Token, at time.Time, from string) error
	// Sweep forgets up to limit tokens that ended, or expired, before a time, and gives how many.
	Sweep(ctx context.Context, before time.Time, limit int) (int, error)
}
