package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/doorbook/doorbook/internal/book"
)

const (
	trimStep = 64                   // entries deleted between two looks at what it takes,
	trimMost = 16 * trimStep        // entries deleted in one transaction, at most,
	trimTime = 8 * time.Millisecond // which ends after the step in which this has passed: every append waits for it

	vacuumChunk = 128  // pages given back in one transaction
	vacuumMost  = 1024 // and in one Trim
	disorder    = 1000 // how far an entry may stand behind younger ones: entries come in nearly in the order of their time
)

// Trim implements book.Repository. The size is that of the pages in use; pages that became free are
// given back to the file system, so that the file itself keeps to maxBytes too. The WAL beside it
// (some 64 MB while busy) is not counted.
func (e *entries) Trim(ctx context.Context, olderThan time.Time, maxBytes int64, limit int) (book.Trimmed, error) {
	n, err := e.trim(ctx, olderThan, maxBytes, limit)
	if err != nil {
		return n, fmt.Errorf("sqlite: trim the book: %w", err)
	}
	return n, nil
}

func (e *entries) trim(ctx context.Context, olderThan time.Time, maxBytes int64, limit int) (total book.Trimmed, err error) {
	if limit <= 0 {
		return total, ctx.Err()
	}
	if total.Old, err = e.trimOld(ctx, olderThan, limit); err != nil {
		return total, err
	}
	if maxBytes > 0 && total.Old < limit {
		total.Early, err = e.trimLarge(ctx, maxBytes, limit-total.Old)
		if err != nil {
			return total, err
		}
	}
	if err := e.trimMinutes(ctx, olderThan, limit); err != nil {
		return total, err
	}
	return total, e.vacuum(ctx, maxBytes)
}

// trimOld deletes entries from before olderThan. Which ones is read once for all transactions, by a
// reader, which holds nobody up: to look through the front of the book takes as long as to delete
// hundreds of entries.
func (e *entries) trimOld(ctx context.Context, olderThan time.Time, limit int) (total int, err error) {
	for total < limit {
		seqs, err := e.seqs(ctx, `SELECT seq FROM (SELECT seq, created_at FROM entries ORDER BY seq LIMIT ?1 + ?3)
			WHERE created_at < ?2 ORDER BY created_at, seq LIMIT ?1`, limit-total, olderThan.UnixMilli(), disorder)
		if err != nil || len(seqs) == 0 {
			return total, err
		}
		n, _, err := e.deleteSeqs(ctx, seqs, `1`, nil)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// seqs reads which entries to delete.
func (e *entries) seqs(ctx context.Context, query string, args ...any) (list []int64, err error) {
	rows, err := e.h.Read.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var seq int64
		if err := rows.Scan(&seq); err != nil {
			return nil, err
		}
		list = append(list, seq)
	}
	return list, rows.Err()
}

// deleteSeqs deletes entries in their order, in transactions that are short, so that others may
// write in between. It ends early, with enough, when a step finds that more, if given, does not
// hold. Entries that are gone already do not count.
//
// A transaction takes as many steps as it has time for. Each entry changes up to four trees, and a
// page that several entries have in common is written once for all of a transaction. So a thousand
// entries in one transaction take less than half of the processor time that they take in sixteen,
// and the WAL grows more slowly and is moved less often, for which writers wait until the disk has
// confirmed it.
func (e *entries) deleteSeqs(ctx context.Context, seqs []int64, which string, more func(context.Context, queryer) (bool, error)) (total int, enough bool, err error) {
	for len(seqs) > 0 && !enough {
		var n, done int
		err := e.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			n, done = 0, 0
			most := min(len(seqs), trimMost)
			for began := time.Now(); done < most && (done == 0 || time.Since(began) < trimTime); {
				if more != nil {
					if goOn, err := more(ctx, tx); err != nil || !goOn {
						enough = true
						return errors.Join(err, generationAfter(ctx, tx, n))
					}
				}
				step := seqs[done:min(done+trimStep, most)]
				k, err := deleteStep(ctx, tx, step, which)
				if err != nil {
					return err
				}
				n, done = n+k, done+len(step)
			}
			return generationAfter(ctx, tx, n)
		})
		if err != nil {
			return total, enough, err
		}
		total, seqs = total+n, seqs[done:]
	}
	return total, enough, nil
}

// deleteStep deletes the entries of a few seqs: one statement for each run of them, which is nearly
// always one for all. The seqs are all of those between the first and the last for which which
// holds, so where few others stand among them one statement is enough, too.
func deleteStep(ctx context.Context, tx *sql.Tx, seqs []int64, which string) (total int, err error) {
	const few = 8 // times as many
	seqs = slices.Sorted(slices.Values(seqs))
	for len(seqs) > 0 {
		run := 1
		if which != `1` && seqs[len(seqs)-1]-seqs[0] < few*int64(len(seqs)) {
			run = len(seqs)
		}
		for run < len(seqs) && seqs[run] == seqs[0]+int64(run) {
			run++
		}
		n, err := affected(tx.ExecContext(ctx, `DELETE FROM entries WHERE seq BETWEEN ? AND ? AND `+which, seqs[0], seqs[run-1]))
		if err != nil {
			return total, err
		}
		total, seqs = total+n, seqs[run:]
	}
	return total, nil
}

// generationAfter makes a new generation after n entries were deleted, if there were any.
func generationAfter(ctx context.Context, tx *sql.Tx, n int) error {
	if n == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, newGeneration)
	return err
}

// trimMinutes deletes counts of minutes that lie wholly before olderThan, at least 1000 of them if
// there are.
func (e *entries) trimMinutes(ctx context.Context, olderThan time.Time, limit int) error {
	var some bool // or else nobody need wait for it
	err := e.h.Read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM minutes WHERE minute < ?)`, minuteOf(olderThan)).Scan(&some)
	if err != nil || !some {
		return err
	}
	return e.h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM minutes WHERE (minute, outcome) IN
			(SELECT minute, outcome FROM minutes WHERE minute < ? ORDER BY minute LIMIT ?)`, minuteOf(olderThan), max(limit, 1000))
		return err
	})
}

// vacuum gives free pages back: those over maxBytes, else those over a quarter of the file. The
// others are used again soon, and moving pages about costs more than keeping them.
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
