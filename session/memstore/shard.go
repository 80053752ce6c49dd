package memstore

import (
	"container/heap"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// shard is one part of the records, with its own lock. Ids are random, so the parts are of
// one size.
type shard struct {
	mu       sync.RWMutex
	records  map[store.ID]*entry
	subjects map[string]map[store.ID]*entry // never holds the empty subject, nor an empty map
	expiry   expiryHeap

	// Strangers in the order of their latest change or noted use, so that room is made for new ones
	// at the cost of one step. What is in no state of its own (store.Live) is all that is here: a
	// note that a session has ended must not go.
	first, last *entry
	strangers   *atomic.Int64 // how many there are, in all shards
	oldest      atomic.Int64  // when the first of this shard was last seen
	soonest     atomic.Int64  // when the first record of this shard dies
}

const never = math.MaxInt64

// entry is a record and its places in the heap and among the strangers. All are guarded by the
// shard's lock.
type entry struct {
	store.Record
	place      int
	prev, next *entry
	listed     bool
}

// used puts a record that was made or changed at the end of the strangers, if it is one.
func (s *shard) used(e *entry) {
	s.unlist(e)
	if e.Subject == "" && e.State == store.Live {
		if e.prev, s.last = s.last, e; e.prev == nil {
			s.first = e
		} else {
			e.prev.next = e
		}
		e.listed = true
		s.strangers.Add(1)
	}
	s.note()
}

func (s *shard) unlist(e *entry) {
	if !e.listed {
		return
	}
	if e.prev == nil {
		s.first = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		s.last = e.prev
	} else {
		e.next.prev = e.prev
	}
	e.prev, e.next, e.listed = nil, nil, false
	s.strangers.Add(-1)
}

// note lets others see without the lock whether there is something to sweep or to evict.
func (s *shard) note() {
	oldest, soonest := int64(never), int64(never)
	if s.first != nil {
		oldest = s.first.LastSeen.UnixMilli()
	}
	if len(s.expiry) > 0 {
		soonest = s.expiry[0].Expires.UnixMilli()
	}
	s.oldest.Store(oldest)
	s.soonest.Store(soonest)
}

// evict removes the stranger that was used longest ago.
func (s *shard) evict() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		return false
	}
	s.remove(s.first)
	return true
}

// clear drops everything, and returns how many records there were.
func (s *shard) clear() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n = len(s.records)
	for s.first != nil {
		s.unlist(s.first)
	}
	s.records, s.subjects, s.expiry = make(map[store.ID]*entry), make(map[string]map[store.ID]*entry), nil
	s.note()
	return n
}

func (s *shard) live(list []store.Record, now time.Time) []store.Record {
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

// dirty reports whether there is something to sweep: hardly ever, so nobody need stop for it.
func (s *shard) dirty(now time.Time) bool { return s.soonest.Load() <= now.UnixMilli() }

// sweep removes up to limit dead records of one shard, the longest dead first.
func (s *shard) sweep(now time.Time, limit int) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n < limit && len(s.expiry) > 0 && !s.expiry[0].Live(now) {
		s.remove(s.expiry[0])
		n++
	}
	return n
}

// find returns the live record that id and digest open, or nil.
func (s *shard) find(id store.ID, digest store.Digest, now time.Time) *entry {
	if e := s.records[id]; e != nil && e.Digest == digest && e.Live(now) {
		return e
	}
	return nil
}

func (s *shard) remove(e *entry) {
	delete(s.records, e.ID)
	s.unindex(e)
	heap.Remove(&s.expiry, e.place)
	s.unlist(e)
	s.note()
}

func (s *shard) index(e *entry) {
	if e.Subject == "" {
		return
	}
	if s.subjects[e.Subject] == nil {
		s.subjects[e.Subject] = make(map[store.ID]*entry, 1)
	}
	s.subjects[e.Subject][e.ID] = e
}

func (s *shard) unindex(e *entry) {
	of := s.subjects[e.Subject]
	delete(of, e.ID)
	if len(of) == 0 {
		delete(s.subjects, e.Subject)
	}
}

// expiryHeap holds all records of a shard, the one that dies first at the top. See container/heap.
type expiryHeap []*entry

func (h expiryHeap) Len() int           { return len(h) }
func (h expiryHeap) Less(i, j int) bool { return h[i].Expires.Before(h[j].Expires) }

func (h expiryHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *expiryHeap) Push(x any) {
	e := x.(*entry)
	e.place = len(*h)
	*h = append(*h, e)
}

func (h *expiryHeap) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return e
}
