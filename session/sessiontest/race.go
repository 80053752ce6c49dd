package sessiontest

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

const (
	crowd  = 100 // goroutines that change one record at once
	rounds = 30  // times that a race between two is run
)

var raceTests = []test{
	{"no patch is lost", func(p probe) {
		r := p.created(record())
		versions := make([]int64, crowd)
		together(crowd, func(i int) {
			version, err := p.Patch(p.Context(), set(r, fmt.Sprintf("key-%d", i), strconv.Itoa(i)))
			if err != nil {
				p.Errorf("a patch without IfVersion failed: %v", err)
			}
			versions[i] = version
		})
		r.Version, r.Values = crowd+1, store.Values{}
		for i := range crowd {
			r.Values[fmt.Sprintf("key-%d", i)] = []byte(strconv.Itoa(i))
		}
		p.holds(r, past)
		slices.Sort(versions)
		for i, version := range versions {
			if version != int64(i+2) {
				p.Fatalf("the versions given are %v, want 2 to %d, each once", versions, crowd+1)
			}
		}
	}},
	{"counters under a version", func(p probe) {
		const workers, each = 10, 10
		r := p.created(record())
		acknowledged := make([]atomic.Int64, workers*each+1)
		together(workers, func(int) {
			for done := 0; done < each; {
				current, err := p.Load(p.Context(), r.ID, past)
				if err != nil {
					p.Errorf("Load: %v", err)
					return
				}
				n, _ := strconv.Atoi(string(current.Values["n"]))
				runtime.Gosched() // let others come between
				change := set(r, "n", strconv.Itoa(n+1))
				change.IfVersion = current.Version
				switch version, err := p.Patch(p.Context(), change); {
				case err == nil && version == current.Version+1 && n < workers*each:
					acknowledged[n+1].Add(1)
					done++
				case !errors.Is(err, store.ErrConflict):
					p.Errorf("counting from %d at version %d: version %d, %v", n, current.Version, version, err)
					return
				}
			}
		})
		for n := 1; n <= workers*each; n++ {
			if times := acknowledged[n].Load(); times != 1 {
				p.Errorf("the step to %d was acknowledged %d times, want once", n, times)
			}
		}
		if got := string(p.loaded(r.ID, past).Values["n"]); got != strconv.Itoa(workers*each) {
			p.Errorf("the counter is at %q, want %d", got, workers*each)
		}
	}},
	{"a patch is seen whole", func(p probe) {
		r := record()
		r.Values = store.Values{"a": []byte("0"), "b": []byte("0")}
		p.created(r)
		var done atomic.Bool
		var readers sync.WaitGroup
		for range 2 {
			readers.Add(1)
			go func() {
				defer readers.Done()
				version := int64(0)
				for !done.Load() {
					got, err := p.Load(p.Context(), r.ID, past)
					if err != nil || string(got.Values["a"]) != string(got.Values["b"]) || got.Version < version {
						p.Errorf("read %q at version %d after version %d (%v)", got.Values, got.Version, version, err)
						return
					}
					version = got.Version
				}
			}()
		}
		together(4, func(i int) {
			for n := range rounds {
				change := patch(r)
				value := []byte(fmt.Sprintf("%d/%d", i, n))
				change.Set = store.Values{"a": value, "b": value}
				if _, err := p.Patch(p.Context(), change); err != nil {
					p.Errorf("Patch: %v", err)
				}
			}
		})
		done.Store(true)
		readers.Wait()
	}},
	{"one key renewal wins", func(p probe) {
		for range rounds {
			r := p.created(record())
			var winner atomic.Int64
			together(8, func(i int) {
				change := patch(r)
				change.Rekey = &store.Rekey{Digest: store.Digest{byte(i + 1)}, KeyID: "fedcba98"}
				if _, err := p.Patch(p.Context(), change); err == nil {
					winner.Add(int64(i + 1))
				} else if !errors.Is(err, store.ErrNotFound) {
					p.Errorf("Patch: %v, want ErrNotFound", err)
				}
			})
			r.Version, r.KeyID, r.Digest = 2, "fedcba98", store.Digest{byte(winner.Load())}
			p.holds(r, past)
		}
	}},
	{"one creation wins", func(p probe) {
		for range rounds {
			r := record()
			var winner atomic.Int64
			together(8, func(i int) {
				mine := r
				mine.Digest = store.Digest{byte(i + 1)}
				if err := p.Create(p.Context(), mine); err == nil {
					winner.Add(int64(i + 1))
				} else if !errors.Is(err, store.ErrExists) {
					p.Errorf("Create: %v, want ErrExists", err)
				}
			})
			r.Digest = store.Digest{byte(winner.Load())}
			p.holds(r, past)
		}
	}},
	{"deletion is final", func(p probe) {
		for range rounds {
			r := p.created(recordOf("ada"))
			var deleted atomic.Bool
			together(5, func(i int) {
				if i == 0 {
					if err := p.Delete(p.Context(), r.ID); err != nil {
						p.Errorf("Delete: %v", err)
					}
					deleted.Store(true)
					p.gone(r.ID, past)
					return
				}
				for range 100 * rounds { // until it is seen to be gone
					runtime.Gosched() // let the deletion come
					before := deleted.Load()
					var err error
					if i%2 == 0 {
						_, err = p.Patch(p.Context(), set(r, "a", "1"))
					} else {
						err = p.Touch(p.Context(), r.ID, r.Digest, store.Touch{LastSeen: past, Expires: past.Add(2 * time.Hour)}, past)
					}
					switch {
					case err == nil && before:
						p.Error("a record was changed after its deletion was acknowledged")
						return
					case errors.Is(err, store.ErrNotFound):
						return
					case err != nil:
						p.Errorf("changing a record that is being deleted: %v", err)
						return
					}
				}
			})
			p.gone(r.ID, past)
			p.listed("ada", past)
		}
	}},
	{"sweeping beside touches and patches", func(p probe) {
		for round := range rounds {
			r := p.created(record())
			to := store.Touch{LastSeen: r.Expires, Expires: r.Expires.Add(time.Hour)}
			var saved error
			together(3, func(i int) {
				switch {
				case i > 0:
					if _, err := p.DeleteExpired(p.Context(), r.Expires, 10); err != nil {
						p.Errorf("DeleteExpired: %v", err)
					}
				case round%2 == 0:
					saved = p.Touch(p.Context(), r.ID, r.Digest, to, r.Expires.Add(-time.Millisecond))
				default:
					change := patch(r)
					change.Now, change.Seen = r.Expires.Add(-time.Millisecond), &to
					_, saved = p.Patch(p.Context(), change)
				}
			})
			switch {
			case saved == nil:
				p.loaded(r.ID, r.Expires)
			case errors.Is(saved, store.ErrNotFound):
				p.gone(r.ID, past)
			default:
				p.Errorf("touching a record that is being swept: %v", saved)
			}
		}
	}},
	{"two sweepers", func(p probe) {
		const dead = 40
		for range dead {
			p.created(record())
		}
		var total atomic.Int64
		together(4, func(int) {
			for range dead {
				n, err := p.DeleteExpired(p.Context(), past.Add(time.Hour), 3)
				if err != nil {
					p.Errorf("DeleteExpired: %v", err)
				}
				total.Add(int64(n))
			}
		})
		if total.Load() != dead {
			p.Errorf("%d deletions were counted, want %d", total.Load(), dead)
		}
	}},
	{"sign-ins are listed at once", func(p probe) {
		together(8, func(i int) {
			subject := fmt.Sprintf("subject-%d", i%2)
			for range 10 {
				r := record()
				if err := p.Create(p.Context(), r); err != nil {
					p.Errorf("Create: %v", err)
					return
				}
				change, in := patch(r), signIn(subject)
				change.SignIn = &in
				if _, err := p.Patch(p.Context(), change); err != nil {
					p.Errorf("Patch: %v", err)
					return
				}
				found, err := p.BySubject(p.Context(), subject, past)
				if err != nil || !slices.ContainsFunc(found, func(f store.Record) bool { return f.ID == r.ID }) {
					p.Errorf("a sign-in that was acknowledged is not listed (%v)", err)
				}
			}
		})
	}},
}
