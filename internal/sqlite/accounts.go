package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// accounts is account.Repository over doorbook.db.
type accounts struct {
	h       *Handle
	byID    *sql.Stmt
	byEmail *sql.Stmt
	found   lookups[string, account.Developer] // by id
}

func newAccounts(ctx context.Context, h *Handle) (*accounts, error) {
	a := &accounts{h: h, found: lookups[string, account.Developer]{version: h.version}}
	err := prepare(ctx, h.Read, []statement{
		{&a.byID, `SELECT ` + developerColumns + ` FROM developers WHERE id = ?`},
		{&a.byEmail, `SELECT ` + developerColumns + ` FROM developers WHERE email_key = ?`},
	})
	return a, err
}

// Create implements account.Repository.
func (a *accounts) Create(ctx context.Context, by account.Actor, d account.Developer) error {
	err := a.tx(ctx, by, func(ctx context.Context, tx *sql.Tx) error { return insertDeveloper(ctx, tx, d) })
	return wrapAccount("create developer", err)
}

// ByID implements account.Repository. It is asked at every request of a signed-in person, so what
// it finds is remembered until something is committed to the file.
func (a *accounts) ByID(ctx context.Context, id string) (account.Developer, error) {
	d, err := a.found.find(ctx, id, func() (account.Developer, error) { return a.one(ctx, a.byID, id) })
	d.Skills = slices.Clone(d.Skills) // its caller may change it
	return d, err
}

// ByEmail implements account.Repository.
func (a *accounts) ByEmail(ctx context.Context, emailKey string) (account.Developer, error) {
	return a.one(ctx, a.byEmail, emailKey)
}

func (a *accounts) one(ctx context.Context, s *sql.Stmt, key string) (account.Developer, error) {
	if err := ctx.Err(); err != nil {
		return account.Developer{}, err
	}
	// A context that can end costs two goroutines per query, more than this look-up by key, which
	// nothing can hold up.
	d, err := scanDeveloper(s.QueryRowContext(context.WithoutCancel(ctx), key))
	return d, wrapAccount("find developer", err)
}

// List implements account.Repository. Limits over 1000 count as 1000.
func (a *accounts) List(ctx context.Context, after string, limit int) ([]account.Developer, error) {
	list, err := a.list(ctx, after, min(limit, 1000))
	return list, wrapAccount("list developers", err)
}

func (a *accounts) list(ctx context.Context, after string, limit int) ([]account.Developer, error) {
	if limit <= 0 {
		return nil, ctx.Err()
	}
	rows, err := a.h.Read.QueryContext(ctx, `SELECT `+developerColumns+` FROM developers WHERE id > ? ORDER BY id LIMIT ?`, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []account.Developer
	for rows.Next() {
		d, err := scanDeveloper(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, d)
	}
	return list, rows.Err()
}

// Update implements account.Repository.
func (a *accounts) Update(
	ctx context.Context, by account.Actor, id string, c account.Change, now time.Time,
) (account.Developer, error) {
	var d account.Developer
	err := a.tx(ctx, by, func(ctx context.Context, tx *sql.Tx) (err error) {
		if d, err = developerIn(ctx, tx, id); err != nil {
			return err
		}
		if c.IfEpoch != nil && *c.IfEpoch != d.Epoch {
			return account.ErrChanged
		}
		was := signInAdmin(d)
		apply(&d, c)
		d.UpdatedAt = fromMillis(now.UnixMilli())
		if was && !signInAdmin(d) {
			if err := keepAnAdmin(ctx, tx, id); err != nil {
				return err
			}
		}
		skills, err := encodeSkills(d.Skills)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE developers SET name = ?, email = ?, email_key = ?, skills = ?, password_hash = ?,
			role = ?, disabled = ?, epoch = ?, updated_at = ? WHERE id = ?`,
			d.Name, d.Email, d.EmailKey, skills, d.PasswordHash, string(d.Role), d.Disabled, d.Epoch, d.UpdatedAt.UnixMilli(), id)
		if isUnique(err) {
			return account.ErrEmailTaken
		}
		return err
	})
	if err != nil {
		return account.Developer{}, wrapAccount("update developer", err)
	}
	return d, nil
}

// Delete implements account.Repository.
func (a *accounts) Delete(ctx context.Context, by account.Actor, id string) error {
	err := a.tx(ctx, by, func(ctx context.Context, tx *sql.Tx) error {
		d, err := developerIn(ctx, tx, id)
		if err != nil {
			return err
		}
		if signInAdmin(d) {
			if err := keepAnAdmin(ctx, tx, id); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM developers WHERE id = ?`, id)
		return err
	})
	return wrapAccount("delete developer", err)
}

// HasAdmin implements account.Repository.
func (a *accounts) HasAdmin(ctx context.Context) (has bool, err error) {
	has, err = hasAdmin(ctx, a.h.Read, "")
	return has, wrapAccount("look for an admin", err)
}

// Confirm implements account.Repository.
func (a *accounts) Confirm(ctx context.Context, by account.Actor) error {
	return wrapAccount("look at the actor", authority(ctx, a.h.Read, by))
}

// tx runs f in one write transaction, if the actor is what they were when it begins.
func (a *accounts) tx(ctx context.Context, by account.Actor, f func(ctx context.Context, tx *sql.Tx) error) error {
	return a.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := authority(ctx, tx, by); err != nil {
			return err
		}
		return f(ctx, tx)
	})
}

// authority returns account.ErrAuthority if the actor is no longer what they were. Their session is
// looked for in the table of sqlstore, which callers keep in the same file: session.Manager.List
// would not look in the transaction that writes.
func authority(ctx context.Context, q queryer, by account.Actor) error {
	if by == (account.Actor{}) {
		return nil
	}
	now, err := developerIn(ctx, q, by.ID)
	if errors.Is(err, account.ErrNotFound) || err == nil && !by.May(now) {
		return account.ErrAuthority
	}
	if err != nil || by.Session == "" {
		return err
	}
	var live bool
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sessions WHERE id = ? AND subject = ?)`, by.Session, by.ID).Scan(&live)
	if err == nil && !live {
		err = account.ErrAuthority
	}
	return err
}

func apply(d *account.Developer, c account.Change) {
	set(&d.Name, c.Name)
	set(&d.Email, c.Email)
	set(&d.EmailKey, c.EmailKey)
	set(&d.Skills, c.Skills)
	set(&d.PasswordHash, c.PasswordHash)
	set(&d.Role, c.Role)
	set(&d.Disabled, c.Disabled)
	if c.EndSignIns {
		d.Epoch++
	}
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

func signInAdmin(d account.Developer) bool { return d.Role == account.Admin && !d.Disabled }

// keepAnAdmin refuses to lose the admin of that id when no other one can sign in.
func keepAnAdmin(ctx context.Context, tx *sql.Tx, id string) error {
	switch other, err := hasAdmin(ctx, tx, id); {
	case err != nil:
		return err
	case !other:
		return account.ErrLastAdmin
	}
	return nil
}

// queryer is what *sql.DB and *sql.Tx have in common here.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// hasAdmin reports whether an enabled admin other than the one of the id exists.
func hasAdmin(ctx context.Context, q queryer, except string) (has bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM developers WHERE role = 'admin' AND disabled = 0 AND id <> ?)`, except).Scan(&has)
	return has, err
}

func insertDeveloper(ctx context.Context, tx *sql.Tx, d account.Developer) error {
	skills, err := encodeSkills(d.Skills)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO developers (`+developerColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		d.ID, d.Name, d.Email, d.EmailKey, skills, d.PasswordHash, string(d.Role), d.Disabled, d.Epoch, d.CreatedAt.UnixMilli(), d.UpdatedAt.UnixMilli())
	if isPrimaryKey(err) { // the same developer again: the address is what its caller can act upon
		var taken bool
		if e := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM developers WHERE email_key = ?)`, d.EmailKey).Scan(&taken); e != nil {
			return e
		}
		if taken {
			return account.ErrEmailTaken
		}
	}
	if isUnique(err) {
		return account.ErrEmailTaken
	}
	return err
}

func developerIn(ctx context.Context, q queryer, id string) (account.Developer, error) {
	return scanDeveloper(q.QueryRowContext(ctx, `SELECT `+developerColumns+` FROM developers WHERE id = ?`, id))
}

// wrapAccount says what failed, and leaves alone the answers that callers act upon.
func wrapAccount(what string, err error) error {
	for _, known := range []error{nil, account.ErrNotFound, account.ErrEmailTaken, account.ErrLastAdmin, account.ErrSetupOver, account.ErrAuthority} {
		if err == known {
			return err
		}
	}
	return fmt.Errorf("sqlite: %s: %w", what, err)
}
