// Package account holds the rules about developers (the people with an account): what a valid name,
// e-mail address, skill list and password is, who they are to the program, and how fast somebody
// may guess at a password. It knows no database and no HTTP; repositories implement the interfaces
// it states.
package account

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"time"
)

// Role is what a developer may do. The zero value is no role and may do nothing.
type Role string

// The roles.
const (
	Member Role = "member" // sees and changes only themselves and their own entries
	Admin  Role = "admin"  // sees and changes everybody
)

// State is what becomes of whoever shows the right password. The zero value is Active.
type State int

// The states.
const (
	Active   State = iota // may sign in
	Disabled              // may not, until an admin enables the account again
	Invited               // somebody else made the account, and its owner has not taken it yet
	Waiting               // its owner made the account, and an admin has not approved it yet
)

// String returns the word under which the state is stored and shown.
func (s State) String() string {
	switch s {
	case Active:
		return "active"
	case Invited:
		return "invited"
	case Waiting:
		return "waiting"
	}
	return "disabled"
}

// ParseState returns the state of that word: Disabled for one that is none, as what cannot be read
// lets nobody in.
func ParseState(s string) State {
	for _, state := range []State{Active, Invited, Waiting} {
		if s == state.String() {
			return state
		}
	}
	return Disabled
}

// Developer is a person with an account.
type Developer struct {
	ID           string // 24 hexadecimal digits (internal/id)
	Name         string
	Email        string // as it was typed, for people to read
	EmailKey     string // the canonical form that is compared, unique: see CanonicalEmail
	Skills       []string
	PasswordHash string // a PHC string; leaves the repository for verification only; "" for none yet
	Role         Role
	State        State
	ShortName    string   // for applications that take no "@": see CheckShortName; unique; may be ""
	Groups       []string // free names: see CleanGroups
	Link         Link     // the open one; the zero Link for none
	Epoch        int64    // a sign-in holds while this is what it was; see Change.EndSignIns
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// IsAdmin reports whether the developer is an admin who may sign in.
func (d Developer) IsAdmin() bool { return d.Role == Admin && d.State == Active }

// Link is a one-time link to an account: the invitation of an invited one, else one for a new
// password. An account has one at most, so a new one is the end of the one before.
type Link struct {
	Hash    []byte // of what the link holds: a stolen database opens nothing
	Expires time.Time
	By      string // the id of the admin who made it; "" for the command line
}

// Is reports whether that is the hash of the link, and it is still good at now.
func (l Link) Is(hash []byte, now time.Time) bool {
	return len(hash) > 0 && subtle.ConstantTimeCompare(l.Hash, hash) == 1 && now.Before(l.Expires)
}

// The repository's answers that callers act upon; anything else is a fault of the database.
var (
	ErrNotFound   = errors.New("account: no such developer")
	ErrEmailTaken = errors.New("account: the e-mail address is taken")
	ErrNameTaken  = errors.New("account: the short name is taken")
	ErrSetupOver  = errors.New("account: the setup link is used, expired, or an admin exists")
	ErrChanged    = errors.New("account: the developer was changed meanwhile")
	ErrLastAdmin  = errors.New("account: the last admin that can sign in cannot be removed, demoted or disabled")
	ErrAuthority  = errors.New("account: the actor may not do that, or no longer")
)

// Actor is on whose behalf something is written, as they were when the request was judged. It is a
// condition of the write: if it no longer holds, nothing is changed and the answer is ErrAuthority.
// The zero Actor is the program itself, or a stranger doing what strangers may; nothing is held
// against it.
type Actor struct {
	ID      string // of their account, which must be there and enabled
	Epoch   int64  // of their account when they proved who they are
	Role    Role   // what it takes: Admin, or Member for what everybody may do to themselves
	Session string // id of the session, which must be theirs and alive; "" where no store knows of it
	Token   string // id of the token that speaks for them, which must not have been ended; "" for none
}

// May reports whether an account as it is now has what the actor needs.
func (a Actor) May(now Developer) bool {
	return now.ID == a.ID && now.State == Active && now.Epoch == a.Epoch &&
		(now.Role == a.Role || now.Role == Admin && a.Role == Member)
}

// Change is a change of a developer: nil fields stay as they are.
type Change struct {
	Name         *string
	Email        *string // together with EmailKey
	EmailKey     *string
	Skills       *[]string
	PasswordHash *string
	Role         *Role
	State        *State
	ShortName    *string // "" for none
	Groups       *[]string
	Link         *Link // the zero Link for none

	// EndSignIns raises the Epoch by one, so that whoever signed in before, or is just doing so
	// with what was right a moment ago, has to do it again. It takes an open link back unless the
	// change brings another.
	EndSignIns bool
	// IfEpoch, when it is not nil, makes the change apply only to that Epoch.
	IfEpoch *int64
	// IfLink, when it is not nil, makes the change apply only while the link that is open has that
	// Hash. Of any number of such changes at once that take the link back exactly one is made.
	IfLink []byte
}

// Apply makes the change of d. It looks at no condition.
func (c Change) Apply(d *Developer) {
	set(&d.Name, c.Name)
	set(&d.Email, c.Email)
	set(&d.EmailKey, c.EmailKey)
	set(&d.Skills, c.Skills)
	set(&d.PasswordHash, c.PasswordHash)
	set(&d.Role, c.Role)
	set(&d.State, c.State)
	set(&d.ShortName, c.ShortName)
	set(&d.Groups, c.Groups)
	set(&d.Link, c.NewLink())
	if c.EndSignIns {
		d.Epoch++
	}
}

// NewLink returns the link that there is after the change, nil for what was there before.
func (c Change) NewLink() *Link {
	if c.Link == nil && c.EndSignIns {
		return new(Link)
	}
	return c.Link
}

// Holds reports whether the conditions of the change hold of d.
func (c Change) Holds(d Developer) bool {
	return (c.IfEpoch == nil || *c.IfEpoch == d.Epoch) && (c.IfLink == nil || bytes.Equal(c.IfLink, d.Link.Hash))
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// MostAsked is of how many ids one question of Gone is.
const MostAsked = 64

// Repository keeps developers. Every method is safe for concurrent use, takes time from its caller,
// and is all or nothing.
type Repository interface {
	Directory
	// Create adds a developer whose ID, EmailKey and times the caller has set. ErrEmailTaken if the
	// EmailKey exists: of any number of concurrent calls with one EmailKey exactly one succeeds.
	// ErrNameTaken is the same of a ShortName. ErrAuthority.
	Create(ctx context.Context, by Actor, d Developer) error
	// ByID finds a developer. ErrNotFound if there is none.
	ByID(ctx context.Context, id string) (Developer, error)
	// ByEmail finds a developer by the canonical form. ErrNotFound if there is none.
	ByEmail(ctx context.Context, emailKey string) (Developer, error)
	// ByShortName finds a developer by their short name. ErrNotFound if nobody has it.
	ByShortName(ctx context.Context, name string) (Developer, error)
	// ByLink finds a developer by the Hash of their open link, whether it is still good or not.
	// ErrNotFound if there is none.
	ByLink(ctx context.Context, hash []byte) (Developer, error)
	// Gone gives those of the ids, up to MostAsked, that are nobody's, or nobody's any more.
	Gone(ctx context.Context, ids []string) ([]string, error)
	// List gives up to limit developers, oldest first, whose id is greater than after ("" for the
	// first page).
	List(ctx context.Context, after string, limit int) ([]Developer, error)
	// Update applies a change and gives the developer as changed. ErrNotFound, ErrEmailTaken,
	// ErrNameTaken; ErrChanged when a condition does not hold; ErrLastAdmin when it would leave no enabled admin
	// where there was one; ErrAuthority. It never creates.
	Update(ctx context.Context, by Actor, id string, c Change, now time.Time) (Developer, error)
	// Delete removes a developer. ErrNotFound, ErrLastAdmin, ErrAuthority.
	Delete(ctx context.Context, by Actor, id string) error
	// Confirm reports by ErrAuthority that an actor no longer is what they were, for writes that
	// are not the repository's own.
	Confirm(ctx context.Context, by Actor) error
	// Joining gives what admins have decided of who may register, the zero value for nothing.
	Joining(ctx context.Context) (Joining, error)
	// SetJoining keeps what an admin decides. ErrAuthority.
	SetJoining(ctx context.Context, by Actor, j Joining) error
	// HasAdmin reports whether any enabled admin exists.
	HasAdmin(ctx context.Context) (bool, error)

	// OpenSetup keeps the hash of a setup link's token until expires, in place of any earlier one.
	OpenSetup(ctx context.Context, tokenHash []byte, expires time.Time) error
	// SetupOpen reports whether that token would be taken at now (it is the current one, not
	// expired, and no enabled admin exists).
	SetupOpen(ctx context.Context, tokenHash []byte, now time.Time) (bool, error)
	// CompleteSetup uses up the token and creates d (an admin) in one step. ErrSetupOver when the
	// token would not be taken, ErrEmailTaken with the token left as it was.
	CompleteSetup(ctx context.Context, tokenHash []byte, d Developer, now time.Time) error
}
