package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/internal/account"
)

// signIns is account.SignIns over doorbook.db.
type signIns struct{ h *Handle }

const signInColumns = `session, account, device, name, user_agent, addr, method,
	began, last_seen, idle, until, ended, why, by_id, by_name`

const insertSignIn = `INSERT INTO sign_ins (` + signInColumns + `, over)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func signInValues(s account.SignIn) []any {
	s.Clip()
	return []any{
		s.Session, s.Account, s.Device, s.Name, s.UserAgent, s.Addr, string(s.Method),
		millis(s.Began), millis(s.LastSeen), s.Idle.Milliseconds(), millis(s.Until),
		millis(s.Ended), string(s.Why), s.By, s.ByName, millis(s.Over()),
	}
}

// millis is a time as it is stored, 0 for the zero time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// enterSignIn enters one that has begun. A session of that id is the same one: it stays.
func enterSignIn(ctx context.Context, tx *sql.Tx, s account.SignIn) error {
	_, err := tx.ExecContext(ctx, insertSignIn+` ON CONFLICT (session) DO NOTHING`, signInValues(s)...)
	return err
}

// End implements account.SignIns.
func (s *signIns) End(ctx context.Context, ended []account.SignIn) error {
	if len(ended) == 0 {
		return ctx.Err()
	}
	return wrapSignIn("end", s.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, one := range ended {
			_, err := tx.ExecContext(ctx, insertSignIn+` ON CONFLICT (session) DO UPDATE SET
				name = CASE excluded.name WHEN '' THEN name ELSE excluded.name END,
				last_seen = max(last_seen, excluded.last_seen), ended = excluded.ended, why = excluded.why,
				by_id = excluded.by_id, by_name = excluded.by_name, over = excluded.over
				WHERE ended = 0 AND account = excluded.account`, signInValues(one)...)
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// Seen implements account.SignIns.
func (s *signIns) Seen(ctx context.Context, at map[string]time.Time) error {
	if len(at) == 0 {
		return ctx.Err()
	}
	return wrapSignIn("seen", s.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for session, t := range at {
			_, err := tx.ExecContext(ctx, `UPDATE sign_ins SET last_seen = ?2, over = min(until, ?2 + idle)
				WHERE session = ?1 AND ended = 0 AND last_seen < ?2`, session, t.UnixMilli())
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// Over implements account.SignIns.
func (s *signIns) Over(
	ctx context.Context, owner string, after, until time.Time, limit int,
) ([]account.SignIn, error) {
	list, err := s.over(ctx, owner, after, until, limit)
	return list, wrapSignIn("list", err)
}

func (s *signIns) over(
	ctx context.Context, owner string, after, until time.Time, limit int,
) (list []account.SignIn, err error) {
	rows, err := s.h.Read.QueryContext(ctx, `SELECT `+signInColumns+` FROM sign_ins
		WHERE account = ? AND over > ? AND over <= ? ORDER BY over DESC, session LIMIT ?`,
		owner, after.UnixMilli(), until.UnixMilli(), max(0, limit))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		one, err := scanSignIn(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, rows.Err()
}

// Sweep implements account.SignIns.
func (s *signIns) Sweep(ctx context.Context, before time.Time, limit int) (n int, err error) {
	if limit <= 0 {
		return 0, ctx.Err()
	}
	err = s.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err = affected(tx.ExecContext(ctx, `DELETE FROM sign_ins WHERE session IN
			(SELECT session FROM sign_ins WHERE over < ? ORDER BY over LIMIT ?)`, before.UnixMilli(), limit))
		return err
	})
	return n, wrapSignIn("sweep", err)
}

func scanSignIn(row interface{ Scan(...any) error }) (s account.SignIn, err error) {
	var began, seen, idle, until, ended int64
	err = row.Scan(&s.Session, &s.Account, &s.Device, &s.Name, &s.UserAgent, &s.Addr, &s.Method,
		&began, &seen, &idle, &until, &ended, &s.Why, &s.By, &s.ByName)
	s.Began, s.LastSeen, s.Until = fromMillis(began), fromMillis(seen), fromMillis(until)
	s.Idle = time.Duration(idle) * time.Millisecond
	if ended != 0 {
		s.Ended = fromMillis(ended)
	}
	return s, err
}

func wrapSignIn(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sqlite: sign-ins: %s: %w", what, err)
}
