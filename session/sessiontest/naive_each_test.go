package sessiontest_test

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

const (
	eachLocked   flaw = "holds its lock inside of yield"
	eachOffset   flaw = "counts how far it came"
	eachTwice    flaw = "begins a page with the last one's end"
	eachOnePage  flaw = "gives one page"
	eachGoesOn   flaw = "goes on after yield's error"
	eachSwallows flaw = "swallows yield's error"
	eachValues   flaw = "gives values"
	eachDead     flaw = "gives the dead"
	eachSubjects flaw = "gives only those signed in"
	eachEndless  flaw = "ignores a context that ends meanwhile"
)

// page is how many records naive.Each reads at once.
const page = 100

// Each reads page by page, each after the last id of the one before.
func (n *naive) Each(ctx context.Context, now time.Time, yield func(store.Record) error) error {
	var last []byte
	done := 0
	for first := true; ; first = false {
		if n.flaw == eachEndless && !first {
			ctx = context.WithoutCancel(ctx)
		}
		if err := n.begin(ctx); err != nil {
			return err
		}
		found := n.read(last, done, now)
		if n.flaw != eachLocked {
			n.mu.Unlock()
		}
		for _, r := range found {
			if err := yield(r); err != nil && n.flaw != eachGoesOn {
				if n.flaw == eachSwallows {
					err = nil
				}
				return err
			}
			last = r.ID[:]
			done++
		}
		if n.flaw == eachLocked {
			n.mu.Unlock()
		}
		if len(found) < page || n.flaw == eachOnePage {
			return nil
		}
	}
}

// read returns the page after an id, done records from the first.
func (n *naive) read(last []byte, done int, now time.Time) (found []store.Record) {
	ids := slices.SortedFunc(maps.Keys(n.records), func(a, b store.ID) int { return bytes.Compare(a[:], b[:]) })
	for i, id := range ids {
		after := bytes.Compare(id[:], last)
		skip := after < 0 || after == 0 && n.flaw != eachTwice
		if n.flaw == eachOffset {
			skip = i < done
		}
		if skip || len(found) == page {
			continue
		}
		r := n.records[id]
		if !n.live(r, now) && n.flaw != eachDead || n.flaw == eachSubjects && r.Subject == "" {
			continue
		}
		if n.flaw != eachValues {
			r.Values = nil
		}
		found = append(found, r)
	}
	return found
}
