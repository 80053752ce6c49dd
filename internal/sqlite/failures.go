package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/doorbook/doorbook/internal/account"
)

var _ account.Failures = (*throttle)(nil)

// Failures implements account.Failures.
func (t *throttle) Failures(ctx context.Context, key string) (n int, err error) {
	err = t.h.Read.QueryRowContext(ctx, `SELECT failures FROM throttle WHERE key = ?`, key).Scan(&n)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("sqlite: throttle: failures: %w", err)
	}
	return n, nil
}
