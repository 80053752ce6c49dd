package sqlite

import (
	"context"
	"errors"
	"time"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// ErrNewer is Open's answer to a database that a newer program has written. The database is left as
// it is.
var ErrNewer = errors.New("sqlite: the database was written by a newer version of this program")

// code gives SQLite's extended result code of err, 0 when it is not SQLite's. Errors are told apart
// by code because their texts change between versions.
func code(err error) int {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Code()
	}
	return 0
}

func isBusy(err error) bool   { return code(err)&0xff == lib.SQLITE_BUSY }
func isUnique(err error) bool { return code(err) == lib.SQLITE_CONSTRAINT_UNIQUE }
func isPrimaryKey(err error) bool {
	return code(err) == lib.SQLITE_CONSTRAINT_PRIMARYKEY
}

// whileBusy calls f until it is done with something else than a busy database, for as long as the
// timeout. It is for the few statements that SQLite fails at once instead of waiting, such as the
// switch to WAL.
func whileBusy(ctx context.Context, timeout time.Duration, f func() error) error {
	const pause = 10 * time.Millisecond
	for deadline := time.Now().Add(timeout); ; {
		err := f()
		if !isBusy(err) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
