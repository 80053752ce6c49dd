package flask

import "errors"

// What can be wrong with a cookie or a value. Details are wrapped around them; none holds anything
// of the cookie, of the values in it or of a key. Test with errors.Is.
var (
	// ErrSignature: no key signed this, or it is not shaped like a signed cookie at all.
	ErrSignature = errors.New("flask: bad signature")
	// ErrExpired: signed longer ago than the greatest age.
	ErrExpired = errors.New("flask: expired")
	// ErrFuture: signed later than now, by a server whose clock is ahead.
	ErrFuture = errors.New("flask: from the future")
	// ErrMalformed: rightly signed, but not what Flask writes, or over one of the limits.
	ErrMalformed = errors.New("flask: malformed")
	// ErrUnsupported: a Go value that has no form in a Flask session.
	ErrUnsupported = errors.New("flask: value cannot be stored")
	// ErrMismatch: a stored value that does not fit the Go type it is read into.
	ErrMismatch = errors.New("flask: value does not fit the type")
)
