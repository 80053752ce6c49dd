package sqlite

import "github.com/doorbook/doorbook/internal/book"

const (
	recentCount = 256       // entries that a recent keeps
	recentBytes = 512 << 10 // and about their memory
)

// recent holds the entries that this process appended last, without a gap in their seq: what lies
// between two of them is nobody else's. Its user locks.
type recent struct {
	list  []record // oldest first
	bytes int
}

// add appends committed entries. A gap (another process has written in between) empties what was
// there.
func (r *recent) add(seqs []int64, list []book.Entry) {
	for i, seq := range seqs {
		if n := len(r.list); n > 0 && r.list[n-1].seq+1 != seq {
			r.list, r.bytes = r.list[:0], 0
		}
		added := newRecord(seq, asStored(list[i]))
		r.list = append(r.list, added)
		r.bytes += added.bytes
	}
	drop := max(0, len(r.list)-recentCount)
	for _, old := range r.list[:drop] {
		r.bytes -= old.bytes
	}
	for drop < len(r.list) && r.bytes > recentBytes {
		r.bytes -= r.list[drop].bytes
		drop++
	}
	if drop > 0 {
		n := copy(r.list, r.list[drop:])
		clear(r.list[n:])
		r.list = r.list[:n]
	}
}

// between gives the entries with after < seq <= last, oldest first, and whether it has all of them.
func (r *recent) between(after, last int64) ([]record, bool) {
	if len(r.list) == 0 {
		return nil, false
	}
	first := r.list[0].seq
	if after+1 < first || last >= first+int64(len(r.list)) {
		return nil, false
	}
	return r.list[after+1-first : last+1-first], true
}
