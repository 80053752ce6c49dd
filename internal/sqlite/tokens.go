package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// tokens is account.Tokens over doorbook.db.
type tokens struct {
	h     *Handle
	found lookups[[32]byte, account.Token] // by hash
}

func newTokens(h *Handle) *tokens {
	return &tokens{h: h, found: lookups[[32]byte, account.Token]{version: h.version}}
}

const tokenColumns = `id, hash, account, epoch, name, scopes, created_at, ends_at, ended, used_at, used_from`

// Create implements account.Tokens.
func (k *tokens) Create(ctx context.Context, by account.Actor, t account.Token, most int) error {
	err := k.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := authority(ctx, tx, by); err != nil {
			return err
		}
		var live int
		err := tx.QueryRowContext(ctx, `SELECT count(*) FROM tokens WHERE account = ? AND ended = 0 AND ends_at > ?`,
			t.Account, t.CreatedAt.UnixMilli()).Scan(&live)
		if err != nil {
			return err
		}
		if live >= most {
			return account.ErrTooManyTokens
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO tokens (`+tokenColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			t.ID, t.Hash[:], t.Account, t.Epoch, t.Name, t.Scopes.String(),
			t.CreatedAt.UnixMilli(), t.Ends.UnixMilli(), t.Ended, millisOrNever(t.UsedAt), t.UsedFrom)
		return err
	})
	return wrapToken("create", err)
}

// ByHash implements account.Tokens. It is asked at every request of a program, so what it finds is
// remembered until something is committed to the file.
func (k *tokens) ByHash(ctx context.Context, hash [32]byte) (account.Token, error) {
	t, err := k.found.find(ctx, hash, func() (account.Token, error) {
		return scanToken(k.h.Read.QueryRowContext(ctx, `SELECT `+tokenColumns+` FROM tokens WHERE hash = ?`, hash[:]))
	})
	return t, wrapToken("find", err)
}

// List implements account.Tokens.
func (k *tokens) List(ctx context.Context, owner string) ([]account.Token, error) {
	list, err := k.list(ctx, owner)
	return list, wrapToken("list", err)
}

func (k *tokens) list(ctx context.Context, owner string) (list []account.Token, err error) {
	rows, err := k.h.Read.QueryContext(ctx, `SELECT `+tokenColumns+` FROM tokens
		WHERE account = ? ORDER BY created_at DESC, id DESC`, owner)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		t, err := scanToken(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// End implements account.Tokens.
func (k *tokens) End(ctx context.Context, by account.Actor, owner, id string, now time.Time) error {
	err := k.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := authority(ctx, tx, by); err != nil {
			return err
		}
		n, err := affected(tx.ExecContext(ctx, `UPDATE tokens SET ended = 1, ends_at = ?1
			WHERE id = ?2 AND account = ?3 AND ended = 0 AND ends_at > ?1`, now.UnixMilli(), id, owner))
		if err == nil && n == 0 {
			err = account.ErrNotFound
		}
		return err
	})
	return wrapToken("end", err)
}

// EndAll implements account.Tokens.
func (k *tokens) EndAll(ctx context.Context, owner string, now time.Time) (n int, err error) {
	err = k.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err = affected(tx.ExecContext(ctx, `UPDATE tokens SET ended = 1, ends_at = ?1
			WHERE account = ?2 AND ended = 0 AND ends_at > ?1`, now.UnixMilli(), owner))
		return err
	})
	return n, wrapToken("end all", err)
}

// Touch implements account.Tokens.
func (k *tokens) Touch(ctx context.Context, t account.Token, at time.Time, from string) error {
	err := k.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE tokens SET used_at = ?, used_from = ? WHERE id = ? AND ended = 0 AND used_at = ?`,
			at.UnixMilli(), from, t.ID, millisOrNever(t.UsedAt))
		return err
	})
	return wrapToken("touch", err)
}

// Sweep implements account.Tokens.
func (k *tokens) Sweep(ctx context.Context, before time.Time, limit int) (n int, err error) {
	if limit <= 0 {
		return 0, ctx.Err()
	}
	err = k.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err = affected(tx.ExecContext(ctx, `DELETE FROM tokens WHERE id IN
			(SELECT id FROM tokens WHERE ends_at < ? ORDER BY ends_at LIMIT ?)`, before.UnixMilli(), limit))
		return err
	})
	return n, wrapToken("sweep", err)
}

func scanToken(row interface{ Scan(...any) error }) (t account.Token, err error) {
	var hash []byte
	var scopes string
	var created, ends, used int64
	err = row.Scan(&t.ID, &hash, &t.Account, &t.Epoch, &t.Name, &scopes, &created, &ends, &t.Ended, &used, &t.UsedFrom)
	if errors.Is(err, sql.ErrNoRows) {
		err = account.ErrNotFound
	}
	copy(t.Hash[:], hash)
	t.Scopes = account.ReadScopes(scopes)
	t.CreatedAt, t.Ends = fromMillis(created), fromMillis(ends)
	if used != 0 {
		t.UsedAt = fromMillis(used)
	}
	return t, err
}

// millisOrNever is a time as it is stored; 0 for the zero time.
func millisOrNever(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// wrapToken says what failed, and leaves alone the answers that callers act upon.
func wrapToken(what string, err error) error {
	switch {
	case err == nil, errors.Is(err, account.ErrNotFound), errors.Is(err, account.ErrAuthority),
		errors.Is(err, account.ErrTooManyTokens):
		return err
	}
	return fmt.Errorf("sqlite: tokens: %s: %w", what, err)
}
