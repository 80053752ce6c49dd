package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/doorbook/doorbook/session/sqlstore"

	_ "modernc.org/sqlite"
)

// sqlite is the store over a SQLite file as the documentation advises: one writer, some readers,
// write-ahead log, synchronous=NORMAL.
type sqlite struct {
	*sqlstore.Store
	write, read *sql.DB
	file        string
}

func openSQLite(ctx context.Context, dir string) (rig, error) {
	file := filepath.Join(dir, fmt.Sprintf("sessions-%d.db", time.Now().UnixNano()))
	pragmas := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)"}}
	name := "file:" + file + "?" + pragmas.Encode()
	write, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	read.SetMaxOpenConns(4)
	s := &sqlite{sqlstore.SQLite(write, read), write, read, file}
	return s, s.CreateSchema(ctx)
}

// fill stores one session through the store and has SQLite copy it, with other ids, subjects and
// times, so that whatever columns there are hold what the store writes.
func (s *sqlite) fill(ctx context.Context, from, to int, now time.Time) error {
	if from >= to {
		return nil
	}
	if err := s.Create(ctx, recordOf(from, now, true)); err != nil {
		return err
	}
	columns, err := s.columns(ctx)
	if err != nil {
		return err
	}
	values := make([]string, len(columns))
	for i, column := range columns {
		switch column {
		case "id":
			values[i] = idInSQL
		case "subject":
			values[i] = "'user-' || n"
		case "expires":
			values[i] = "expires + 1000 * (n % 1000)"
		default:
			values[i] = column
		}
	}
	text := "WITH RECURSIVE numbers (n) AS (SELECT ? UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?) " +
		"INSERT INTO sessions (" + strings.Join(columns, ", ") + ") SELECT " + strings.Join(values, ", ") +
		" FROM numbers, (SELECT " + strings.Join(columns, ", ") + " FROM sessions WHERE id = ?)"
	// Random ids touch all pages: with the usual 2 MB of them in memory each batch would read the
	// whole file.
	if _, err := s.write.ExecContext(ctx, "PRAGMA cache_size = -2000000"); err != nil {
		return err
	}
	const batch = 100_000
	for n := from + 1; n < to; n += batch {
		if _, err := s.write.ExecContext(ctx, text, n, min(n+batch, to), idOf(from).String()); err != nil {
			return err
		}
	}
	for _, text := range []string{"PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA cache_size = -2000", "PRAGMA shrink_memory"} {
		if _, err := s.write.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

func (s *sqlite) columns(ctx context.Context) (names []string, err error) {
	rows, err := s.write.QueryContext(ctx, "SELECT name FROM pragma_table_info('sessions')")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

func (s *sqlite) bytes(context.Context) (int64, error) {
	info, err := os.Stat(s.file)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (s *sqlite) close() error {
	_ = s.read.Close()
	_ = s.write.Close()
	_ = os.Remove(s.file + "-wal")
	_ = os.Remove(s.file + "-shm")
	return os.Remove(s.file)
}
