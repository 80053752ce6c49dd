package sqlite

import (
	"context"
	"time"

	"github.com/doorbook/doorbook/session"
)

// sessions is a session.Store that remembers what it has loaded.
type sessions struct {
	session.Store
	found *lookups[session.ID, session.Record]
}

// Sessions gives store, which must keep its records in doorbook.db, with a memory: a record is read
// again only after something was committed to the file, by this process or another, so every Load
// tells what the file holds. The memory is bounded, by about 4 MiB.
func (db *DB) Sessions(store session.Store) session.Store {
	return &sessions{Store: store, found: newLookups[session.ID](db.Main.version, recordBytes)}
}

// Load implements session.Store.
func (s *sessions) Load(ctx context.Context, id session.ID, now time.Time) (session.Record, error) {
	r, err := s.found.find(ctx, id, func() (session.Record, error) { return s.Store.Load(ctx, id, now) })
	if err == nil && !r.Live(now) { // it lived when it was loaded
		return session.Record{}, session.ErrNotFound
	}
	return r, err
}

// recordBytes is about what a record takes in memory, with its place in a map.
func recordBytes(r session.Record) int {
	bytes := 600 + len(r.KeyID) + len(r.Subject) + len(r.Addr) + len(r.UserAgent)
	for key, value := range r.Values {
		bytes += 100 + len(key) + cap(value)
	}
	return bytes
}
