package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/bench/program"
	"go.mongodb.org/mongo-driver/v2/bson"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

func openBook(d *program.Doorbook) (*sql.DB, error) {
	return sql.Open("sqlite", "file:"+d.BookFile()+"?_pragma=busy_timeout(5000)")
}

// countEntries counts what is in the book.
func (h house) countEntries(ctx context.Context, d *program.Doorbook) (n int, err error) {
	if h.mongo != nil {
		n, err := h.mongo.logs(ourDatabase).CountDocuments(ctx, bson.D{})
		return int(n), err
	}
	db, err := openBook(d)
	if err != nil {
		return 0, err
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM entries`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count the entries: %w", err)
	}
	return n, nil
}

// historyMinutes is how far back the plot has something to show, at every server.
const historyMinutes = 360

// writeHistory gives the program the counts of the six hours before, so that its plot is what
// people see on a day at work and not a single bar. The other side does the same in
// ../flask/plot.py, with the same numbers. It writes to the book itself, before the program starts:
// nobody can send requests into the past.
func (h house) writeHistory(ctx context.Context, d *program.Doorbook, now time.Time) (err error) {
	if h.mongo != nil {
		return h.mongo.writeHistory(ctx, now)
	}
	db, err := openBook(d)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := db.Close(); err == nil {
			err = cerr
		}
	}()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("write the history: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	for _, c := range madeUp(now) {
		if _, err := tx.ExecContext(ctx, `INSERT INTO minutes (minute, outcome, n) VALUES (?, ?, ?)`, c.minute.UnixMilli(), c.outcome, c.n); err != nil {
			return fmt.Errorf("write the history: %w", err)
		}
	}
	return tx.Commit()
}

// count is how many requests ended in one way within a minute.
type count struct {
	minute  time.Time
	outcome string
	n       int
}

// madeUp gives the counts of the six hours before now, without those of 0.
func madeUp(now time.Time) (list []count) {
	minute := now.UTC().Truncate(time.Minute)
	for i := 1; i < historyMinutes; i++ {
		at := minute.Add(-time.Duration(i) * time.Minute)
		for outcome, n := range map[string]int{"2xx": 40 + i*37%60, "3xx": 5 + i%7, "4xx": i % 11, "5xx": i % 13 / 12} {
			if n > 0 {
				list = append(list, count{at, outcome, n})
			}
		}
	}
	return list
}
