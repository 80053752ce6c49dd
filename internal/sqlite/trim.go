package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"
)

const (
	trimChunk   = 64   // entries deleted in one transaction, between which others may write
	vacuumChunk = 256  // pages given back in one transaction
	vacuumMost  = 1024 // and in one Trim
	disorder    = 1000 // how far an entry may stand behind younger ones: entries come in nearly in the order of their time
)

// Trim implements book.Repository. The size is that of the pages in use; pages that became free are given back to the file
// system, so that the file itself keeps to maxBytes too. The WAL beside it (at most about 16 MB while busy) is not counted.
func (e *entries) Trim(ctx context.Context, olderThan time.Time, maxBytes int64, limit int) (int, error) {
	n, err := e.trim(ctx, olderThan, maxBytes, limit)
	if err != nil {
		return n, fmt.Errorf("sqlite: trim the book: %w", err)
	}
	return n, nil
}

func (e *entries) trim(ctx context.Context, olderThan time.Time, maxBytes int64, limit int) (total int, err error) {
	if limit <= 0 {
		return 0, ctx.Err()
	}
	for total < limit {
		n, err := e.trimOld(ctx, olderThan, min(trimChunk, limit-total))
		total += n
		if err != nil {
			return total, err
		}
		if n == 0 {
			break
		}
	}
	for maxBytes > 0 && total < limit {
		n, err := e.trimLarge(ctx, maxBytes, min(trimChunk, limit-total))
		total += n
		if err != nil {
			return total, err
		}
		if n == 0 {
			break
		}
	}
	if err := e.trimMinutes(ctx, olderThan, limit); err != nil {
		return total, err
	}
	return total, e.vacuum(ctx, maxBytes)
}

func (e *entries) trimOld(ctx context.Context, olderThan time.Time, limit int) (n int, err error) {
	err = e.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err = deleteEntries(ctx, tx, `SELECT seq FROM (SELECT seq, created_at FROM entries ORDER BY seq LIMIT ?1 + ?3)
			WHERE created_at < ?2 ORDER BY created_at, seq LIMIT ?1`, limit, olderThan.UnixMilli(), disorder)
		return err
	})
	return n, err
}

func (e *entries) trimLarge(ctx context.Context, maxBytes int64, limit int) (n int, err error) {
	err = e.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		s, err := measure(ctx, tx)
		if err != nil || (s.pages-s.free)*s.pageSize <= maxBytes {
			return err
		}
		n, err = deleteEntries(ctx, tx, `SELECT seq FROM entries ORDER BY seq LIMIT ?1`, limit)
		return err
	})
	return n, err
}

// deleteEntries deletes the entries that which selects, and makes a new generation if there were any.
func deleteEntries(ctx context.Context, tx *sql.Tx, which string, args ...any) (int, error) {
	n, err := affected(tx.ExecContext(ctx, `DELETE FROM entries WHERE seq IN (`+which+`)`, args...))
	if err != nil || n == 0 {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, `UPDATE state SET generation = generation + 1 WHERE one = 1`)
	return n, err
}

// trimMinutes deletes counts of minutes that lie wholly before olderThan, at least 1000 of them if there are.
func (e *entries) trimMinutes(ctx context.Context, olderThan time.Time, limit int) error {
	return e.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM minutes WHERE (minute, outcome) IN
			(SELECT minute, outcome FROM minutes WHERE minute < ? ORDER BY minute LIMIT ?)`, minuteOf(olderThan), max(limit, 1000))
		return err
	})
}

// vacuum gives free pages back: those over maxBytes, else those over a quarter of the file. The others are used again soon,
// and moving pages about costs more than keeping them.
func (e *entries) vacuum(ctx context.Context, maxBytes int64) error {
	s, err := measure(ctx, e.h.Read)
	if err != nil {
		return err
	}
	spare := s.free - s.pages/4
	if maxBytes > 0 {
		spare = max(spare, s.pages-maxBytes/s.pageSize)
	}
	for spare = min(spare, s.free, vacuumMost); spare > 0; spare -= vacuumChunk {
		if _, err := e.h.Write.ExecContext(ctx, `PRAGMA incremental_vacuum(`+strconv.FormatInt(min(spare, vacuumChunk), 10)+`)`); err != nil {
			return err
		}
	}
	return nil
}

// size is of a database file; free pages are among pages.
type size struct{ pages, free, pageSize int64 }

func measure(ctx context.Context, q queryer) (s size, err error) {
	err = q.QueryRowContext(ctx, `SELECT page_count, freelist_count, page_size FROM pragma_page_count, pragma_freelist_count, pragma_page_size`).
		Scan(&s.pages, &s.free, &s.pageSize)
	return s, err
}
