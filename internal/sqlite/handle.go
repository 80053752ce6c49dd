package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"modernc.org/sqlite"
)

// Handle is one database file: one connection that writes and a few that read. Both are safe for
// concurrent use. Write transactions are immediate, so what they read cannot change under them; a
// reader never waits for the writer.
type Handle struct {
	Write *sql.DB // one connection; callers queue in order
	Read  *sql.DB // several connections, which cannot write

	version *shared // of what the file holds
	probe   *probe  // which version reads
	log     *checkpointer
	directs []*direct // that prepare statements on Write's connection

	path    string
	file    fs.FileInfo // the file as it was opened
	busy    time.Duration
	connect func(driver.Connector) driver.Connector // what every connection is opened by; nil for SQLite's own
}

// profile is what differs between the database files.
type profile struct {
	name       string // of the file, and of its folder of migrations without ".db"
	migrations string
	sync       string                                  // NORMAL survives kill -9, FULL loss of power too
	secure     string                                  // secure_delete: ON overwrites what was deleted, FAST does where it costs no further page
	cacheKiB   int                                     // page cache of the writer; a reader has half. Small: the idle program stays under 40 MB
	logPages   int                                     // length of the WAL, in pages, at which it is moved into the database
	version    string                                  // asks what the file holds: one row of one or two numbers
	connect    func(driver.Connector) driver.Connector // see Handle
}

// openWriter opens the file for writing and changes nothing in it. The file must exist.
func openWriter(path string, p profile, busy time.Duration) (*Handle, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	h := &Handle{path: path, file: info, busy: busy, connect: p.connect}
	durable := "synchronous(" + p.sync + ")"
	own, err := h.connector(minimalCache, durable)
	if err != nil {
		return nil, err
	}
	writer, err := h.connector(p.cacheKiB, durable,
		"foreign_keys(1)",
		"secure_delete("+p.secure+")",
		// The checkpointer does it beside the commits. A commit does it only should that fall far
		// behind.
		"wal_autocheckpoint("+strconv.Itoa(logMost*p.logPages)+")",
		// What the WAL usually needs stays its own: cut off and grown again, the commit that begins
		// it anew would take tens of milliseconds. What a burst or an old reader added is given
		// back.
		"journal_size_limit("+strconv.Itoa(usualLog*p.logPages*walPage)+")",
	)
	if err != nil {
		return nil, err
	}
	h.log = newCheckpointer(own, p.logPages, busy)
	h.Write = sql.OpenDB(counted{writer, h.log.committed})
	h.Write.SetMaxOpenConns(1)
	h.Write.SetMaxIdleConns(1)
	h.log.write = h.Write
	return h, nil
}

// openReaders opens what reads a file that is migrated.
func (h *Handle) openReaders(ctx context.Context, p profile, n int) error {
	c, err := h.connector(p.cacheKiB/2, "query_only(1)")
	if err != nil {
		return err
	}
	h.Read = sql.OpenDB(c)
	h.Read.SetMaxOpenConns(n)
	h.Read.SetMaxIdleConns(n)
	if c, err = h.connector(minimalCache, "query_only(1)"); err != nil {
		return err
	}
	if h.probe, err = newProbe(ctx, c, p.version); err != nil {
		return err
	}
	h.version = newShared(h.probe.read)
	return nil
}

// minimalCache is the page cache, in KiB, of a connection that looks at a handful of pages.
const minimalCache = 64

// connector returns what opens connections to the file. mode=rw keeps one from making a new, empty
// database where the file was taken away.
func (h *Handle) connector(cacheKiB int, pragmas ...string) (driver.Connector, error) {
	q := url.Values{"mode": {"rw"}, "_dqs": {"0"}, "_defensive": {"1"}, "_error_rc": {"1"}, "_txlock": {"immediate"}}
	q["_pragma"] = append([]string{
		"busy_timeout(" + strconv.FormatInt(h.busy.Milliseconds(), 10) + ")",
		"cache_size(-" + strconv.Itoa(cacheKiB) + ")",
		"mmap_size(0)", // mapped pages would count as memory of the program
		"temp_store(MEMORY)",
		"trusted_schema(0)",
	}, pragmas...)
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(h.path), OmitHost: true, RawQuery: q.Encode()}
	c, err := sqlite.NewConnector(u.String())
	if err != nil || h.connect == nil {
		return c, err
	}
	return h.connect(c), nil
}

// tx is transact for everyday writes, which are short. Those who wait behind a writer that waits
// for another process must not add up their patience: whoever did not get through in twice the busy
// time gives up.
func (h *Handle) tx(ctx context.Context, f func(ctx context.Context, tx *sql.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, 2*h.busy)
	defer cancel()
	return h.transact(ctx, f)
}

// transact runs f in one immediate write transaction: all of it is stored, or nothing. When ctx
// ends it is rolled back; waiting for the connection and for another process's lock ends then too.
func (h *Handle) transact(ctx context.Context, f func(ctx context.Context, tx *sql.Tx) error) error {
	tx, err := h.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	// The statements run without the context: they are short, and an interrupted one would cost the
	// connection and every statement prepared on it. The transaction itself still ends with ctx.
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

// check reports whether the file is still there and can be written: it takes the write lock, and
// runs probe.
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

// close moves the WAL into the database and closes all connections.
func (h *Handle) close(ctx context.Context, tidy bool) error {
	errs := []error{h.log.stop(), h.probe.close()}
	for _, d := range h.directs {
		errs = append(errs, d.close(ctx))
	}
	if h.Read != nil {
		errs = append(errs, h.Read.Close())
	}
	if tidy {
		// A process that still reads must not hold up the end: half a second, then its own close
		// does the rest.
		_, err := h.Write.ExecContext(ctx, `PRAGMA busy_timeout = 500; PRAGMA wal_checkpoint(TRUNCATE)`)
		if !isBusy(err) {
			errs = append(errs, err)
		}
	}
	errs = append(errs, h.Write.Close())
	return errors.Join(errs...)
}
