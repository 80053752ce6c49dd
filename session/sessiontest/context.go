package sessiontest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// contextTests: a call whose context has ended says so and does nothing.
var contextTests = []test{
	{"cancelled", func(p probe) {
		r := p.created(recordOf("ada"))
		dead := recordOf("ada")
		dead.Expires = past.Add(-time.Hour)
		p.created(dead)
		fresh := recordOf("ada")

		ctx, cancel := context.WithCancel(p.Context())
		cancel()
		seen := store.Touch{LastSeen: past.Add(time.Minute), Expires: past.Add(2 * time.Hour)}
		calls := []struct {
			name string
			call func() error
		}{
			{"Create", func() error { return p.Create(ctx, fresh) }},
			{"Load", func() error { _, err := p.Load(ctx, r.ID, past); return err }},
			{"Patch", func() error { _, err := p.Patch(ctx, set(r, "a", "1")); return err }},
			{"Touch", func() error { return p.Touch(ctx, r.ID, r.Digest, seen, past) }},
			{"Delete", func() error { return p.Delete(ctx, r.ID) }},
			{"BySubject", func() error { _, err := p.BySubject(ctx, "ada", past); return err }},
			{"Each", func() error { return p.Each(ctx, past, func(store.Record) error { return nil }) }},
			{"DeleteExpired", func() error { _, err := p.DeleteExpired(ctx, past, 10); return err }},
		}
		for _, c := range calls {
			err := c.call()
			if err == nil {
				p.Errorf("%s with a context that has ended succeeds", c.name)
			}
			for _, answer := range []error{store.ErrNotFound, store.ErrConflict, store.ErrExists, store.ErrFull} {
				if errors.Is(err, answer) {
					p.Errorf("%s with a context that has ended answers %v", c.name, err)
				}
			}
		}
		p.holds(r, past)
		p.gone(fresh.ID, past)
		p.listed("ada", past, r)
		if n, err := p.DeleteExpired(p.Context(), past, 10); n != 1 || err != nil {
			p.Errorf("DeleteExpired afterwards: %d, %v; want 1: the dead record was still there", n, err)
		}
	}},
	{"cut off halfway", func(p probe) {
		// How long a patch takes is known from one that may; the others get from nothing to twice
		// that.
		measured := p.created(record())
		began := time.Now()
		p.patched(bigPatch(measured))
		took := time.Since(began)
		const tries = 40
		for i := range tries {
			r := p.created(record())
			ctx, cancel := context.WithTimeout(p.Context(), 2*took*time.Duration(i)/tries)
			_, err := p.Patch(ctx, bigPatch(r))
			cancel()
			got, want := p.loadedAfterAll(r.ID, past), r
			switch {
			case got.Version == 2: // its answer came too late, if there was an error
				want = r.Apply(bigPatch(r))
			case err == nil:
				p.Errorf("a patch that was acknowledged did not happen: version %d", got.Version)
			}
			if diff := difference(got, want); diff != "" { // one look: the patch may still happen
				p.Errorf("the stored record differs: %s", diff)
			}
		}
	}},
}

// loadedAfterAll is loaded after something was cut off, which may have broken what the server did next,
// too: a few errors are passed over.
func (p probe) loadedAfterAll(id store.ID, now time.Time) store.Record {
	p.Helper()
	for range 10 {
		if r, err := p.Load(p.Context(), id, now); err == nil {
			return r
		}
	}
	return p.loaded(id, now)
}

// bigPatch returns a patch that changes everything, by so much that it takes a while.
func bigPatch(r store.Record) store.Patch {
	change, in := patch(r), signIn("ada")
	change.SignIn, change.Rekey = &in, &store.Rekey{Digest: store.Digest{9}, KeyID: "fedcba98"}
	change.Set = store.Values{}
	for i := range 200 {
		change.Set[fmt.Sprintf("key-%d", i)] = bytes.Repeat([]byte{byte(i)}, 100)
	}
	return change
}
