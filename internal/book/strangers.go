package book

import (
	"fmt"
	"time"

	"github.com/doorbook/doorbook/internal/id"
	"github.com/doorbook/doorbook/internal/network"
)

const (
	defaultStrangers = 60_000
	defaultAddresses = 10_000
	// mostSummaries is how many addresses get a summary entry of their own in one minute; the rest
	// are told together, so that a summary never becomes the flood that it replaces.
	mostSummaries = 100
)

// strangers counts the requests and refused attempts of signed-out visitors per address in the
// running minute. It needs its owner's lock.
//
// What is only counted is not among the counts per minute that Repository.Append keeps (it counts
// the requests among the entries): the plot shows a flood at the height of the limit, and the
// summary entry says how many more there were. The count of the running minute is lost when the
// process is killed; the entries below the limit are not.
type strangers struct {
	limit  int // requests a minute that are entered; negative: all
	most   int // addresses told apart
	minute time.Time
	seen   map[network.Network]int
	others int // requests of addresses that found no place in seen
}

func newStrangers(limit, most int) strangers {
	if limit == 0 {
		limit = defaultStrangers
	}
	return strangers{limit: limit, most: positiveOr(most, defaultAddresses), seen: make(map[network.Network]int)}
}

// enter counts one request and reports whether it gets an entry of its own.
func (s *strangers) enter(addr string) bool {
	if s.limit < 0 {
		return true
	}
	if key := network.Of(addr); key.Known() {
		n, known := s.seen[key]
		if known || len(s.seen) < s.most {
			s.seen[key] = n + 1
			return n < s.limit
		}
	}
	s.others++
	return s.others <= s.limit
}

// turn reports whether a new minute has begun since the last call; what the old one counted is then
// due.
func (s *strangers) turn(now time.Time) bool {
	minute := now.Truncate(time.Minute)
	if minute.Equal(s.minute) {
		return false
	}
	if s.minute.IsZero() {
		s.minute = minute
	}
	return true
}

// summaries gives an entry for each address that went beyond the limit, and begins the minute of
// now.
func (s *strangers) summaries(now time.Time) []Entry {
	var entries []Entry
	rest := max(0, s.others-s.limit)
	for addr, n := range s.seen {
		switch more := n - s.limit; {
		case more <= 0 || s.limit < 0:
		case len(entries) < mostSummaries:
			entries = append(entries, summary(now, s.minute, addr.String(), more))
		default:
			rest += more
		}
	}
	if rest > 0 && s.limit >= 0 {
		entries = append(entries, summary(now, s.minute, "", rest))
	}
	clear(s.seen)
	s.others = 0
	s.minute = now.Truncate(time.Minute)
	return entries
}

func summary(now, minute time.Time, addr string, more int) Entry {
	from := addr
	if from == "" {
		from = "other addresses"
	}
	return Entry{
		ID: id.New(now), Type: Activity, ClientAddr: addr, CreatedAt: now, Action: ActionSummary,
		Text: fmt.Sprintf("%d more requests from %s in the minute of %s were counted, not entered one by one.",
			more, from, minute.UTC().Format("15:04 UTC")),
	}
}

// lossEntry tells in the book itself how many entries it lacks, and of which kind.
func lossEntry(now time.Time, n Kinds) Entry {
	return Entry{
		ID: id.New(now), Type: Error, CreatedAt: now, Action: ActionEntriesDropped, Text: n.String(),
	}
}
