package sessiontest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// manyRecords are more than any store should read at once.
const manyRecords = 600

// patience is how long a store may take for a few calls inside of yield: for one that waits for
// itself it is over at some time, and one on a busy machine needs less.
var patience = 2 * time.Minute

// within returns what f returns, or an error when it takes too long: only a lock that is held
// inside of yield, or the one connection of a pool, makes it wait.
func (p probe) within(d time.Duration, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(p.Context(), d)
	done := make(chan error, 1)
	go func() {
		defer cancel()
		done <- f(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(d + min(d, time.Second)): // the store does not even see that its context ended
		p.Fatal("Each holds something that the store needs while it gives records; it waits still")
		return nil
	}
}

// each returns the records that Each yields.
func (p probe) each(now time.Time) []store.Record {
	p.Helper()
	var got []store.Record
	err := p.Each(p.Context(), now, func(r store.Record) error {
		got = append(got, r)
		return nil
	})
	if err != nil {
		p.Fatalf("Each: %v", err)
	}
	return got
}

// visits checks that want are the live records, each given once and without its values.
func (p probe) visits(now time.Time, want ...store.Record) {
	p.Helper()
	p.without("Each", p.each(now), want)
}

// createdMany stores and returns many records, every second one signed in.
func (p probe) createdMany() []store.Record {
	p.Helper()
	records := make([]store.Record, manyRecords)
	const workers = 16 // for the sake of stores on the other side of a network
	errs := make([]error, workers)
	together(workers, func(i int) {
		for n := i; n < manyRecords; n += workers {
			records[n] = record()
			if n%2 == 0 {
				records[n] = recordOf(fmt.Sprintf("subject-%d", n%10))
			}
			errs[i] = errors.Join(errs[i], p.Create(p.Context(), records[n]))
		}
	})
	if err := errors.Join(errs...); err != nil {
		p.Fatalf("Create: %v", err)
	}
	return records
}

var eachTests = []test{
	{"none", func(p probe) { p.visits(past) }},
	{"all that live", func(p probe) {
		stranger, ada := record(), recordOf("ada")
		stranger.Values = store.Values{"a": []byte("1")}
		ada.Addr, ada.UserAgent, ada.Persist, ada.Values = "192.0.2.1", "Mozilla", true, store.Values{"b": []byte("2")}
		p.created(stranger)
		p.created(ada)
		p.patched(set(ada, "b", "3"))
		ada.Version = 2
		p.visits(past, stranger, ada)
	}},
	{"only the living", func(p probe) {
		dies, stays, deleted := record(), recordOf("ada"), p.created(recordOf("ada"))
		dies.Expires = past.Add(time.Minute)
		p.created(dies)
		p.created(stays)
		if err := p.Delete(p.Context(), deleted.ID); err != nil {
			p.Fatalf("Delete: %v", err)
		}
		p.visits(past.Add(time.Minute-time.Millisecond), dies, stays)
		p.visits(past.Add(time.Minute), stays)
		p.visits(stays.Expires)
	}},
	{"many", func(p probe) { p.visits(past, p.createdMany()...) }},
	{"yield's error ends it", func(p probe) {
		for range 10 {
			p.created(record())
		}
		for after := range 3 {
			enough, calls := errors.New("enough"), 0
			err := p.Each(p.Context(), past, func(store.Record) error {
				if calls++; calls > after {
					return enough
				}
				return nil
			})
			if !errors.Is(err, enough) || calls != after+1 {
				p.Errorf("Each called yield %d times and gave %v; want %d times and yield's error", calls, err, after+1)
			}
		}
	}},
	{"a context that ends meanwhile", func(p probe) {
		p.createdMany()
		ctx, cancel := context.WithCancel(p.Context())
		calls := 0
		err := p.Each(ctx, past, func(store.Record) error {
			calls++
			cancel()
			return nil
		})
		if err == nil {
			p.Errorf("Each succeeds, and gives %d of %d records, though its context ended with the first", calls, manyRecords)
		}
	}},
	{"the store may be used meanwhile", func(p probe) {
		for range 5 {
			p.created(recordOf("ada"))
		}
		err := p.within(patience, func(ctx context.Context) error {
			return p.Each(ctx, past, func(r store.Record) error {
				_, loading := p.Load(ctx, r.ID, past)
				_, patching := p.Patch(ctx, set(r, "a", "1"))
				touching := p.Touch(ctx, r.ID, r.Digest, store.Touch{LastSeen: past.Add(time.Minute)}, past)
				_, listing := p.BySubject(ctx, "ada", past)
				creating := p.Create(ctx, recordAt(past.Add(-2*time.Hour))) // dead, so that it is not given
				return errors.Join(loading, patching, touching, listing, creating)
			})
		})
		if err != nil {
			p.Errorf("using the store inside of yield: %v", err)
		}
	}},
	{"deleting as it goes", func(p probe) {
		want := p.createdMany()
		given := make(map[store.ID]bool)
		err := p.within(time.Minute, func(ctx context.Context) error {
			return p.Each(ctx, past, func(r store.Record) error {
				given[r.ID] = true
				return p.Delete(ctx, r.ID)
			})
		})
		if err != nil || len(given) != len(want) {
			p.Errorf("Each gave %d of %d records, of which each was deleted when it was given: %v", len(given), len(want), err)
		}
		p.visits(past)
	}},
	{"what comes and goes meanwhile", func(p probe) {
		stays, goes := p.createdMany()[:manyRecords/2], map[store.ID]bool{}
		all := p.each(past)
		staying := make(map[store.ID]bool)
		for _, r := range stays {
			staying[r.ID] = true
		}
		for _, r := range all {
			if !staying[r.ID] {
				goes[r.ID] = true
			}
		}
		seen := make(map[store.ID]int)
		err := p.within(time.Minute, func(ctx context.Context) error {
			return p.Each(ctx, past, func(r store.Record) error {
				seen[r.ID]++
				if len(seen)%100 != 1 {
					return nil
				}
				var ids []store.ID // some of those that go, given already or not
				for id := range goes {
					if ids = append(ids, id); len(ids) == 40 {
						break
					}
				}
				for _, id := range ids {
					delete(goes, id)
				}
				return errors.Join(p.Delete(ctx, ids...), p.Create(ctx, recordOf("new")))
			})
		})
		if err != nil {
			p.Fatalf("Each: %v", err)
		}
		for id, times := range seen {
			if times > 1 {
				p.Errorf("record %v was given %d times", id, times)
			}
		}
		for id := range staying {
			if seen[id] != 1 {
				p.Fatalf("a record that was there all the time was given %d times", seen[id])
			}
		}
	}},
}
