package session

import (
	"errors"

	"github.com/doorbook/doorbook/session/internal/place"
)

// What can be wrong with a session. They reach the handler by Session.Err and the Config's
// ErrorHandler, wrapped with details; test with errors.Is.
var (
	// ErrEnded: the session was ended, renewed or revoked while this request was under way, so its
	// change came too late.
	ErrEnded = errors.New("session: ended meanwhile")
	// ErrCommitted: the answer has begun, so nothing can be changed, or read for the first time,
	// any more.
	ErrCommitted = errors.New("session: the answer has begun")
	// ErrTooLarge: the data is more than Config.MaxBytes, or a cookie more than browsers keep.
	ErrTooLarge = place.ErrTooLarge
	// ErrUnsupported: the chosen home of the data cannot do that.
	ErrUnsupported = place.ErrUnsupported
	// ErrNoMiddleware: the request did not pass through Manager.Handler.
	ErrNoMiddleware = errors.New("session: the request did not pass through the session middleware")
	// ErrNotSignedIn: nobody is signed in where somebody must be (Manager.RequireSignedIn).
	ErrNotSignedIn = errors.New("session: nobody is signed in")
	// ErrNotFresh: the sign-in is too long ago (Manager.RequireFresh).
	ErrNotFresh = errors.New("session: signed in too long ago")
	// ErrMisuse: a subject that cannot be one, a value that cannot be encoded, or a key that is empty,
	// longer than 128 bytes, or begins with "_flash.".
	ErrMisuse = errors.New("session: misused")
	// ErrCookieDue: the connection was hijacked while a session cookie waits to be sent; see
	// Session.TakeCookie.
	ErrCookieDue = errors.New("session: hijacked with a session cookie due")
)
