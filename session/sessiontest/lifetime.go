package sessiontest

import (
	"errors"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// untouchable checks that a touch with the digest of r finds nothing to touch.
func (p probe) untouchable(r store.Record, now time.Time) {
	p.Helper()
	to := store.Touch{LastSeen: now.Add(time.Minute), Expires: now.Add(time.Hour)}
	if err := p.Touch(p.Context(), r.ID, r.Digest, to, now); !errors.Is(err, store.ErrNotFound) {
		p.Errorf("Touch: %v, want ErrNotFound", err)
	}
}

var lifetimeTests = []test{
	{"the given time rules", func(p probe) {
		for name, now := range map[string]time.Time{"past": past, "future": future} {
			p.Run(name, func(t *testing.T) {
				p := probe{t, p.Store}
				r := recordAt(now)
				r.Subject, r.SignedIn = name, now
				p.created(r)
				last, end := r.Expires.Add(-time.Millisecond), r.Expires

				p.holds(r, last)
				p.listed(name, last, r)
				change := set(r, "a", "1")
				change.Now = last
				p.patched(change)
				p.touched(r, store.Touch{}, last)

				p.gone(r.ID, end)
				p.listed(name, end)
				change.Now = end
				p.refused(change, store.ErrNotFound)
				p.untouchable(r, end)
				p.loaded(r.ID, last) // asking with a later time changed nothing
			})
		}
	}},
	{"a part of a millisecond", func(p probe) {
		r := p.created(record())
		p.loaded(r.ID, r.Expires.Add(-time.Nanosecond))
		p.gone(r.ID, r.Expires.Add(time.Nanosecond))
	}},
	{"any time zone", func(p probe) {
		r := p.created(recordOf("ada"))
		zone := time.FixedZone("far east", 14*60*60)
		p.holds(r, r.Expires.Add(-time.Millisecond).In(zone))
		p.gone(r.ID, r.Expires.In(zone))
		p.listed("ada", r.Expires.In(zone))
	}},
	{"touch moves forward", func(p probe) {
		r := recordOf("ada")
		r.Values = store.Values{"a": []byte("1")}
		p.created(r)
		r.LastSeen, r.Expires = past.Add(time.Minute), past.Add(2*time.Hour)
		p.touched(r, store.Touch{LastSeen: r.LastSeen, Expires: r.Expires}, past)
		p.holds(r, past.Add(90*time.Minute)) // and neither version nor values
		p.listed("ada", past.Add(90*time.Minute), r)
	}},
	{"touch never moves back", func(p probe) {
		r := p.created(record())
		for _, to := range []store.Touch{
			{},
			{LastSeen: past.Add(-time.Minute), Expires: past.Add(time.Minute)},
			{LastSeen: r.LastSeen, Expires: r.Expires},
		} {
			p.touched(r, to, past)
			p.holds(r, past)
		}
		r.LastSeen = past.Add(time.Minute) // each for itself
		p.touched(r, store.Touch{LastSeen: r.LastSeen, Expires: past}, past)
		p.holds(r, past)
		r.Expires = r.Expires.Add(time.Minute)
		p.touched(r, store.Touch{LastSeen: past, Expires: r.Expires}, past)
		p.holds(r, past)
	}},
	{"touch beside patch", func(p probe) {
		r := p.created(record())
		change := set(r, "a", "1")
		change.IfVersion = 1
		p.touched(r, store.Touch{LastSeen: past.Add(time.Minute), Expires: past.Add(2 * time.Hour)}, past)
		p.patched(change) // no conflict: a touch is no version
		got := p.loaded(r.ID, past.Add(90*time.Minute))
		if !got.LastSeen.Equal(past.Add(time.Minute)) {
			p.Errorf("the patch moved LastSeen to %v", got.LastSeen)
		}
	}},
}

var sweepTests = []test{
	{"nothing", func(p probe) {
		p.created(record())
		for _, limit := range []int{10, 1, 0} {
			if n, err := p.DeleteExpired(p.Context(), past, limit); n != 0 || err != nil {
				p.Errorf("DeleteExpired with limit %d: %d, %v; want 0", limit, n, err)
			}
		}
	}},
	{"in batches", func(p probe) {
		const dead, limit = 25, 10
		now := past.Add(time.Hour)
		var live []store.Record
		for i := range dead {
			r := recordOf("ada")
			r.Expires = now.Add(-time.Duration(i) * time.Millisecond)
			p.created(r)
			r = recordOf("ada")
			r.Expires = now.Add(time.Duration(i+1) * time.Millisecond)
			live = append(live, p.created(r))
		}
		if n, err := p.DeleteExpired(p.Context(), now, 0); n != 0 || err != nil {
			p.Errorf("DeleteExpired with limit 0: %d, %v; want 0", n, err)
		}
		total := 0
		for range dead + 1 {
			n, err := p.DeleteExpired(p.Context(), now, limit)
			if err != nil || n > limit {
				p.Fatalf("DeleteExpired with limit %d: %d, %v", limit, n, err)
			}
			if n == 0 {
				break
			}
			total += n
		}
		if total != dead {
			p.Errorf("%d records deleted, want %d", total, dead)
		}
		for _, r := range live {
			p.holds(r, past)
		}
		p.listed("ada", past, live...)
	}},
	{"what changed meanwhile", func(p probe) {
		touched, shortened := p.created(record()), p.created(record())
		p.touched(touched, store.Touch{Expires: past.Add(2 * time.Hour)}, past)
		change := patch(shortened)
		in := signIn("ada")
		in.Expires = past.Add(time.Minute)
		change.SignIn = &in
		p.patched(change)
		if n, err := p.DeleteExpired(p.Context(), past.Add(time.Minute), 10); n != 1 || err != nil {
			p.Errorf("DeleteExpired: %d, %v; want the one whose sign-in shortened its life", n, err)
		}
		p.gone(shortened.ID, past)
		if n, err := p.DeleteExpired(p.Context(), past.Add(time.Hour), 10); n != 0 || err != nil {
			p.Errorf("DeleteExpired: %d, %v; want 0, the other was touched", n, err)
		}
		p.loaded(touched.ID, past.Add(time.Hour))
	}},
	{"the far past and the far future", func(p probe) {
		old, next := p.created(recordAt(past)), p.created(recordAt(future))
		if n, err := p.DeleteExpired(p.Context(), past, 10); n != 0 || err != nil {
			p.Errorf("DeleteExpired in the past: %d, %v; want 0", n, err)
		}
		p.holds(old, past)
		if n, err := p.DeleteExpired(p.Context(), future.Add(time.Hour), 10); n != 2 || err != nil {
			p.Errorf("DeleteExpired in the future: %d, %v; want 2", n, err)
		}
		p.gone(next.ID, future)
	}},
}
