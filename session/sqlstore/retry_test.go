//go:build go1.25

package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// TestRetry: what the database has undone is tried again, within a bound and not beyond the
// context; nothing else is.
func TestRetry(t *testing.T) {
	t.Parallel()
	undone, lost := error(stateError("40001")), errors.New("driver: bad connection")
	for _, test := range []struct {
		name  string
		errs  []error // of the tries; the last one repeats
		tries int
		want  error
	}{
		{"success", []error{nil}, 1, nil},
		{"undone twice", []error{undone, undone, nil}, 3, nil},
		{"undone for ever", []error{undone}, maxTries, undone},
		{"undone, then lost", []error{undone, lost}, 2, lost},
		{"lost", []error{lost, nil}, 1, lost},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				err := retryOnly(t.Context(), PostgreSQL(nil), func(try int) error {
					if tries++; try != tries {
						t.Errorf("try %d is called %d", tries, try)
					}
					return test.errs[min(try, len(test.errs))-1]
				})
				if !errors.Is(err, test.want) || tries != test.tries {
					t.Errorf("%v after %d tries, want %v after %d", err, tries, test.want, test.tries)
				}
			})
		})
	}
	t.Run("the context ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
			defer cancel()
			<-ctx.Done()
			tries := 0
			err := retryOnly(ctx, PostgreSQL(nil), func(int) error { tries++; return undone })
			if !errors.Is(err, undone) || tries > 4 { // the pause may be as short as nothing
				t.Errorf("%v after %d tries", err, tries)
			}
		})
	})
}

// retryOnly is retry of a step without a result.
func retryOnly(ctx context.Context, s *Store, step func(try int) error) error {
	_, err := retry(ctx, s, func(try int) (struct{}, error) { return struct{}{}, step(try) })
	return err
}

// TestRetryEnded: whatever a driver calls it, the end of the context is told as such; an answer
// stays an answer.
func TestRetryEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testRetryEnded)
}

func testRetryEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range []error{sql.ErrTxDone, errors.New("interrupted (9)"), stateError("40001"), context.Canceled} {
		got := retryOnly(ctx, MySQL(nil), func(int) error { return err })
		if !errors.Is(got, context.Canceled) || !errors.Is(got, err) {
			t.Errorf("%v is told as %v", err, got)
		}
		if got := retryOnly(t.Context(), MySQL(nil), func(int) error { return err }); !errors.Is(got, err) || got.Error() != err.Error() {
			t.Errorf("%v is told as %v while the context lasts", err, got)
		}
	}
	for _, err := range []error{nil, store.ErrNotFound, store.ErrConflict, store.ErrUnreadable, sql.ErrNoRows, errors.New("Error 1062: Duplicate entry")} {
		if got := retryOnly(ctx, MySQL(nil), func(int) error { return err }); got != err {
			t.Errorf("the answer %v is told as %v", err, got)
		}
	}
}
