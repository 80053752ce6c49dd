package sqlstore

import (
	"errors"
	"strings"
)

// code returns the code of a database's error: the SQLSTATE of drivers that have a method for it
// (pgx and lib/pq do), else the number that its text begins with, as in "Error 1213 (40001):
// Deadlock found". The text is a last resort, but go-sql-driver/mysql has its number only in a
// field, which cannot be read without importing it. An error of another form has no code: it is
// never tried again, and nothing is concluded from it.
func code(err error) string {
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		return state.SQLState()
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if text, ok := strings.CutPrefix(err.Error(), "Error "); ok {
			if end := strings.IndexAny(text, " :"); end > 0 {
				return text[:end]
			}
		}
	}
	return ""
}
