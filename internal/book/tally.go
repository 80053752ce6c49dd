package book

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/network"
)

// tally counts what strangers can cause as often as they like and what has no request entry of its
// own to be told by: one entry a minute, action and address. It needs its owner's lock.
type tally struct {
	most   int // pairs of action and address that are told apart
	minute time.Time
	seen   map[tallied]int
}

// tallied is what is counted together. The zero network stands for all others.
type tallied struct {
	action Action
	from   network.Network
}

func newTally(most int) tally {
	return tally{most: min(positiveOr(most, defaultAddresses), mostSummaries), seen: map[tallied]int{}}
}

func (t *tally) add(now time.Time, action Action, addr string) {
	if len(t.seen) == 0 {
		t.minute = now.Truncate(time.Minute)
	}
	key := tallied{action, network.Of(addr)}
	if _, known := t.seen[key]; !known && len(t.seen) >= t.most {
		key.from = network.Network{}
	}
	t.seen[key]++
}

// summaries returns an entry for each count, and begins anew.
func (t *tally) summaries(now time.Time) []Entry {
	entries := make([]Entry, 0, len(t.seen))
	for key, n := range t.seen {
		entries = append(entries, Entry{
			ID: id.New(now), Type: Activity, CreatedAt: now, Action: key.action, ClientAddr: key.from.String(),
			Text: fmt.Sprintf("%d in the minute of %s", n, t.minute.UTC().Format("15:04 UTC")),
		})
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Action, b.Action), cmp.Compare(a.ClientAddr, b.ClientAddr))
	})
	clear(t.seen)
	return entries
}

// Tally counts something of which single entries would be a flood, such as forged cookies. It is
// told in one activity for each minute, action and address (IPv6: each /64), up to 100 of them.
func (r *Recorder) Tally(action Action, addr string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock()
	if r.closed {
		return
	}
	r.turn(now)
	r.tally.add(now, action, addr)
}
