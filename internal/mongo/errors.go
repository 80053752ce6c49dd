package mongo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
)

// Codes of MongoDB's answers (src/mongo/base/error_codes.yml).
const (
	codeUnauthorized      = 13    // the user may not do this, or nobody is signed in
	codeAuthFailed        = 18    // user name or password is wrong
	codeNamespaceNotFound = 26    // no such collection
	codeIndexOptions      = 85    // an index of that name has other options
	codeIndexKeys         = 86    // or other keys
	codeNotImplemented    = 238   // of servers that are not MongoDB
	codeAuthAtlas         = 8000  // of MongoDB Atlas: as 18
	codeDuplicate         = 11000 // a unique index has that value already
)

// failure is an error of the database as it leaves this package: its text is free of what opens the
// database, and so is whatever can be got at through it, for it does not unwrap. errors.Is looks
// through it all the same.
type failure struct {
	text  string
	cause error
}

func (f *failure) Error() string        { return f.text }
func (f *failure) Is(target error) bool { return errors.Is(f.cause, target) }

// fail says what failed, and leaves alone the answers that callers act upon.
func (db *DB) fail(ctx context.Context, what string, err error) error {
	for _, known := range []error{
		nil, account.ErrNotFound, account.ErrEmailTaken, account.ErrChanged, account.ErrLastAdmin, account.ErrSetupOver, account.ErrAuthority,
		account.ErrTooManyTokens,
		book.ErrNotFound, book.ErrKept, book.ErrExists, book.ErrBadCursor,
	} {
		if err == known {
			return err
		}
	}
	if cause := ctx.Err(); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err) // the driver does not always say so
	}
	return db.secrets.hide(fmt.Errorf("mongo: %s: %w", what, err))
}

// secrets are the texts of a URL that no error and no log may hold.
type secrets []string

// hide gives the error without them.
func (s secrets) hide(err error) error {
	text := err.Error()
	for _, secret := range s {
		text = strings.ReplaceAll(text, secret, "[redacted]")
	}
	return &failure{text: text, cause: err}
}

// hasCode reports whether the server answered with one of the codes.
func hasCode(err error, codes ...int) bool {
	var answer driver.ServerError
	if !errors.As(err, &answer) {
		return false
	}
	for _, code := range codes {
		if answer.HasErrorCode(code) {
			return true
		}
	}
	return false
}

// isDuplicate reports whether a unique index has the value already. FerretDB over SQLite says so of
// an update in its own way.
func isDuplicate(err error) bool {
	return driver.IsDuplicateKeyError(err) || err != nil && strings.Contains(err.Error(), "UNIQUE constraint failed")
}

// explain gives a sentence for an operator who opens a database, where the driver's own needs one.
func explain(err error, hosts []string, name string) error {
	text := err.Error()
	where := "the MongoDB at " + strings.Join(hosts, ",")
	switch {
	case hasCode(err, codeAuthFailed, codeAuthAtlas) || strings.Contains(text, "auth error"):
		return fmt.Errorf("%s refuses the user name or the password (authSource=… in the URL names the user's database): %w", where, err)
	case hasCode(err, codeUnauthorized):
		return fmt.Errorf("%s wants a user with the role readWrite on the database %s: %w", where, name, err)
	case driver.IsTimeout(err) || driver.IsNetworkError(err) || strings.Contains(text, "server selection error"):
		return fmt.Errorf("no answer from %s: %w", where, err)
	}
	return fmt.Errorf("%s: %w", where, err)
}
