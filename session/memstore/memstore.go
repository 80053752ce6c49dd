// Package memstore keeps session records in the memory of the process.
package memstore

import (
	"container/heap"
	"context"
	"sync/atomic"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// Config is what a Store needs to know. The zero value is ready to use.
type Config struct {
	// MaxRecords is how many records may be stored, live or not, before a new stranger's takes the
	// place of the stranger's that was used longest ago. Records of somebody who is signed in are
	// let in up to twice that number, and are never dropped before they are dead. A record takes
	// some 400 bytes, or 700 when signed in, and its values. If zero or less, defaults to 100,000.
	//
	// So a flood of strangers costs other strangers what they have stored, those who were away
	// longest first, but nobody is kept from signing in: whoever gets a form and sends it back
	// within the time of MaxRecords new strangers finds the session that the form belongs to.
	MaxRecords int
}

const (
	defaultMax = 100_000
	shardCount = 256 // so many that a sweep, which holds one of them, is in hardly anybody's way; a value of a byte
	sweepBatch = 16  // records that one hold of a shard's lock may sweep
	sweepRoom  = 64  // dead records that a Create may drop before it takes the place of a living one
	kept       = 8   // an eighth of MaxRecords is there for strangers, however many are signed in
)

// Store is a store.Store in the memory of this process: for one node, for tests, and as the measure
// of the others. What it holds is gone when the process ends. It starts no goroutine; dead records
// go when DeleteExpired is called, and before a Create would take a stranger's place or be refused.
//
// It keeps the store.Values that it is given and gives them out without copying, which is safe by
// the contract of store.Values.
type Store struct {
	max   int64
	count atomic.Int64 // records in all shards, and those that a Create is about to add
	// Strangers' records that may be dropped, in all shards.
	strangers atomic.Int64
	closed    atomic.Bool
	next      atomic.Uint32 // the shard where the next sweep begins, so that a small limit reaches all of them in time
	shards    [shardCount]shard
}

var _ store.Store = (*Store)(nil)

// New returns an empty store.
func New(c Config) *Store {
	if c.MaxRecords <= 0 {
		c.MaxRecords = defaultMax
	}
	m := &Store{max: int64(c.MaxRecords)}
	for i := range m.shards {
		m.shards[i].records = make(map[store.ID]*entry)
		m.shards[i].subjects = make(map[string]map[store.ID]*entry)
		m.shards[i].strangers = &m.strangers
		m.shards[i].note()
	}
	return m
}

// Close drops all records, and lets every later call fail with store.ErrClosed. It may be called
// more than once.
func (m *Store) Close() error {
	m.closed.Store(true)
	for i := range m.shards {
		m.count.Add(-int64(m.shards[i].clear()))
	}
	return nil
}

func (m *Store) usable(ctx context.Context) error {
	if m.closed.Load() {
		return store.ErrClosed
	}
	return ctx.Err()
}

func (m *Store) shard(id store.ID) *shard { return &m.shards[id[len(id)-1]] }

// Create implements store.Store. A store that is full first drops up to 64 records that were dead
// when r was created, and then the stranger's record that was used longest ago; see
// Config.MaxRecords. store.ErrFull is left for one that is full of people who are signed in.
func (m *Store) Create(ctx context.Context, r store.Record) error {
	if err := m.usable(ctx); err != nil {
		return err
	}
	m.count.Add(1)
	if !m.room(ctx, r) {
		m.count.Add(-1)
		return store.ErrFull
	}
	s := m.shard(r.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records[r.ID] != nil {
		m.count.Add(-1)
		return store.ErrExists
	}
	e := &entry{Record: r}
	s.records[r.ID] = e
	s.index(e)
	heap.Push(&s.expiry, e)
	s.used(e)
	return nil
}

// room reports whether a record that is counted already may be stored, and makes room for it.
func (m *Store) room(ctx context.Context, r store.Record) bool {
	limit, most := m.max, 2*m.max
	if r.Subject != "" {
		limit = most
	}
	if m.count.Load() <= limit {
		return true
	}
	_, _ = m.sweep(ctx, r.Created, sweepRoom) // an error of the context is met at the next step
	if m.count.Load() <= limit {
		return true
	}
	if m.count.Load() <= most && m.strangers.Load() < max(1, m.max/kept) {
		return true // nearly all are signed in; who is about to needs a session for the form
	}
	return m.evict()
}

// evict drops the stranger's record that was used longest ago, and reports whether there was one.
// Others may take it, or use it, between the look and the deed: then it is the next of its shard.
func (m *Store) evict() bool {
	for m.strangers.Load() > 0 {
		var from *shard
		oldest := int64(never)
		for i := range m.shards {
			if when := m.shards[i].oldest.Load(); when < oldest {
				from, oldest = &m.shards[i], when
			}
		}
		if from != nil && from.evict() {
			m.count.Add(-1)
			return true
		}
	}
	return false
}

// Load implements store.Store. It allocates nothing.
func (m *Store) Load(ctx context.Context, id store.ID, now time.Time) (store.Record, error) {
	if err := m.usable(ctx); err != nil {
		return store.Record{}, err
	}
	s := m.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if e := s.records[id]; e != nil && e.Live(now) {
		return e.Record, nil
	}
	return store.Record{}, store.ErrNotFound
}

// Patch implements store.Store.
func (m *Store) Patch(ctx context.Context, p store.Patch) (int64, error) {
	if err := m.usable(ctx); err != nil {
		return 0, err
	}
	s := m.shard(p.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.find(p.ID, p.Digest, p.Now)
	if e == nil {
		return 0, store.ErrNotFound
	}
	if p.IfVersion != 0 && p.IfVersion != e.Version {
		return 0, store.ErrConflict
	}
	next := e.Apply(p)
	if next.Subject != e.Subject {
		s.unindex(e)
		e.Subject = next.Subject
		s.index(e)
	}
	e.Record = next
	heap.Fix(&s.expiry, e.place)
	s.used(e)
	return e.Version, nil
}

// Touch implements store.Store.
func (m *Store) Touch(ctx context.Context, id store.ID, digest store.Digest, t store.Touch, now time.Time) error {
	if err := m.usable(ctx); err != nil {
		return err
	}
	s := m.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.find(id, digest, now)
	if e == nil {
		return store.ErrNotFound
	}
	e.Record = e.Touched(t)
	heap.Fix(&s.expiry, e.place)
	s.used(e)
	return nil
}

// Delete implements store.Store.
func (m *Store) Delete(ctx context.Context, ids ...store.ID) error {
	for _, id := range ids {
		if err := m.usable(ctx); err != nil {
			return err
		}
		s := m.shard(id)
		s.mu.Lock()
		if e := s.records[id]; e != nil {
			s.remove(e)
			m.count.Add(-1)
		}
		s.mu.Unlock()
	}
	return nil
}

// BySubject implements store.Store.
func (m *Store) BySubject(ctx context.Context, subject string, now time.Time) ([]store.Record, error) {
	if err := m.usable(ctx); err != nil {
		return nil, err
	}
	var found []store.Record
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.RLock()
		for _, e := range s.subjects[subject] {
			if e.Live(now) {
				r := e.Record
				r.Values = nil
				found = append(found, r)
			}
		}
		s.mu.RUnlock()
	}
	return found, nil
}

// Each implements store.Store. It copies one shard at a time.
func (m *Store) Each(ctx context.Context, now time.Time, yield func(store.Record) error) error {
	var live []store.Record
	for i := range m.shards {
		if err := m.usable(ctx); err != nil {
			return err
		}
		live = m.shards[i].live(live[:0], now)
		for _, r := range live {
			if err := yield(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// DeleteExpired implements store.Store. No lock is held for more than 16 records at a time,
// whatever the limit.
func (m *Store) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	return m.sweep(ctx, now, limit)
}

func (m *Store) sweep(ctx context.Context, now time.Time, limit int) (total int, err error) {
	first := m.next.Add(1)
	for i := range uint32(shardCount) {
		s := &m.shards[(first+i)%shardCount]
		for more := s.dirty(now); more && total < limit; {
			if err := m.usable(ctx); err != nil {
				return total, err
			}
			batch := min(sweepBatch, limit-total)
			n := s.sweep(now, batch)
			m.count.Add(-int64(n))
			total += n
			more = n == batch
		}
	}
	return total, m.usable(ctx)
}
