package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/internal/book"
)

// entries is book.Repository over book.db. Newest first means in the reverse order of commits,
// which is the order of seq: seq is given out under the write lock, which holds across processes.
type entries struct {
	h      *Handle
	newest *newest

	appending gate // one Append at a time, so that the newest entries are remembered in the order of commits

	census census // of Trim

	write *direct // insertEntry, countMinute, finishEntry, newGeneration
	byID  *sql.Stmt
	pages [filters]*sql.Stmt
}

func newEntries(ctx context.Context, h *Handle) (*entries, error) {
	e := &entries{h: h, appending: newGate(), write: newDirect(h, insertEntry, countMinute, finishEntry, newGeneration)}
	reads := []statement{{&e.byID, `SELECT ` + entryColumns + ` FROM entries WHERE id = ? AND deleted_at IS NULL`}}
	for f := range filters {
		reads = append(reads, statement{&e.pages[f], f.query()})
	}
	if err := prepare(ctx, h.Read, reads); err != nil {
		return nil, err
	}
	e.newest = newNewest(h, e.page)
	return e, nil
}

// Append implements book.Repository.
func (e *entries) Append(ctx context.Context, list []book.Entry, endings ...book.Ending) error {
	if len(list)+len(endings) == 0 {
		return ctx.Err()
	}
	if err := e.append(ctx, list, endings); isUnique(err) {
		return book.ErrExists
	} else if err != nil {
		return fmt.Errorf("sqlite: append to the book: %w", err)
	}
	return nil
}

func (e *entries) append(ctx context.Context, list []book.Entry, endings []book.Ending) error {
	if err := e.appending.enter(ctx); err != nil {
		return err
	}
	defer e.appending.leave()
	seqs := make([]int64, len(list))
	err := e.write.tx(ctx, func(do []driver.StmtExecContext) error {
		insert, count, finish, changed := do[0], do[1], do[2], do[3]
		var row entryRow
		for i := range list {
			r, err := insert.ExecContext(context.Background(), row.of(&list[i]))
			if err != nil {
				return err
			}
			if seqs[i], err = r.LastInsertId(); err != nil {
				return err
			}
		}
		if err := finishAll(finish, changed, endings); err != nil {
			return err
		}
		return countMinutes(count, list)
	})
	if err != nil {
		return err
	}
	e.newest.appended(seqs, list)
	return nil
}

const (
	finishEntry   = `UPDATE entries SET duration = ?, bytes = ? WHERE id = ?`
	newGeneration = `UPDATE state SET generation = generation + 1 WHERE one = 1`
)

// finishAll completes entries, and makes a new generation if there was one.
func finishAll(finish, changed driver.StmtExecContext, endings []book.Ending) error {
	var n int64
	for _, e := range endings {
		r, err := finish.ExecContext(context.Background(), []driver.NamedValue{
			{Ordinal: 1, Value: e.Duration.Microseconds()}, {Ordinal: 2, Value: absent(e.Bytes)}, {Ordinal: 3, Value: e.ID},
		})
		if err != nil {
			return err
		}
		found, err := r.RowsAffected()
		if err != nil {
			return err
		}
		n += found
	}
	if n == 0 {
		return nil
	}
	_, err := changed.ExecContext(context.Background(), nil)
	return err
}

const countMinute = `INSERT INTO minutes (minute, outcome, n) VALUES (?, ?, ?) ON CONFLICT (minute, outcome) DO UPDATE SET n = n + excluded.n`

// countMinutes adds the requests to the counts per minute. A batch is of one moment, so there are
// very few.
func countMinutes(count driver.StmtExecContext, list []book.Entry) error {
	type key struct {
		minute  int64
		outcome string
	}
	counts := make(map[key]int64, 4)
	for i := range list {
		if list[i].Counts() {
			counts[key{minuteOf(list[i].CreatedAt), book.Outcome(list[i].Status)}]++
		}
	}
	for k, n := range counts {
		row := []driver.NamedValue{{Ordinal: 1, Value: k.minute}, {Ordinal: 2, Value: k.outcome}, {Ordinal: 3, Value: n}}
		if _, err := count.ExecContext(context.Background(), row); err != nil {
			return err
		}
	}
	return nil
}

// minuteOf is the first millisecond of the minute of t.
func minuteOf(t time.Time) int64 { return t.UTC().Truncate(time.Minute).UnixMilli() }

// ByID implements book.Repository.
func (e *entries) ByID(ctx context.Context, id string) (book.Entry, error) {
	if err := ctx.Err(); err != nil {
		return book.Entry{}, err
	}
	_, entry, err := scanEntry(e.byID.QueryRowContext(context.WithoutCancel(ctx), id))
	if errors.Is(err, sql.ErrNoRows) {
		return book.Entry{}, book.ErrNotFound
	}
	if err != nil {
		return book.Entry{}, fmt.Errorf("sqlite: find entry: %w", err)
	}
	return *entry, nil
}

// SoftDelete implements book.Repository.
func (e *entries) SoftDelete(ctx context.Context, id string, now time.Time, may ...book.May) error {
	return e.change(ctx, "hide entry", func(ctx context.Context, tx *sql.Tx) error {
		if err := book.AllOf(ctx, may); err != nil {
			return err
		}
		return e.changeRequest(ctx, tx, id, ` AND deleted_at IS NULL`,
			`UPDATE entries SET deleted_at = ?2 WHERE id = ?1`, id, now.UnixMilli())
	})
}

// Delete implements book.Repository.
func (e *entries) Delete(ctx context.Context, id string, may ...book.May) error {
	return e.change(ctx, "delete entry", func(ctx context.Context, tx *sql.Tx) error {
		if err := book.AllOf(ctx, may); err != nil {
			return err
		}
		return e.changeRequest(ctx, tx, id, ``, `DELETE FROM entries WHERE id = ?1`, id)
	})
}

// changeRequest runs the statement when the id names a request entry that meets the condition.
func (e *entries) changeRequest(ctx context.Context, tx *sql.Tx, id, condition, statement string, args ...any) error {
	var kind string
	err := tx.QueryRowContext(ctx, `SELECT type FROM entries WHERE id = ?`+condition, id).Scan(&kind)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return book.ErrNotFound
	case err != nil:
		return err
	case book.Type(kind) != book.Request:
		return book.ErrKept
	}
	_, err = tx.ExecContext(ctx, statement, args...)
	return err
}

// change runs f in a transaction that makes a new generation: what anybody remembers of stored
// entries is out of date.
func (e *entries) change(ctx context.Context, what string, f func(ctx context.Context, tx *sql.Tx) error) error {
	err := e.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if err := f(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, newGeneration)
		return err
	})
	if err == nil || err == book.ErrNotFound || err == book.ErrKept {
		return err
	}
	return fmt.Errorf("sqlite: %s: %w", what, err)
}

// Minutes implements book.Repository.
func (e *entries) Minutes(ctx context.Context, since time.Time) ([]book.Minute, error) {
	list, err := e.minutes(ctx, since)
	if err != nil {
		return nil, fmt.Errorf("sqlite: counts per minute: %w", err)
	}
	return list, nil
}

func (e *entries) minutes(ctx context.Context, since time.Time) ([]book.Minute, error) {
	rows, err := e.h.Read.QueryContext(ctx, `SELECT minute, outcome, n FROM minutes WHERE minute >= ? ORDER BY minute, outcome`, minuteOf(since))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []book.Minute
	for rows.Next() {
		var (
			m  book.Minute
			at int64
		)
		if err := rows.Scan(&at, &m.Outcome, &m.Count); err != nil {
			return nil, err
		}
		m.At = fromMillis(at)
		list = append(list, m)
	}
	return list, rows.Err()
}
