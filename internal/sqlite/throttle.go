package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// throttle is account.Throttle over doorbook.db. The write lock of its transactions, which holds
// across processes, is what makes the counters exact.
type throttle struct{ h *Handle }

// Take implements account.Throttle.
func (t *throttle) Take(ctx context.Context, counters []account.Attempt, now time.Time) (wait time.Duration, err error) {
	err = t.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, a := range counters {
			c, err := counterIn(ctx, tx, a.Key)
			if err != nil {
				return err
			}
			if c, wait = a.Policy.Take(c, now); wait > 0 {
				return errRefused // nothing is stored
			}
			if err := keepCounter(ctx, tx, a.Key, c); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, errRefused) {
		return wait, nil
	}
	if err != nil {
		return 0, fmt.Errorf("sqlite: throttle: %w", err)
	}
	return 0, nil
}

// errRefused rolls back the transaction of an attempt that was refused.
var errRefused = errors.New("refused")

func keepCounter(ctx context.Context, tx *sql.Tx, key string, c account.Counter) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO throttle (key, failures, last_at, until_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at, until_at = excluded.until_at`,
		key, c.Failures, c.Last.UnixMilli(), untilMillis(c.Until))
	return err
}

// Settle implements account.Throttle.
func (t *throttle) Settle(ctx context.Context, forgiven, refunded []string) error {
	err := t.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, key := range forgiven {
			if _, err := tx.ExecContext(ctx, `DELETE FROM throttle WHERE key = ?`, key); err != nil {
				return err
			}
		}
		for _, key := range refunded {
			_, err := tx.ExecContext(ctx, `UPDATE throttle SET failures = failures - 1, until_at = 0 WHERE key = ?1;
				DELETE FROM throttle WHERE key = ?1 AND failures <= 0`, key)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("sqlite: throttle: settle: %w", err)
	}
	return nil
}

// Sweep implements account.Throttle.
func (t *throttle) Sweep(ctx context.Context, before time.Time, limit int) (n int, err error) {
	if limit <= 0 {
		return 0, ctx.Err()
	}
	err = t.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err = affected(tx.ExecContext(ctx, `DELETE FROM throttle WHERE key IN
			(SELECT key FROM throttle WHERE last_at < ? ORDER BY last_at LIMIT ?)`, before.UnixMilli(), limit))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sqlite: throttle: sweep: %w", err)
	}
	return n, nil
}

func counterIn(ctx context.Context, tx *sql.Tx, key string) (account.Counter, error) {
	var (
		c           account.Counter
		last, until int64
	)
	err := tx.QueryRowContext(ctx, `SELECT failures, last_at, until_at FROM throttle WHERE key = ?`, key).Scan(&c.Failures, &last, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return account.Counter{}, nil
	}
	if err != nil {
		return account.Counter{}, err
	}
	c.Last = fromMillis(last)
	if until != 0 {
		c.Until = fromMillis(until)
	}
	return c, nil
}

// untilMillis stores no pause as zero. It rounds down: rounded up, a pause of the longest length
// would be longer than that, and Policy.Take would take it for a broken clock's.
func untilMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// affected is how many rows a statement changed.
func affected(r sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := r.RowsAffected()
	return int(n), err
}
