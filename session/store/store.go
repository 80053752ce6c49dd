package store

import (
	"context"
	"encoding/hex"
	"errors"
	"time"
)

// ID names a record. It is what lists show and what survives a renewal of the key; knowing it opens
// nothing.
type ID [12]byte

// String returns the id as 24 hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads the form that String writes, and no other.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 2*len(id) {
		return ID{}, errBadID
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil || id.String() != s {
		return ID{}, errBadID
	}
	return id, nil
}

var errBadID = errors.New("store: not a record id")

// Digest is the SHA-256 hash of the secret half of a session key. It is all that a store knows of
// the secret.
type Digest [32]byte

// Record is one session as a store keeps it. Times are in UTC with millisecond precision.
type Record struct {
	ID      ID
	Digest  Digest // of the secret that opens it now; a renewal replaces it
	Version int64  // 1 when created, one more with each Patch; a Touch leaves it
	KeyID   string // which key of the ring signed the cookie last, 8 hexadecimal digits
	State   State
	Subject string // who is signed in, "" for a stranger

	Created  time.Time // when the record was made
	SignedIn time.Time // when Subject last proved who they are; zero for a stranger
	LastSeen time.Time // latest use, right to a minute
	Expires  time.Time // from this moment on the record is dead: the idle limit, at most Deadline
	Deadline time.Time // the absolute limit; no use moves it
	Idle     time.Duration
	Persist  bool // the cookie outlives the browser ("keep me signed in")
	Parent   ID   // the session that this one dies with (Session.Issue); zero for none. It never changes

	Addr      string // address and browser of the latest sign-in or creation, for people to recognise it
	UserAgent string

	Values Values
}

// State says what a record is when it is not simply a session. A store keeps it as it is, up to 32
// bytes of ASCII, and otherwise does not look at it. Other states than these have up to 16 bytes,
// so that package movestore can put its own word before them.
type State string

const (
	Live     State = ""         // an ordinary session
	Pending  State = "pending"  // made for a cookie that came from elsewhere, and not confirmed yet
	Mark     State = "mark"     // no session: a note that no key opens
	Leaving  State = "leaving"  // being moved to another store
	Arriving State = "arriving" // the copy of one that is being moved
)

// Values are a session's encoded values by key. A Values that a store returned or was given is
// never changed by either side.
type Values map[string][]byte

// Patch changes a live record: delete all keys (Clear), or some (Delete), then set some (Set),
// atomically. The other fields replace the record's own when they are not nil.
type Patch struct {
	ID        ID
	Digest    Digest    // the patch applies only while this is the record's digest (the caller's key is the current one)
	Now       time.Time // the patch applies only while Expires is after Now
	IfVersion int64     // 0, or: the patch applies only to this version

	Clear  bool
	Delete []string
	Set    Values

	Rekey  *Rekey
	SignIn *SignIn
	Seen   *Touch // applied with the patch, by the rules of Store.Touch
}

// Rekey replaces the secret of a record, or the key that its cookie was signed under, or its state;
// each of them, so what is to stay is given again.
type Rekey struct {
	Digest Digest
	KeyID  string
	State  State
}

// SignIn gives a record its subject and starts its lifetime anew.
type SignIn struct {
	Subject   string
	SignedIn  time.Time
	Expires   time.Time
	Deadline  time.Time
	Idle      time.Duration
	Persist   bool
	Addr      string
	UserAgent string
}

// Touch moves LastSeen and Expires of a record, each only forward.
type Touch struct {
	LastSeen time.Time
	Expires  time.Time
}

// What a store answers. Other errors mean that it could not do its work, and that nothing is known
// of the outcome.
var (
	// ErrNotFound: there is no live record of that id (with that digest).
	ErrNotFound = errors.New("store: no live record")
	// ErrConflict: the record is not of the version that the patch asked for.
	ErrConflict = errors.New("store: the record has another version")
	// ErrExists: a record of that id exists.
	ErrExists = errors.New("store: the record exists")
	// ErrFull: the store takes no more records of strangers.
	ErrFull = errors.New("store: the store is full")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store: the store is closed")
)

// Store keeps records. It is small on purpose: encoding, hashing, time, limits and retries live in
// Manager. Package sessiontest holds the suite that proves a store.
//
// Every method is safe for concurrent use, obeys its context, and takes the time from its caller: a
// store never asks a clock of its own whether a record lives. A record lives while its Expires is
// after the given time. Only Create makes a record; no other method brings one into being, or back.
type Store interface {
	// Create stores a new record. ErrExists if a record of its id is stored, live or not; ErrFull
	// when there is no room.
	Create(ctx context.Context, r Record) error

	// Load returns a live record. ErrNotFound.
	Load(ctx context.Context, id ID, now time.Time) (Record, error)

	// Patch changes a live record in one atomic step and returns its new version. Two patches without
	// IfVersion never conflict: both happen, one after the other. ErrNotFound if there is no live
	// record with that id and digest; ErrConflict if there is one, of another version than
	// IfVersion.
	Patch(ctx context.Context, p Patch) (version int64, err error)

	// Touch moves LastSeen and Expires of a live record forward; a time that lies before the stored
	// one leaves it. It does not change the version. ErrNotFound as for Patch.
	Touch(ctx context.Context, id ID, digest Digest, t Touch, now time.Time) error

	// Delete removes records for good. Ids that name none are passed over.
	Delete(ctx context.Context, ids ...ID) error

	// BySubject returns the live records of a subject without their Values, in any order. Every
	// record whose Create or sign-in was acknowledged before the call is among them. The empty
	// subject has none.
	BySubject(ctx context.Context, subject string, now time.Time) ([]Record, error)

	// Each calls yield for every record that lives at now, without its Values, in any order, until
	// yield returns an error, which it returns too. What is created or deleted meanwhile may be among
	// them or not; no record is given twice. The store may be used inside of yield: no lock,
	// transaction or connection is held meanwhile.
	Each(ctx context.Context, now time.Time, yield func(Record) error) error

	// DeleteExpired removes up to limit records that are dead at now, and returns how many. It is
	// safe to run on every node.
	DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error)
}
