package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// maxTries bounds how often something is tried that the database has undone. Deadlocks are rare,
// because no statement needs more than the rows of one batch; of two transactions in one the other
// gets through.
const maxTries = 10

// retry runs a step until it ends otherwise than by being undone. Only errors by which the database
// vouches that nothing of the step remains lead to another try: after a lost connection nobody
// knows, so the caller is told.
func retry[T any](ctx context.Context, s *Store, step func(try int) (T, error)) (T, error) {
	for try := 1; ; try++ {
		out, err := within(ctx, func() (T, error) { return step(try) })
		if try >= maxTries || !s.dialect.undid(err) {
			return out, s.ended(ctx, err)
		}
		pause := time.NewTimer(rand.N(time.Duration(try) * 5 * time.Millisecond)) // so that those who met do not meet again
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return out, s.ended(ctx, err)
		}
	}
}

// grace is how long a step may go on after its context has ended. In most cases database/sql and
// the driver need far less to come back with what they know.
const grace = 20 * time.Millisecond

// within runs a step and returns when it is over, or soon after its context is. A step obeys its
// context as far as database/sql and the driver do. Not all of them can: database/sql commits and
// rolls back without one, and a server that is being backed up, or has stopped, lets a commit wait;
// so does SQLite while it polls a lock. What was given up ends by itself in the background, and
// gives back its connection then; what it did nobody learns, so a step must leave nothing in
// variables of its caller.
func within[T any](ctx context.Context, step func() (T, error)) (T, error) {
	if ctx.Done() == nil {
		return step()
	}
	type outcome struct {
		out      T
		err      error
		panicked any
	}
	over := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			o.panicked = recover() // for the caller's goroutine, whose server knows what to do with it
			over <- o
		}()
		o.out, o.err = step()
	}()
	var o outcome
	select {
	case o = <-over:
	case <-ctx.Done():
		last := time.NewTimer(grace)
		defer last.Stop()
		select {
		case o = <-over:
		case <-last.C:
			o.err = ctx.Err()
		}
	}
	if o.panicked != nil {
		panic(o.panicked)
	}
	return o.out, o.err
}

// ended says of an error that the context ended, if it did and the error is not an answer. Drivers
// have many words for it ("interrupted", "bad connection"), and database/sql says only that the
// transaction is over.
func (s *Store) ended(ctx context.Context, err error) error {
	cause := ctx.Err()
	if err == nil || cause == nil || errors.Is(err, cause) || s.dialect.refused(err) {
		return err
	}
	for _, answer := range []error{sql.ErrNoRows, store.ErrNotFound, store.ErrConflict, store.ErrUnreadable} {
		if errors.Is(err, answer) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", cause, err)
}

// alone runs a step that is a single statement. It is a transaction by itself, under the isolation
// level that the database has by default; when that is what undid it, the next try has one of our
// own.
func alone[T any](ctx context.Context, s *Store, step func(tx *sql.Tx) (T, error)) (T, error) {
	return retry(ctx, s, func(try int) (out T, err error) {
		if try == 1 || s.dialect.isolation == sql.LevelDefault {
			return step(nil)
		}
		err = s.transact(ctx, func(tx *sql.Tx) (err error) {
			out, err = step(tx)
			return err
		})
		return out, err
	})
}

// reading is alone for a step that changes nothing, which is tried on another connection where one
// was broken.
func reading[T any](ctx context.Context, s *Store, step func(tx *sql.Tx) (T, error)) (T, error) {
	out, err := alone(ctx, s, step)
	if ctx.Err() == nil && cutOff(err) {
		return alone(ctx, s, step)
	}
	return out, err
}

// cutOff reports whether an error is of a connection that a call before has left broken: the
// driver's limit of time on it, which is not ours, comes to light at the next use.
func cutOff(err error) bool {
	var broken net.Error
	return errors.As(err, &broken) && broken.Timeout()
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

// exec runs a statement that changes rows, and returns how many.
func (s *Store) exec(ctx context.Context, st *statement, args ...any) (int64, error) {
	return alone(ctx, s, func(tx *sql.Tx) (int64, error) { return st.exec(ctx, tx, args...) })
}
