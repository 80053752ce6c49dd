package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// devices is account.Devices over doorbook.db.
type devices struct{ h *Handle }

const deviceColumns = `id, account, epoch, name, session, first_seen, last_seen`

// Find implements account.Devices.
func (d *devices) Find(ctx context.Context, id string) (account.Device, error) {
	found, err := scanDevice(d.h.Read.QueryRowContext(ctx,
		`SELECT `+deviceColumns+` FROM devices WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return account.Device{}, account.ErrNotFound
	}
	return found, wrapDevice("find", err)
}

// Keep implements account.Devices.
func (d *devices) Keep(ctx context.Context, dev account.Device, most int, begun ...account.SignIn) error {
	err := d.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, s := range begun {
			if err := enterSignIn(ctx, tx, s); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO devices (`+deviceColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET
			name = CASE account WHEN excluded.account THEN name ELSE excluded.name END,
			account = excluded.account, epoch = excluded.epoch, session = excluded.session,
			first_seen = excluded.first_seen, last_seen = excluded.last_seen`,
			dev.ID, dev.Account, dev.Epoch, dev.Name, dev.Session, dev.FirstSeen.UnixMilli(), dev.LastSeen.UnixMilli())
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM devices WHERE id IN (SELECT id FROM devices
			WHERE account = ?1 AND id <> ?2 ORDER BY last_seen DESC, id LIMIT -1 OFFSET ?3)`,
			dev.Account, dev.ID, max(0, most-1))
		return err
	})
	return wrapDevice("keep", err)
}

// Rename implements account.Devices.
func (d *devices) Rename(ctx context.Context, owner, session, name string) (dev account.Device, err error) {
	if session == "" {
		return dev, account.ErrNotFound
	}
	err = d.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		dev, err = scanDevice(tx.QueryRowContext(ctx, `UPDATE devices SET name = ?3
			WHERE account = ?1 AND session = ?2 RETURNING `+deviceColumns, owner, session, name))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return account.Device{}, account.ErrNotFound
	}
	return dev, wrapDevice("rename", err)
}

// List implements account.Devices.
func (d *devices) List(ctx context.Context, owner string) ([]account.Device, error) {
	list, err := d.list(ctx, owner)
	return list, wrapDevice("list", err)
}

func (d *devices) list(ctx context.Context, owner string) (list []account.Device, err error) {
	rows, err := d.h.Read.QueryContext(ctx, `SELECT `+deviceColumns+` FROM devices
		WHERE account = ? ORDER BY last_seen DESC, id`, owner)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		dev, err := scanDevice(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, dev)
	}
	return list, rows.Err()
}

// End implements account.Devices.
func (d *devices) End(ctx context.Context, owner string, except ...string) (n int, err error) {
	query, args := `DELETE FROM devices WHERE account = ?`, []any{owner}
	for _, id := range except {
		query, args = query+` AND id <> ?`, append(args, id)
	}
	err = d.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err = affected(tx.ExecContext(ctx, query, args...))
		return err
	})
	return n, wrapDevice("end", err)
}

// Sweep implements account.Devices.
func (d *devices) Sweep(ctx context.Context, before time.Time, limit int) (n int, err error) {
	if limit <= 0 {
		return 0, ctx.Err()
	}
	err = d.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err = affected(tx.ExecContext(ctx, `DELETE FROM devices WHERE id IN
			(SELECT id FROM devices WHERE last_seen < ? ORDER BY last_seen LIMIT ?)`,
			before.UnixMilli(), limit))
		return err
	})
	return n, wrapDevice("sweep", err)
}

func scanDevice(row interface{ Scan(...any) error }) (d account.Device, err error) {
	var first, last int64
	err = row.Scan(&d.ID, &d.Account, &d.Epoch, &d.Name, &d.Session, &first, &last)
	d.FirstSeen, d.LastSeen = fromMillis(first), fromMillis(last)
	return d, err
}

func wrapDevice(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sqlite: devices: %s: %w", what, err)
}
