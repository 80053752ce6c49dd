package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"
)

const (
	bookAge   = 90 * 24 * time.Hour // how long the program keeps entries,
	bookBound = 1 << 30             // and up to how many bytes
	fillSpan  = 60 * 24 * time.Hour // the time that the entries are spread over
	fillBatch = 50_000              // entries in one transaction
	rareMost  = 200                 // entries of who is seldom there
)

// database opens a file of the installation beside the program.
func (h *house) database(file string, pragmas ...string) (*sql.DB, error) {
	q := url.Values{"mode": {"rw"}, "_txlock": {"immediate"}, "_pragma": append(pragmas, "busy_timeout(10000)")}
	db, err := sql.Open("sqlite", "file:"+file+"?"+q.Encode())
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

// openBook opens the book for changes while the program does not run. Closing it leaves all of them
// in the file, and nothing in the log beside it. Nobody needs these entries after a crash, so no
// log is written either, which would be as much again as the book; the program makes it a file with
// a log again. The ids are nearly in order, so that some memory is enough for their index.
func (h *house) openBook() (*sql.DB, error) {
	return h.database(h.BookFile(), "journal_mode(OFF)", "synchronous(OFF)", "cache_size(-200000)")
}

// change runs f in one transaction on the book.
func (h *house) change(ctx context.Context, f func(tx *sql.Tx) error) (err error) {
	db, err := h.openBook()
	if err != nil {
		return err
	}
	defer func() {
		if e := db.Close(); err == nil {
			err = e
		}
	}()
	if err := within(ctx, db, f); err != nil {
		return err
	}
	return h.settle()
}

// settle waits until what was written to the book is on the disk, which the program would wait for
// otherwise.
func (h *house) settle() error {
	f, err := os.OpenFile(h.BookFile(), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func within(ctx context.Context, db *sql.DB, f func(tx *sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// fillEntries adds entries ?1 to ?2, without ?2, of ?4, over ?5 milliseconds up to ?3. One in ?6 is
// of the developer ?7, one in ?8 an activity, one in ten a stranger's. The others are of two
// hundred developers.
const fillEntries = `WITH RECURSIVE numbers (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?2),
	made AS (SELECT n, ?3 - ?5 + n * ?5 / ?4 AS at, n * 7919 % 200 AS who, n % ?8 = ?8 - 1 AS act FROM numbers),
	named AS (SELECT *, CASE WHEN n % ?6 = 0 THEN ?7 WHEN n % 10 = 9 AND NOT act THEN NULL
		ELSE printf('65a0%04x%016x', who, 88172645463325252 + who) END AS dev FROM made)
INSERT INTO entries (id, type, created_at, status, duration, user, client_addr, method, url, route, user_name, session, request_id, action, target, text)
SELECT printf('%08x', at / 1000) || lower(hex(randomblob(8))),
	iif(act, 'activity', 'request'), at,
	iif(act, 200, CASE n % 40 WHEN 3 THEN 404 WHEN 13 THEN 303 WHEN 23 THEN 303 WHEN 33 THEN iif(n % 1000 = 33, 500, 403) ELSE 200 END),
	150 + n * 31 % 900, dev, printf('10.%d.%d.%d', who, n % 7, n % 251),
	iif(act, 'POST', 'GET'),
	iif(act, '/auth/login', '/?page=' || (n % 1000) || '&sort=newest&from=a-letter-that-came-by-mail&campaign=spring-and-early-summer'),
	iif(act, 'POST /auth/login', 'GET /{$}'),
	iif(dev IS NULL, NULL, 'Developer No. ' || who),
	iif(dev IS NULL, NULL, printf('%012x', 1 + n * 2654435761 % 281474976710655)), lower(hex(randomblob(8))),
	iif(act, 'sign_in', NULL), iif(act, dev, NULL), iif(act, 'with a password', NULL)
FROM named`

// fillMinutes counts the requests after entry ?1.
const fillMinutes = `INSERT INTO minutes (minute, outcome, n)
SELECT created_at / 60000 * 60000, (status / 100) || 'xx', count(*) FROM entries WHERE seq > ?1 AND type = 'request' GROUP BY 1, 2
ON CONFLICT (minute, outcome) DO UPDATE SET n = n + excluded.n`

// fill adds so many entries to the book, in the order of their time, which ends at now.
func (h *house) fill(ctx context.Context, size int, now time.Time) (err error) {
	if err := h.findRare(ctx); err != nil {
		return err
	}
	h.entries, h.apart, h.rareness = size, 50, max(size/rareMost, 4)
	if h.rareness%h.apart == 0 {
		h.rareness++ // who is seldom there does not do the same each time
	}
	db, err := h.openBook()
	if err != nil {
		return err
	}
	defer func() {
		if e := db.Close(); err == nil {
			err = e
		}
	}()
	for from := 0; from < size; from += fillBatch {
		err := within(ctx, db, func(tx *sql.Tx) error {
			var last int64
			if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM entries`).Scan(&last); err != nil {
				return err
			}
			if from == 0 {
				h.first = last + 1
			}
			to := min(from+fillBatch, size)
			if _, err := tx.ExecContext(ctx, fillEntries, from, to, now.UnixMilli(), size, fillSpan.Milliseconds(), h.rareness, h.rareID, h.apart); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, fillMinutes, last)
			return err
		})
		if err != nil {
			return err
		}
	}
	return h.settle()
}

func (h *house) findRare(ctx context.Context) error {
	db, err := h.database(h.DataDir() + "/doorbook.db")
	if err != nil {
		return err
	}
	defer db.Close()
	if err := db.QueryRowContext(ctx, `SELECT id FROM developers WHERE email = ?`, h.rare.Email).Scan(&h.rareID); err != nil {
		return fmt.Errorf("find the account of %s: %w", h.rare.Email, err)
	}
	return nil
}

// hold keeps the program from trimming, or lets it. A book that is larger than the program's bound
// would otherwise be trimmed all the time; that is measured by itself.
func (h *house) hold(ctx context.Context, held bool) error {
	return h.change(ctx, func(tx *sql.Tx) error {
		text := `DROP TRIGGER IF EXISTS held`
		if held {
			text = `CREATE TRIGGER held BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'held for measuring'); END`
		}
		_, err := tx.ExecContext(ctx, text)
		return err
	})
}

// age makes the oldest n entries that fill added older than the program keeps them, and the counts
// of their minutes.
func (h *house) age(ctx context.Context, n int) error {
	return h.change(ctx, func(tx *sql.Tx) error {
		var border int64
		if err := tx.QueryRowContext(ctx, `SELECT created_at FROM entries WHERE seq = ?`, h.first+int64(n)-1).Scan(&border); err != nil {
			return err
		}
		shift := (bookAge + 24*time.Hour).Milliseconds()
		if _, err := tx.ExecContext(ctx, `UPDATE entries SET created_at = created_at - ?1 WHERE seq >= ?2 AND seq < ?2 + ?3`, shift, h.first, n); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `UPDATE minutes SET minute = minute - ?1 / 60000 * 60000 WHERE minute + 60000 <= ?2`, shift, border)
		return err
	})
}
