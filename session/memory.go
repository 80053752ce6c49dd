package session

import (
	"container/heap"
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// MemoryConfig is what a Memory needs to know. The zero value is ready to use.
type MemoryConfig struct {
	// MaxRecords is how many records may be stored, live or not, before strangers get no new ones
	// (ErrFull). Records of somebody who is signed in are let in up to twice that number, so that a
	// flood of strangers keeps nobody from signing in. A record takes some 350 bytes, or 650 when
	// signed in, and its values. Default (0 or less): 100,000.
	MaxRecords int
}

const (
	memoryDefaultMax = 100_000
	memoryShards     = 256 // so many that a sweep, which holds one of them, is in hardly anybody's way; a value of a byte
	memoryBatch      = 16  // records that one hold of a shard's lock may sweep
	memoryRoom       = 64  // dead records that a Create may drop before it is refused
)

// Memory is a Store in the memory of this process: for one node, for tests, and as the measure of
// the others. What it holds is gone when the process ends. It starts no goroutine; dead records go
// when DeleteExpired is called, and before a Create would be refused.
//
// It keeps the Values that it is given and gives them out without copying, which is safe by the
// contract of Values.
type Memory struct {
	max    int64
	count  atomic.Int64 // records in all shards, and those that a Create is about to add
	closed atomic.Bool
	next   atomic.Uint32 // the shard where the next sweep begins, so that a small limit reaches all of them in time
	shards [memoryShards]memoryShard
}

// memoryShard is one part of the records, with its own lock. Ids are random, so the parts are of
// one size.
type memoryShard struct {
	mu       sync.RWMutex
	records  map[ID]*memoryEntry
	subjects map[string]map[ID]*memoryEntry // never holds the empty subject, nor an empty map
	expiry   memoryHeap
}

// memoryEntry is a record and its place in the heap. Both are guarded by the shard's lock.
type memoryEntry struct {
	Record
	place int
}

var _ Store = (*Memory)(nil)

// NewMemory gives an empty store.
func NewMemory(c MemoryConfig) *Memory {
	if c.MaxRecords <= 0 {
		c.MaxRecords = memoryDefaultMax
	}
	m := &Memory{max: int64(c.MaxRecords)}
	for i := range m.shards {
		m.shards[i].records = make(map[ID]*memoryEntry)
		m.shards[i].subjects = make(map[string]map[ID]*memoryEntry)
	}
	return m
}

// Close drops all records, and lets every later call fail with ErrClosed. It may be called more
// than once.
func (m *Memory) Close() error {
	m.closed.Store(true)
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		m.count.Add(-int64(len(s.records)))
		s.records, s.subjects, s.expiry = make(map[ID]*memoryEntry), make(map[string]map[ID]*memoryEntry), nil
		s.mu.Unlock()
	}
	return nil
}

func (m *Memory) usable(ctx context.Context) error {
	if m.closed.Load() {
		return ErrClosed
	}
	return ctx.Err()
}

func (m *Memory) shard(id ID) *memoryShard { return &m.shards[id[len(id)-1]] }

// Create implements Store. A store that is full first drops up to 64 records that were dead when r
// was created.
func (m *Memory) Create(ctx context.Context, r Record) error {
	if err := m.usable(ctx); err != nil {
		return err
	}
	limit := m.max
	if r.Subject != "" {
		limit *= 2
	}
	if m.count.Add(1) > limit {
		m.sweep(ctx, r.Created, memoryRoom) // an error of the context is met at the next step
		if m.count.Load() > limit {
			m.count.Add(-1)
			return ErrFull
		}
	}
	s := m.shard(r.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.records[r.ID] != nil {
		m.count.Add(-1)
		return ErrExists
	}
	e := &memoryEntry{Record: r}
	s.records[r.ID] = e
	s.index(e)
	heap.Push(&s.expiry, e)
	return nil
}

// Load implements Store. It allocates nothing.
func (m *Memory) Load(ctx context.Context, id ID, now time.Time) (Record, error) {
	if err := m.usable(ctx); err != nil {
		return Record{}, err
	}
	s := m.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	if e := s.records[id]; e != nil && e.Live(now) {
		return e.Record, nil
	}
	return Record{}, ErrNotFound
}

// Patch implements Store.
func (m *Memory) Patch(ctx context.Context, p Patch) (int64, error) {
	if err := m.usable(ctx); err != nil {
		return 0, err
	}
	s := m.shard(p.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.find(p.ID, p.Digest, p.Now)
	if e == nil {
		return 0, ErrNotFound
	}
	if p.IfVersion != 0 && p.IfVersion != e.Version {
		return 0, ErrConflict
	}
	next := e.Apply(p)
	if next.Subject != e.Subject {
		s.unindex(e)
		e.Subject = next.Subject
		s.index(e)
	}
	e.Record = next
	heap.Fix(&s.expiry, e.place)
	return e.Version, nil
}

// Touch implements Store.
func (m *Memory) Touch(ctx context.Context, id ID, digest Digest, t Touch, now time.Time) error {
	if err := m.usable(ctx); err != nil {
		return err
	}
	s := m.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.find(id, digest, now)
	if e == nil {
		return ErrNotFound
	}
	e.Record = e.Touched(t)
	heap.Fix(&s.expiry, e.place)
	return nil
}

// Delete implements Store.
func (m *Memory) Delete(ctx context.Context, ids ...ID) error {
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

// BySubject implements Store.
func (m *Memory) BySubject(ctx context.Context, subject string, now time.Time) ([]Record, error) {
	if err := m.usable(ctx); err != nil {
		return nil, err
	}
	var found []Record
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

// Each implements Store. It copies one shard at a time.
func (m *Memory) Each(ctx context.Context, now time.Time, yield func(Record) error) error {
	var live []Record
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

func (s *memoryShard) live(list []Record, now time.Time) []Record {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, e := range s.records {
		if e.Live(now) {
			r := e.Record
			r.Values = nil
			list = append(list, r)
		}
	}
	return list
}

// DeleteExpired implements Store. No lock is held for more than 16 records at a time, whatever the
// limit.
func (m *Memory) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	return m.sweep(ctx, now, limit)
}

func (m *Memory) sweep(ctx context.Context, now time.Time, limit int) (total int, err error) {
	first := m.next.Add(1)
	for i := range uint32(memoryShards) {
		s := &m.shards[(first+i)%memoryShards]
		for more := true; more && total < limit; {
			if err := m.usable(ctx); err != nil {
				return total, err
			}
			batch := min(memoryBatch, limit-total)
			n := s.sweep(now, batch)
			m.count.Add(-int64(n))
			total += n
			more = n == batch
		}
	}
	return total, m.usable(ctx)
}

// sweep removes up to limit dead records of one shard, the longest dead first.
func (s *memoryShard) sweep(now time.Time, limit int) (n int) {
	s.mu.RLock()
	idle := len(s.expiry) == 0 || s.expiry[0].Live(now)
	s.mu.RUnlock()
	if idle { // the usual case, in which readers need not stop
		return 0
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for n < limit && len(s.expiry) > 0 && !s.expiry[0].Live(now) {
		s.remove(s.expiry[0])
		n++
	}
	return n
}

// find gives the live record that id and digest open, or nil.
func (s *memoryShard) find(id ID, digest Digest, now time.Time) *memoryEntry {
	if e := s.records[id]; e != nil && e.Digest == digest && e.Live(now) {
		return e
	}
	return nil
}

func (s *memoryShard) remove(e *memoryEntry) {
	delete(s.records, e.ID)
	s.unindex(e)
	heap.Remove(&s.expiry, e.place)
}

func (s *memoryShard) index(e *memoryEntry) {
	if e.Subject == "" {
		return
	}
	if s.subjects[e.Subject] == nil {
		s.subjects[e.Subject] = make(map[ID]*memoryEntry, 1)
	}
	s.subjects[e.Subject][e.ID] = e
}

func (s *memoryShard) unindex(e *memoryEntry) {
	of := s.subjects[e.Subject]
	delete(of, e.ID)
	if len(of) == 0 {
		delete(s.subjects, e.Subject)
	}
}

// memoryHeap holds all records of a shard, the one that dies first at the top. See container/heap.
type memoryHeap []*memoryEntry

func (h memoryHeap) Len() int           { return len(h) }
func (h memoryHeap) Less(i, j int) bool { return h[i].Expires.Before(h[j].Expires) }

func (h memoryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *memoryHeap) Push(x any) {
	e := x.(*memoryEntry)
	e.place = len(*h)
	*h = append(*h, e)
}

func (h *memoryHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return e
}
