package mongostore

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/doorbook/doorbook/session/store"
)

// The server's error codes that mean something to a store:
// https://www.mongodb.com/docs/manual/reference/error-codes/
const (
	codeBadValue              = 2 // here: a version that cannot be counted up any more
	codeTypeMismatch          = 14
	codePathNotViable         = 28
	codeIndexOptionsConflict  = 85
	codeIndexKeySpecsConflict = 86
	codeNotImplemented        = 238
)

// serverError is an error that the server answered, without the server's words: these may hold what
// was to be stored. errors.As still finds the driver's error, for those who take care of what it
// says.
type serverError struct {
	err   error
	means error // of package session, or nil
}

func (e *serverError) Error() string {
	text := "the server answered an error"
	var command mongo.CommandError
	var server mongo.ServerError
	switch {
	case mongo.IsNetworkError(e.err): // the driver has a CommandError without a code for it
		text = "the connection to the server broke"
	case errors.As(e.err, &command):
		text = fmt.Sprintf("the server answered error %d (%s)", command.Code, command.Name)
	case errors.As(e.err, &server):
		text = fmt.Sprintf("the server answered errors %d", server.ErrorCodes())
	}
	if e.means != nil {
		text = e.means.Error() + ": " + text
	}
	return text
}

func (e *serverError) Unwrap() []error {
	if e.means != nil {
		return []error{e.means, e.err}
	}
	return []error{e.err}
}

// has reports whether the server answered one of these codes.
func has(err error, codes ...int) bool {
	var server mongo.ServerError
	if !errors.As(err, &server) {
		return false
	}
	for _, code := range codes {
		if server.HasErrorCode(code) {
			return true
		}
	}
	return false
}

// unfit reports whether the document has something else where a patch expects a number or a
// document.
func unfit(err error) bool { return has(err, codeBadValue, codeTypeMismatch, codePathNotViable) }

// explained says where an error comes from. What a store answers goes as it is.
func explained(ctx context.Context, method string, err error) error {
	for _, answer := range []error{store.ErrNotFound, store.ErrConflict, store.ErrExists} {
		if err == nil || errors.Is(err, answer) {
			return err
		}
	}
	var known *serverError
	var server mongo.ServerError
	if errors.As(err, &server) && !errors.As(err, &known) {
		err = &serverError{err: err}
	}
	// The driver gives up a little before the time is over when no answer could come in what is
	// left of it.
	switch ended := ctx.Err(); {
	case ended != nil && !errors.Is(err, ended):
		err = fmt.Errorf("%w: %w", ended, err)
	case ended == nil && mongo.IsTimeout(err) && !errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("%w: %w", context.DeadlineExceeded, err)
	}
	return fmt.Errorf("mongostore: %s: %w", method, err)
}
