// Package door decides: it holds the use cases of the program (register, sign in, sign out, end
// sessions, change, remove, read the book), each with its entry in the book. The pages, the JSON
// interface and the command line only translate to it and from it. It knows repositories by their
// interfaces, and no HTTP.
package door

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/agent"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fault"
	"github.com/doorbook/doorbook/passhash"
	"github.com/doorbook/doorbook/session"
)

// Recorder is where entries go: book.Recorder in the server, the repository itself on the command
// line.
type Recorder interface {
	Append(ctx context.Context, entries ...book.Entry) error
}

// Config is what a Door works with. All fields but Sessions (the command line has none) and Log are
// required.
type Config struct {
	Accounts  account.Repository
	Throttle  account.Throttle
	Devices   account.Devices
	SignIns   account.SignIns
	Tokens    account.Tokens
	Hashes    account.Hashes // default: all hashes are as Passwords makes them
	Book      book.Repository
	Recorder  Recorder
	Plotter   *book.Plotter
	Sessions  *session.Manager
	Passwords *passhash.Hasher
	Rules     *account.PasswordRules
	Keys      *session.KeyRing
	Joining   account.Fixed           // what is decided of who may register; default: what admins decide, and open at first
	Stay      Stay                    // how long people stay signed in; default: nobody is asked whether to be kept so
	Guessing  *account.Guessing       // how much of it is borne; default: account.DefaultGuessing
	Reserved  func(email string) bool // addresses, in canonical form, that nobody takes by themselves; default: none
	Shared    bool                    // another program signs people in, too: a session that it has begun has no epoch
	Now       func() time.Time
	Log       *slog.Logger
}

// Door is the use cases over one set of repositories. It is safe for concurrent use.
type Door struct {
	accounts  account.Repository
	throttle  account.Throttle
	devices   account.Devices
	signIns   account.SignIns
	tokens    account.Tokens
	book      book.Repository
	recorder  Recorder
	plotter   *book.Plotter
	sessions  *session.Manager
	passwords passwords
	rules     *account.PasswordRules
	fixed     account.Fixed
	stay      Stay
	guessing  account.Guessing
	reserved  func(email string) bool
	shared    bool
	now       func() time.Time
	log       *slog.Logger
	events    book.Catalog
	agents    *agent.Names
	seen      seen

	device   *session.Signer // of device cookies
	counters *session.Signer // of the names of throttling counters
	setup    *session.Signer // of setup tokens as they are kept
	asks     *session.Signer // of asks for a hand-over
	codes    *session.Sealer // of its codes
	claimed  atomic.Bool     // there is an admin
	crowd    *crowd
	decoys   decoys
}

// New makes a Door.
func New(c Config) *Door {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Guessing == nil {
		numbers := account.DefaultGuessing()
		c.Guessing = &numbers
	}
	return &Door{
		accounts: c.Accounts, throttle: c.Throttle, devices: c.Devices, signIns: c.SignIns, tokens: c.Tokens, book: c.Book,
		recorder: c.Recorder, plotter: c.Plotter,
		sessions: c.Sessions, passwords: passwords{c.Passwords}, rules: c.Rules,
		fixed: c.Joining, stay: c.Stay, guessing: *c.Guessing, reserved: c.Reserved, shared: c.Shared, now: c.Now, log: c.Log,
		events: book.NewCatalog(), agents: agent.New(),

		device:   c.Keys.Signer("device"),
		counters: c.Keys.Signer("counter"),
		setup:    c.Keys.Signer("setup"),
		asks:     c.Keys.Signer("ask"),
		codes:    c.Keys.Sealer("code"),
		crowd:    newCrowd(c.Guessing.Door),
		decoys:   decoys{hashes: c.Hashes, signer: c.Keys.Signer("decoy")},
	}
}

// Visit is who stands at the door: one request, or one command. It belongs to one goroutine.
type Visit struct {
	RequestID string
	Addr      string            // the visitor's address, after trusted proxies
	Host      string            // of the site that was asked for, where that is not the one where people sign in; "" there
	Session   *session.Session  // nil for Program
	Developer account.Developer // who is signed in; the zero value is a stranger
	SessionID string            // the short name of their session in the book
	Token     account.Token     // that speaks for them; the zero value where it is they themselves
	Device    string            // the device cookie that came with the request
	UserAgent string            // what their browser says of itself: anything

	// Fresh is how long ago the visitor's sign-in may be at most for what they ask; 0: any time.
	// Who signed in earlier proves the current password again. Less than 0: everybody does.
	Fresh time.Duration

	program bool // see Program

	// Collects is set where the visit's end enters in the book what it gathered: see Door.Leave.
	// Where it is not, each activity is entered at once.
	Collects bool
	deeds    []book.Entry
}

// Program returns the visit of the program's own operator, at the command line, who has the
// databases anyway: nothing is held against it.
func Program() *Visit { return &Visit{Addr: book.CommandLine, program: true} }

// SignedIn reports whether somebody is.
func (v *Visit) SignedIn() bool { return v.Developer.ID != "" }

// Admin reports whether an admin is signed in.
func (v *Visit) Admin() bool { return v.SignedIn() && v.Developer.Role == account.Admin }

// over returns the role that it takes to change that developer: a member may change themselves.
func (v *Visit) over(target string) account.Role {
	if target == v.Developer.ID {
		return account.Member
	}
	return account.Admin
}

// actor is on whose behalf a change is made that takes the role, as they were when they were let
// in.
func (v *Visit) actor(role account.Role) account.Actor {
	if v.program {
		return account.Actor{}
	}
	by := account.Actor{ID: v.Developer.ID, Epoch: v.Developer.Epoch, Role: role, Token: v.Token.ID}
	if sid, ok := v.Session.ID(); ok {
		by.Session = sid.String()
	}
	return by
}

// LoggedInUser is what the session knows of who signed in, under the key of the original
// application. It is a copy of that moment, for showing: role and state are read from the account
// at each request.
const LoggedInUser session.Key[Profile] = "loggedin_user"

// epoch is the account's Epoch when the session's subject proved who they are. It was read before
// the password was compared, so a sign-in that a change of the password overtook does not hold.
const epoch session.Key[int64] = "epoch"

// epochOf is whose epoch that is. A program that shares the session may sign somebody else in and
// leave both where they are.
const epochOf session.Key[string] = "epoch_of"

// Profile is a developer without secrets.
type Profile struct {
	ID     string   `json:"_id"`
	Name   string   `json:"name"`
	Email  string   `json:"email"`
	Skills []string `json:"skills"`
}

// Identify finds out who is signed in, from the session's subject and the account as it is now. The
// session of an account that is gone or disabled ends here (ASVS 7.4.2), but for one that another
// program began for somebody unknown here. It is not session.Config.Valid, which could give neither
// the account that it has looked up nor the reason why to this visit, and would leave the cookie.
func (d *Door) Identify(ctx context.Context, v *Visit) error {
	subject := v.Session.Subject()
	if subject == "" {
		return v.Session.Err()
	}
	dev, err := d.accounts.ByID(ctx, subject)
	switch {
	case err != nil && !errors.Is(err, account.ErrNotFound):
		return unavailable(err)
	case err != nil && d.shared: // unknown here; whether it is over is not for us to say
		return nil
	case err != nil:
		d.note(ctx, v, book.ActionSessionVoid, subject, "the account is gone")
		v.Session.SignOut()
		return nil
	case dev.State != account.Active:
		d.noteOf(ctx, v, book.ActionSessionVoid, dev, "the account is "+dev.State.String())
		v.Session.SignOut()
		return nil
	case !d.holds(v.Session, dev.Epoch):
		d.noteOf(ctx, v, book.ActionSessionVoid, dev, "what was proved at its sign-in no longer holds")
		v.Session.SignOut()
		return nil
	case d.misplaced(ctx, v, dev):
		return nil
	}
	v.Developer = dev
	if home, ok := issuedBy.Get(v.Session); ok {
		d.nameSession(v, home)
	} else if sid, ok := v.Session.ID(); ok {
		d.nameSession(v, sid.String())
	}
	return nil
}

// holds reports whether what the session's subject proved is still so. Of one that another program
// has begun only its store knows: whatever raises the epoch ends all sessions there, too.
func (d *Door) holds(s *session.Session, now int64) bool {
	at, ok := epoch.Get(s)
	return ok && at == now || d.shared && !begunHere(s)
}

// begunHere reports whether it was here that the session's subject signed in.
func begunHere(s *session.Session) bool {
	of, ok := epochOf.Get(s)
	return s.Has(string(epoch)) && (!ok || of == s.Subject())
}

// SessionName is the short name of the visitor's session in the book: a hash that opens nothing.
func (d *Door) SessionName(v *Visit) string {
	sid, ok := v.Session.ID()
	if !ok {
		return ""
	}
	return shortName(sid)
}

func shortName(sid session.ID) string {
	sum := sha256.Sum256(sid[:])
	return hex.EncodeToString(sum[:4])
}

// unavailable is the answer while a database does not do its work.
func unavailable(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return &fault.Error{
		Kind: fault.Busy, Public: "We cannot reach our records at the moment. Please try again shortly.",
		RetryAfter: 5 * time.Second, Err: err,
	}
}

// busy translates what the password hasher answers.
func busy(err error) error {
	if errors.Is(err, passhash.ErrBusy) {
		return &fault.Error{
			Kind: fault.Busy, Public: "Too many people are signing in at this moment. Please try again in a few seconds.",
			RetryAfter: 5 * time.Second, // without a cause: it is no failure of ours, and not one to be noted each time
		}
	}
	return fault.Wrap(fault.Internal, "Something went wrong on our side.", err)
}
