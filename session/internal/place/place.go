// Package place is where a session's data lives: in a store, in its cookie, in its cookie with a
// record beside it, or in an old place from which it is on its way to the one of today. Package
// session calls a [Place] and knows nothing else of these.
//
// To add or to remove a place touches no rule of package session. What exists because another
// program may share the cookie is [Accompanied] (accompanied.go, enrol.go, marks.go), and
// fromcompanions.go for its end.
package place

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// Place keeps sessions, and says what their browsers hold. It is safe for concurrent use.
//
// A request calls Open once, with what its browser holds; then, if it changed something, Write, and
// if it only used the session, Use, now and then. Both return the session as it is after that, and
// Cookie what the browser is to hold from now on. An error is store.ErrNotFound if the session is
// no longer the one that was opened (ended, renewed), store.ErrConflict if another request was
// quicker (Reload, and try again), or means that a store could not do its work.
type Place interface {
	// Open reads what a browser holds. ErrForeign if that was not made here, which costs no visit to
	// a store. An error that wraps store.ErrUnreadable comes with what is known of the session.
	Open(ctx context.Context, value string, by Visitor) (Found, error)

	// Reload returns a session as it is now, with the changes of other requests.
	Reload(ctx context.Context, f Found) (Found, error)

	// Write changes a session in one atomic step. If there is none it makes one, out of f.Record,
	// which then is what it begins with. The Values returned may be those of before. With an error
	// it returns what is known by now, which the next try goes on with.
	Write(ctx context.Context, f Found, c Change) (Found, error)

	// Fits returns the error that Write would fail with because no cookie can hold what comes of it,
	// before anything else is done.
	Fits(f Found, c Change) error

	// Use notes a use of the session, and puts a cookie that ages in order.
	Use(ctx context.Context, f Found, t store.Touch, now time.Time) (Found, error)

	// Cookie returns the value that the browser is to hold; "" makes it forget the one it has.
	Cookie(f Found) (string, error)

	// Records is the store that knows which sessions live, to list and to end them; nil if none does.
	Records() store.Store

	// Refuse makes sure that no cookie which was made by now, and never seen here, begins a session
	// of the subject any more (of anybody, for "").
	Refuse(ctx context.Context, subject string) error
}

// ErrForeign: a value was not made by this place.
var ErrForeign = errors.New("session: the cookie is not one of ours")

// ErrUnsupported: the place cannot do that.
var ErrUnsupported = errors.New("session: not supported by this home of the data")

// ErrTooLarge: the data is more than a session may hold, or a cookie more than browsers keep.
var ErrTooLarge = errors.New("session: too large")

// State says what a browser's cookie stands for: where its session is, if there is one.
type State uint8

// The states.
const (
	Nothing    State = iota // no session
	Live                    // a session, in this place
	Unkept                  // a stranger's session in its cookie, beside which only people who are signed in have a record
	Arriving                // a session in its old place: the next Write or Use brings it here
	Superseded              // nothing any more: the key of Record.ID, used at Record.LastSeen, was renewed
	Unreadable              // nothing: the record Record.ID is there and this is its key, but its values cannot be read
	Orphaned                // nothing: the session Record.ID was issued by one that has ended, so that it has to end, too
	Ended                   // nothing any more: the session Record.ID has ended
)

// Lives reports whether there is a session.
func (s State) Lives() bool { return s == Live || s == Unkept || s == Arriving }

// Urgency says how much the browser's cookie needs to be replaced.
type Urgency uint8

// The urgencies, in their order.
const (
	Fresh  Urgency = iota // it is the right one
	Aging                 // it works, and is to be replaced with the next use that is noted
	Wanted                // it works, and is to be replaced by this answer if that can carry one
	Needed                // it does not say what it should, and must be replaced by this answer
)

// Found is what a cookie stands for.
type Found struct {
	State   State
	Urgency Urgency // of another cookie
	Record  store.Record
	Parent  *store.Record // the session that issued this one; nil for none
	Shared  bool          // its values are in a store, where other requests change them, too
	Forget  bool          // the cookie still opens, elsewhere, what has ended here: the browser is to forget it
	Begun   bool          // Open has made a record for it, which it had not before
	Left    store.ID      // a session that Open has ended, because the cookie says that it is over; zero for none

	key   key    // what opens the record, if that is in a store
	value string // the cookie of the record as it is, if it was made already
	made  int64  // when the cookie was made that the values came in, in Unix milliseconds
}

// Change is what a request did to its session.
type Change struct {
	store.Patch // but for ID, Digest and Rekey
	Renew       bool
}

// of returns the patch for the record of a session.
func (c *Change) of(r *store.Record) store.Patch {
	p := c.Patch
	p.ID, p.Digest = r.ID, r.Digest
	return p
}

// Visitor tells of who asks, for lists of sessions.
type Visitor interface {
	Client() (addr, userAgent string)
}

// Env is what a place needs of the Manager around it.
type Env struct {
	Now        func() time.Time
	Rand       io.Reader
	Ordinary   Limits
	Remembered Limits // of sessions that outlive the browser
}

// Limits are those of one kind of session.
type Limits struct {
	Idle, Absolute time.Duration
	Room           int // bytes that the value of a cookie may have
}

// Limits returns those of sessions that outlive the browser, or of the others.
func (e *Env) Limits(persist bool) *Limits {
	if persist {
		return &e.Remembered
	}
	return &e.Ordinary
}

// longest is how long a cookie from elsewhere may come back.
func (e *Env) longest() time.Duration { return max(e.Ordinary.Absolute, e.Remembered.Absolute) }

// maxAhead is by how much the clocks of nodes may differ, and a clock may be set back, before what
// it wrote down counts as written by a broken one.
const maxAhead = 5 * time.Minute

// Alive reports whether a record still lives at now. Beside what the record says itself the limits
// of today's settings count, so that lowering them reaches sessions that exist. And what begins
// further ahead than clocks may differ is dead: a clock that ran ahead has left it behind, and
// nobody knows how old it is.
func (e *Env) Alive(r *store.Record, now time.Time) bool {
	from, life := Began(r), e.Limits(r.Persist)
	return now.Before(r.Expires) && now.Before(r.Deadline) &&
		(life.Idle >= r.Idle || now.Before(r.LastSeen.Add(life.Idle))) &&
		now.Before(from.Add(life.Absolute)) && now.Add(maxAhead).After(from)
}

// load returns a record that lives by today's settings.
func (e *Env) load(ctx context.Context, records store.Store, id store.ID, now time.Time) (store.Record, error) {
	r, err := records.Load(ctx, id, now)
	if err == nil && !e.Alive(&r, now) {
		return r, store.ErrNotFound
	}
	return r, err
}

// Used is a use of a session at now: the idle limit moves, up to the absolute one.
func Used(r *store.Record, now time.Time) store.Touch {
	expires := now.Add(r.Idle)
	if expires.After(r.Deadline) {
		expires = r.Deadline
	}
	return store.Touch{LastSeen: now, Expires: expires}
}

// Began is when the lifetime of a session began.
func Began(r *store.Record) time.Time {
	if r.SignedIn.IsZero() {
		return r.Created
	}
	return r.SignedIn
}

// Gone reports whether a store's answer means that the record no longer lives under the caller's
// key.
func Gone(err error) bool { return errors.Is(err, store.ErrNotFound) }
