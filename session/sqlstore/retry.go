package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/doorbook/doorbook/session"
)

// maxTries bounds how often something is tried that the database has undone. Deadlocks are rare,
// because no statement needs more than the rows of one batch; of two transactions in one the other
// gets through.
const maxTries = 10

// retry runs a step until it ends otherwise than by being undone. Only errors by which the database
// vouches that nothing of the step remains lead to another try: after a lost connection nobody
// knows, so the caller is told.
func (s *Store) retry(ctx context.Context, step func(try int) error) error {
	for try := 1; ; try++ {
		err := step(try)
		if try >= maxTries || !s.dialect.undid(err) {
			return s.ended(ctx, err)
		}
		pause := time.NewTimer(rand.N(time.Duration(try) * 5 * time.Millisecond)) // so that those who met do not meet again
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return s.ended(ctx, err)
		}
	}
}

// ended says of an error that the context ended, if it did and the error is not an answer. Drivers
// have many words for it ("interrupted", "bad connection"), and database/sql says only that the
// transaction is over.
func (s *Store) ended(ctx context.Context, err error) error {
	cause := ctx.Err()
	if err == nil || cause == nil || errors.Is(err, cause) || s.dialect.refused(err) {
		return err
	}
	for _, answer := range []error{sql.ErrNoRows, session.ErrNotFound, session.ErrConflict, session.ErrUnreadable} {
		if errors.Is(err, answer) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", cause, err)
}

// alone runs a step that is a single statement. It is a transaction by itself, under the isolation
// level that the database has by default; when that is what undid it, the next try has one of our
// own.
func (s *Store) alone(ctx context.Context, step func(tx *sql.Tx) error) error {
	return s.retry(ctx, func(try int) error {
		if try == 1 || s.dialect.isolation == sql.LevelDefault {
			return step(nil)
		}
		return s.transact(ctx, step)
	})
}

// transact runs a step in a transaction.
func (s *Store) transact(ctx context.Context, step func(tx *sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, &sql.TxOptions{Isolation: s.dialect.isolation})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // does nothing after a commit; after an error that error counts
	if err := step(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// exec runs a statement that changes rows, and gives how many.
func (s *Store) exec(ctx context.Context, st *statement, args ...any) (n int64, err error) {
	err = s.alone(ctx, func(tx *sql.Tx) (err error) {
		n, err = st.exec(ctx, tx, args...)
		return err
	})
	return n, err
}
