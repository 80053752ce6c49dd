package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/doorbook/doorbook/internal/account"
)

// Joining implements account.Repository. Pages of strangers ask for it, so what it finds is
// remembered until something is committed to the file.
func (a *accounts) Joining(ctx context.Context) (account.Joining, error) {
	j, err := a.joining.find(ctx, 1, func() (account.Joining, error) { return a.readJoining(ctx) })
	j.Domains = slices.Clone(j.Domains) // its caller may change them
	return j, wrapAccount("read registration", err)
}

func (a *accounts) readJoining(ctx context.Context) (j account.Joining, err error) {
	var domains string
	err = a.h.Read.QueryRowContext(ctx, `SELECT mode, domains, approval FROM registration WHERE one = 1`).
		Scan(&j.Mode, &domains, &j.Approval)
	if errors.Is(err, sql.ErrNoRows) {
		return j, nil
	}
	if err == nil {
		err = decodeList(domains, &j.Domains)
	}
	return j, err
}

// SetJoining implements account.Repository.
func (a *accounts) SetJoining(ctx context.Context, by account.Actor, j account.Joining) error {
	err := a.tx(ctx, by, func(ctx context.Context, tx *sql.Tx) error {
		domains, err := encodeList(j.Domains)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO registration (one, mode, domains, approval) VALUES (1, ?, ?, ?)
			ON CONFLICT (one) DO UPDATE SET mode = excluded.mode, domains = excluded.domains, approval = excluded.approval`,
			string(j.Mode), domains, j.Approval)
		return err
	})
	return wrapAccount("set registration", err)
}
