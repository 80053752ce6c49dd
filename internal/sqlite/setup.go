package sqlite

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// OpenSetup implements account.Repository.
func (a *accounts) OpenSetup(ctx context.Context, tokenHash []byte, expires time.Time) error {
	err := a.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO setup (one, token_hash, expires_at) VALUES (1, ?, ?)
			ON CONFLICT (one) DO UPDATE SET token_hash = excluded.token_hash, expires_at = excluded.expires_at`,
			tokenHash, expires.UnixMilli())
		return err
	})
	return wrapAccount("open setup", err)
}

// SetupOpen implements account.Repository.
func (a *accounts) SetupOpen(ctx context.Context, tokenHash []byte, now time.Time) (bool, error) {
	open, err := setupOpen(ctx, a.h.Read, tokenHash, now)
	return open, wrapAccount("look at setup", err)
}

// CompleteSetup implements account.Repository.
func (a *accounts) CompleteSetup(ctx context.Context, tokenHash []byte, d account.Developer, now time.Time) error {
	err := a.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		open, err := setupOpen(ctx, tx, tokenHash, now)
		if err != nil {
			return err
		}
		if !open {
			return account.ErrSetupOver
		}
		if err := insertDeveloper(ctx, tx, d); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM setup`)
		return err
	})
	return wrapAccount("complete setup", err)
}

// setupOpen reports whether the token would be taken at now. One query sees one moment, so the link
// cannot be taken for open between two of them.
func setupOpen(ctx context.Context, q queryer, tokenHash []byte, now time.Time) (bool, error) {
	var (
		stored  []byte
		expires int64
	)
	err := q.QueryRowContext(ctx, `SELECT token_hash, expires_at FROM setup
		WHERE NOT EXISTS (SELECT 1 FROM developers WHERE role = 'admin' AND state = 'active')`).Scan(&stored, &expires)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return account.SetupOpen(fromMillis(expires), now) && len(stored) > 0 && subtle.ConstantTimeCompare(stored, tokenHash) == 1, nil
}
