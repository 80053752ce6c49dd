package sqlite

import (
	"context"
	"database/sql/driver"
	"path/filepath"
	"time"
)

// MigrateTo makes a data file of that name in dir as the program of that schema version did, and
// gives how many versions there are.
func MigrateTo(ctx context.Context, dir, name string, version int) (versions int, err error) {
	kind := map[string]string{"doorbook.db": "main", "book.db": "book"}[name]
	steps, err := migrations(kind)
	if err != nil {
		return 0, err
	}
	path := filepath.Join(dir, name)
	if err := (&folder{dir: filepath.Dir(path)}).file(path); err != nil {
		return 0, err
	}
	h, err := openWriter(path, profile{sync: "NORMAL", secure: "FAST", cacheKiB: 512, logPages: 1000}, time.Second)
	if err != nil {
		return 0, err
	}
	defer h.close(ctx, false)
	return len(steps), h.migrate(ctx, steps[:version])
}

// MostFound is how many records and accounts each are remembered.
const MostFound = mostFound

// TrimMost is how many entries one transaction trims at most.
const TrimMost = trimMost

// IsStrangers is the condition of entries of strangers.
const IsStrangers = isStrangers

// LogMost is how much longer than it need be the WAL may become.
const LogMost = logMost

// WALPage is how many bytes the WAL takes for a page.
const WALPage = walPage

// OpenThrough is Open with connections that pass through connect, and a WAL that is moved at a
// length of so many pages.
func OpenThrough(ctx context.Context, dir string, logPages int, connect func(driver.Connector) driver.Connector) (*DB, error) {
	return Open(ctx, dir, Options{connect: connect, logPages: logPages})
}
