package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Handle is one database file: one connection that writes and a few that read. Both are safe for concurrent use. Write
// transactions are immediate, so what they read cannot change under them; a reader never waits for the writer.
type Handle struct {
	Write *sql.DB // one connection; callers queue in order
	Read  *sql.DB // several connections, which cannot write

	path string
	file fs.FileInfo // the file as it was opened
	busy time.Duration
}

// profile is what differs between the database files.
type profile struct {
	name       string // of the file, and of its folder of migrations without ".db"
	migrations string
	sync       string // NORMAL survives kill -9, FULL loss of power too
	secure     string // secure_delete: ON overwrites what was deleted, FAST does where it costs no further page
	cacheKiB   int    // page cache of the writer; a reader has half. Small: the idle program stays under 40 MB
	checkpoint int    // WAL pages before a commit moves them to the database: fewer, longer pauses when larger
}

// openWriter opens the file for writing and changes nothing in it. The file must exist.
func openWriter(path string, p profile, busy time.Duration) (*Handle, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	dsn := source(path, busy, p.cacheKiB,
		"foreign_keys(1)",
		"synchronous("+p.sync+")",
		"secure_delete("+p.secure+")",
		"wal_autocheckpoint("+strconv.Itoa(p.checkpoint)+")",
		"journal_size_limit(4194304)", // a burst leaves no large WAL behind
	) + "&_txlock=immediate"
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	return &Handle{Write: db, path: path, file: info, busy: busy}, nil
}

// openReaders opens the read handle of a file that is migrated.
func (h *Handle) openReaders(p profile, n int) (err error) {
	h.Read, err = sql.Open("sqlite", source(h.path, h.busy, p.cacheKiB/2, "query_only(1)"))
	if err != nil {
		return err
	}
	h.Read.SetMaxOpenConns(n)
	h.Read.SetMaxIdleConns(n)
	return nil
}

// source writes the data source name. mode=rw keeps a connection from making a new, empty database where the file was
// taken away.
func source(path string, busy time.Duration, cacheKiB int, pragmas ...string) string {
	q := url.Values{"mode": {"rw"}, "_dqs": {"0"}, "_defensive": {"1"}, "_error_rc": {"1"}}
	q["_pragma"] = append([]string{
		"busy_timeout(" + strconv.FormatInt(busy.Milliseconds(), 10) + ")",
		"cache_size(-" + strconv.Itoa(cacheKiB) + ")",
		"mmap_size(0)", // mapped pages would count as memory of the program
		"temp_store(MEMORY)",
		"trusted_schema(0)",
	}, pragmas...)
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true, RawQuery: q.Encode()}
	return u.String()
}

// tx is transact for everyday writes, which are short. Those who wait behind a writer that waits for another process must
// not add up their patience: whoever did not get through in twice the busy time gives up.
func (h *Handle) tx(ctx context.Context, f func(ctx context.Context, tx *sql.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, 2*h.busy)
	defer cancel()
	return h.transact(ctx, f)
}

// transact runs f in one immediate write transaction: all of it is stored, or nothing. When ctx ends it is rolled back;
// waiting for the connection and for another process's lock ends then too.
func (h *Handle) transact(ctx context.Context, f func(ctx context.Context, tx *sql.Tx) error) error {
	tx, err := h.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// The statements run without the context: they are short, and an interrupted one would cost the connection and every
	// statement prepared on it. The transaction itself still ends with ctx.
	if err := f(context.WithoutCancel(ctx), tx); err != nil {
		if e := tx.Rollback(); e != nil && !errors.Is(e, sql.ErrTxDone) {
			return errors.Join(err, e)
		}
		if ctx.Err() != nil && errors.Is(err, sql.ErrTxDone) {
			return ctx.Err()
		}
		return err
	}
	return tx.Commit()
}

// check reports whether the file is still there and can be written: it takes the write lock, and runs probe.
func (h *Handle) check(ctx context.Context, probe string, args ...any) error {
	info, err := os.Stat(h.path)
	if err != nil {
		return err
	}
	if !os.SameFile(info, h.file) {
		return fmt.Errorf("%s was replaced", h.path)
	}
	return h.tx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, probe, args...)
		return err
	})
}

// close moves the WAL into the database, freshens the planner's statistics and closes all connections.
func (h *Handle) close(ctx context.Context, tidy bool) error {
	var errs []error
	if h.Read != nil {
		errs = append(errs, h.Read.Close())
	}
	if tidy {
		// A process that still reads must not hold up the end: half a second, then its own close does the rest.
		_, err := h.Write.ExecContext(ctx, `PRAGMA busy_timeout = 500; PRAGMA analysis_limit = 200; PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)`)
		if !isBusy(err) {
			errs = append(errs, err)
		}
	}
	errs = append(errs, h.Write.Close())
	return errors.Join(errs...)
}
