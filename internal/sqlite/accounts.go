package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// accounts is account.Repository over doorbook.db.
type accounts struct {
	h       *Handle
	byID    *sql.Stmt
	byEmail *sql.Stmt
	byName  *sql.Stmt
	byLink  *sql.Stmt
	gone    *sql.Stmt
	found   lookups[string, account.Developer] // by id
	asked   lookups[string, bool]              // whether there is somebody of that id
	joining lookups[int, account.Joining]      // of one key
}

func newAccounts(ctx context.Context, h *Handle) (*accounts, error) {
	a := &accounts{
		h: h, found: lookups[string, account.Developer]{version: h.version}, asked: lookups[string, bool]{version: h.version},
		joining: lookups[int, account.Joining]{version: h.version},
	}
	err := prepare(ctx, h.Read, []statement{
		{&a.byID, `SELECT ` + developerColumns + ` FROM developers WHERE id = ?`},
		{&a.byEmail, `SELECT ` + developerColumns + ` FROM developers WHERE email_key = ?`},
		{&a.byName, `SELECT ` + developerColumns + ` FROM developers WHERE short_name = ?`},
		{&a.byLink, `SELECT ` + developerColumns + ` FROM developers WHERE link_hash = ?`},
		{&a.gone, `SELECT id FROM developers WHERE id IN (?` + strings.Repeat(`, ?`, account.MostAsked-1) + `)`},
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
	d.Skills, d.Groups = slices.Clone(d.Skills), slices.Clone(d.Groups) // its caller may change them
	return d, err
}

// ByEmail implements account.Repository.
func (a *accounts) ByEmail(ctx context.Context, emailKey string) (account.Developer, error) {
	return a.one(ctx, a.byEmail, emailKey)
}

// ByShortName implements account.Repository.
func (a *accounts) ByShortName(ctx context.Context, name string) (account.Developer, error) {
	return a.one(ctx, a.byName, name)
}

// ByLink implements account.Repository.
func (a *accounts) ByLink(ctx context.Context, hash []byte) (account.Developer, error) {
	return a.one(ctx, a.byLink, hash)
}

func (a *accounts) one(ctx context.Context, s *sql.Stmt, key any) (account.Developer, error) {
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
		if !c.Holds(d) {
			return account.ErrChanged
		}
		was := d
		c.Apply(&d)
		d.UpdatedAt = fromMillis(now.UnixMilli())
		if was.IsAdmin() && !d.IsAdmin() {
			if err := keepAnAdmin(ctx, tx, id); err != nil {
				return err
			}
		}
		err = storeDeveloper(ctx, tx, `UPDATE developers SET (`+developerColumns+`) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			WHERE id = ?`, d, d.ID)
		if err != nil {
			return err
		}
		return keepWords(ctx, tx, was, d)
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
		if d.IsAdmin() {
			if err := keepAnAdmin(ctx, tx, id); err != nil {
				return err
			}
		}
		if err := dropWords(ctx, tx, id); err != nil {
			return err
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
	if err != nil {
		return err
	}
	for _, must := range []struct{ id, query string }{
		{by.Session, `SELECT EXISTS (SELECT 1 FROM sessions WHERE id = ? AND subject = ?)`},
		{by.Token, `SELECT EXISTS (SELECT 1 FROM tokens WHERE id = ? AND account = ? AND ended = 0)`},
	} {
		if must.id == "" {
			continue
		}
		var live bool
		if err := q.QueryRowContext(ctx, must.query, must.id, by.ID).Scan(&live); err != nil {
			return err
		}
		if !live {
			return account.ErrAuthority
		}
	}
	return nil
}

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
	err = q.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM developers WHERE role = 'admin' AND state = 'active' AND id <> ?)`, except).Scan(&has)
	return has, err
}

func insertDeveloper(ctx context.Context, tx *sql.Tx, d account.Developer) error {
	err := storeDeveloper(ctx, tx, `INSERT INTO developers (`+developerColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, d)
	if err != nil {
		return err
	}
	return keepWords(ctx, tx, account.Developer{}, d)
}

// storeDeveloper runs a statement that takes a developer's columns, then more. Of what somebody has already,
// the answer names what the caller can act upon.
func storeDeveloper(ctx context.Context, tx *sql.Tx, statement string, d account.Developer, more ...any) error {
	values, err := developerValues(d)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, statement, append(values, more...)...)
	if isPrimaryKey(err) { // the same developer again?
		var taken bool
		if e := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM developers WHERE email_key = ?)`, d.EmailKey).Scan(&taken); e != nil {
			return e
		}
		if taken {
			return account.ErrEmailTaken
		}
	}
	switch {
	case isUnique(err) && strings.Contains(err.Error(), "developers.short_name"):
		return account.ErrNameTaken
	case isUnique(err):
		return account.ErrEmailTaken
	}
	return err
}

func developerIn(ctx context.Context, q queryer, id string) (account.Developer, error) {
	return scanDeveloper(q.QueryRowContext(ctx, `SELECT `+developerColumns+` FROM developers WHERE id = ?`, id))
}

// wrapAccount says what failed, and leaves alone the answers that callers act upon.
func wrapAccount(what string, err error) error {
	for _, known := range []error{nil, account.ErrNotFound, account.ErrEmailTaken, account.ErrNameTaken, account.ErrLastAdmin, account.ErrSetupOver, account.ErrAuthority, account.ErrBadPage} {
		if err == known {
			return err
		}
	}
	return fmt.Errorf("sqlite: %s: %w", what, err)
}
