package sqlite

import (
	"strings"
	"testing"

	"github.com/doorbook/doorbook/internal/book"
)

// The list is internal because what it must never do, giving entries for a gap, shows from outside
// only in rare races.
func TestRecent(t *testing.T) {
	t.Parallel()
	var r recent
	add := func(body string, seqs ...int64) {
		list := make([]book.Entry, len(seqs))
		for i := range list {
			list[i].Body = body
		}
		r.add(seqs, list)
	}
	check := func(after, last int64, want bool) {
		t.Helper()
		got, ok := r.between(after, last)
		if ok != want {
			t.Fatalf("between %d and %d: %v, want %v", after, last, ok, want)
		}
		for i, rec := range got {
			if rec.seq != after+1+int64(i) {
				t.Errorf("between %d and %d: place %d holds %d", after, last, i, rec.seq)
			}
		}
		if ok && int64(len(got)) != last-after {
			t.Errorf("between %d and %d: %d entries", after, last, len(got))
		}
	}
	check(0, 1, false)
	add("", 5, 6)
	add("", 7)
	check(4, 7, true)
	check(6, 7, true)
	check(7, 7, true)
	check(4, 5, true)
	check(3, 7, false) // 4 is not there
	check(6, 8, false) // nor is 8

	add("", 9, 10, 11) // 8 was somebody else's
	check(6, 9, false)
	check(7, 9, false)
	check(8, 11, true)
	add("", 12, 14) // even within a batch
	check(11, 12, false)
	check(13, 14, true)

	for seq := int64(15); seq < 15+2*recentCount; seq++ {
		add("", seq)
	}
	last := int64(14 + 2*recentCount)
	check(last-recentCount, last, true)
	check(last-recentCount-1, last, false)

	add(strings.Repeat("x", recentBytes/2), last+1, last+2, last+3)
	check(last+2, last+3, true)
	check(last, last+3, false)
	add(strings.Repeat("x", 2*recentBytes), last+4) // larger than all it may keep
	check(last+3, last+4, false)
	if r.bytes != 0 || len(r.list) != 0 {
		t.Errorf("%d bytes in %d entries left", r.bytes, len(r.list))
	}
}
