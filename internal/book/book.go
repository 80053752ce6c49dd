// Package book is the book of who came in and what they did: what an entry is, what of a request
// may be written down, how entries of concurrent requests share one commit, and what can be asked
// of them. It knows no database; repositories implement Repository.
package book

import (
	"context"
	"errors"
	"time"
)

// Type says what kind of thing an entry tells of.
type Type string

// The types of entries.
const (
	Request  Type = "request"  // an HTTP request and its answer
	Activity Type = "activity" // what somebody did: signed in, failed to, registered, changed something. Never deleted
	Error    Type = "error"    // what failed on our side
)

// Entry is one line of the book. The first six fields are those of the original application.
type Entry struct {
	ID         string // 24 hexadecimal digits
	Type       Type
	ClientAddr string // the visitor's address, after trusted proxies
	URL        string // path and query, redacted; the route's pattern where a path parameter may hold a secret
	Method     string
	Body       string    // allow-listed fields of the body, redacted, as JSON or form text; "" when there was none
	CreatedAt  time.Time // when it was entered; Duration before that the request came

	Status    int
	Duration  time.Duration
	Route     string // the pattern that answered, "" when none matched
	User      string // id of the signed-in developer, "" for a stranger
	UserName  string // their name at that time, for people to read
	Session   string // a short hash that names the session, never its key
	RequestID string
	Token     string // id of the token that spoke for the user, "" for none; it opens nothing
	TokenName string // its name, for people to read

	// Of requests to an application behind the gate.
	Application string // its name, for people to read; "" for our own pages
	Host        string // for which it was asked
	Rule        string // a few words: what let it pass or refused it
	Bytes       int64  // of the answer's body; 0 where there was none, or nobody counted

	// Of activities and errors.
	Action     string // "sign_in", "sign_in_failed", "register", …: see Events
	Target     string // what was acted upon: a developer's or entry's id
	TargetName string // the developer's name at that time, or what the entry was of, for people to read
	Text       string // a few words for people; for errors the operator's text, free of secrets
}

// Ending is what is known of an answer only once all of it was sent, or it was cut off: it takes the
// place of what the entry holds.
type Ending struct {
	ID       string // the entry's
	Duration time.Duration
	Bytes    int64
}

// Minute is how many requests ended in one way in one minute.
type Minute struct {
	At      time.Time // the minute's first moment, UTC
	Outcome string    // "2xx", "3xx", "4xx", "5xx"
	Count   int
}

// Query asks for entries, newest first.
type Query struct {
	User   string // only this developer's; "" for everybody's
	Type   Type   // only this type; "" for all
	Before string // a Cursor from an earlier page; "" for the newest
	Limit  int    // 1 to 1000
}

// ErrNotFound is the answer for an id that names no entry that is listed.
var ErrNotFound = errors.New("book: no such entry")

// ErrExists is the answer to appending an entry whose id is stored already, deleted or not, or
// stands in the batch twice.
var ErrExists = errors.New("book: an entry of that id exists")

// ErrBadCursor is the answer to a Query whose Before no repository has given out.
var ErrBadCursor = errors.New("book: not a cursor")

// ErrKept is the answer to deleting an entry that must stay: only requests may be deleted.
var ErrKept = errors.New("book: only request entries can be deleted")

// May says by an error that something must not be done.
type May func(ctx context.Context) error

// AllOf returns the first error of those who are asked.
func AllOf(ctx context.Context, may []May) error {
	for _, ask := range may {
		if err := ask(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Repository keeps entries. Every method is safe for concurrent use and takes time from its caller.
type Repository interface {
	// Append stores entries, with the counts per minute of the requests among them, in one commit:
	// all or none. ErrExists if an id is in use. With them go the endings of entries that are stored
	// already; one whose entry is gone meanwhile is passed over. A repository that cannot do both in
	// one commit stores the entries first, and keeps them when the endings fail.
	Append(ctx context.Context, entries []Entry, endings ...Ending) error
	// Find gives the entries that match, newest first, without deleted ones, and the cursor of the
	// next page ("" at the end). Others may be given the same entries: nobody may change them.
	Find(ctx context.Context, q Query) (entries []Entry, next string, err error)
	// ByID finds an entry that is not deleted. ErrNotFound.
	ByID(ctx context.Context, id string) (Entry, error)
	// SoftDelete hides a request entry from every listing, if all of may allow it: they are asked
	// right before the write, once that waits for nobody else, and their error is given.
	// ErrNotFound (also when hidden already), ErrKept.
	SoftDelete(ctx context.Context, id string, now time.Time, may ...May) error
	// Delete removes a request entry for good, if all of may allow it. ErrNotFound, ErrKept; a
	// soft-deleted one can be deleted.
	Delete(ctx context.Context, id string, may ...May) error
	// Minutes gives the counts from the minute of since on, oldest first. Deleting entries does not
	// change them.
	Minutes(ctx context.Context, since time.Time) ([]Minute, error)
	// Trim deletes entries, the oldest first, up to limit of them: those created before olderThan,
	// and while the book takes more than maxBytes (0: no bound). Counts older than olderThan go
	// too.
	//
	// What goes for its size goes by kind, so that what strangers do does not push out what people
	// did: strangers' requests while they are more than a quarter of the book's entries, then
	// signed-in people's, then strangers' again, then activities and errors. A repository that
	// cannot do so says so.
	Trim(ctx context.Context, olderThan time.Time, maxBytes int64, limit int) (Trimmed, error)
}

// Trimmed is what a Trim deleted.
type Trimmed struct {
	Old   int   // by age
	Early Kinds // by size, before their age
}

// Total returns how many entries went.
func (t Trimmed) Total() int { return t.Old + t.Early.Total() }
