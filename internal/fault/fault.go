// Package fault is the one error type of the program. An error that crosses a room's wall has a
// kind (what to answer), a public text (what its reader may see) and a private cause (what the
// operator's log gets), so that user text and operator text cannot be mixed up. Anything that is
// not a *fault.Error is Internal and shows nothing of itself.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure it is. The edge (internal/httpx) translates it to a status in one
// table.
type Kind int

// The kinds, from the most general.
const (
	Internal     Kind = iota // a bug or a broken dependency: 500
	Invalid                  // what was sent breaks a rule: 422, see Fields
	Malformed                // what was sent cannot be read: 400
	Unauthorized             // nobody is signed in: 401
	Forbidden                // signed in, but not allowed: 403
	NotFound                 // no such thing, or not yours to see: 404
	Conflict                 // it exists already, or changed meanwhile: 409
	TooLarge                 // 413
	Unsupported              // wrong content type: 415
	Misdirected              // for a name that is not this site's: 421
	Throttled                // too many attempts, see RetryAfter: 429
	Unreached                // an application behind the door gives no answer: 502
	TimedOut                 // it took too long: 504
	Busy                     // no capacity at the moment, see RetryAfter: 503
)

// Field is one rule broken by one field of a form or of a JSON body.
type Field struct {
	Name string // the field's name as it was sent
	Text string // what is wrong and how to mend it, for its reader
}

// Error is an error with a kind, a public text and a private cause.
type Error struct {
	Kind       Kind
	Public     string        // one sentence for the client; never holds what the client must not see
	Fields     []Field       // which fields are wrong, for Invalid
	RetryAfter time.Duration // how long to wait, for Throttled and Busy
	Err        error         // the cause, for the log; may be nil
}

// New makes an error whose public text is the whole story.
func New(kind Kind, public string) *Error { return &Error{Kind: kind, Public: public} }

// Wrap hides cause behind a public text.
func Wrap(kind Kind, public string, cause error) *Error {
	return &Error{Kind: kind, Public: public, Err: cause}
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Public, e.Err)
	}
	return e.Public
}

func (e *Error) Unwrap() error { return e.Err }

// From gives err as an *Error: itself if it is one (or wraps one), else an Internal error with err
// as its cause. From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Public: "Something went wrong on our side.", Err: err}
}

// Is reports whether err is of the kind. A nil error is of no kind.
func Is(err error, kind Kind) bool { return err != nil && From(err).Kind == kind }
