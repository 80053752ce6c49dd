//go:build go1.25

package movestore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/session/movestore"
	"github.com/doorbook/doorbook/session/sessiontest"
	"github.com/doorbook/doorbook/session/store"
)

// stories are what one request does, by name.
var stories = map[string]func(ctx context.Context, m store.Store) error{
	"read":  func(ctx context.Context, m store.Store) error { _, err := m.Load(ctx, record().ID, now); return err },
	"write": func(ctx context.Context, m store.Store) error { _, err := m.Patch(ctx, set("a")); return err },
	"end":   func(ctx context.Context, m store.Store) error { return m.Delete(ctx, record().ID) },
}

// Every visit of every story fails in every way, in either store. Whatever was acknowledged stands,
// a session that was not ended lives, and the next request puts the rest right, on either node.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name := range stories {
		for kind, made := range nodes {
			for later, then := range nodes {
				for _, fault := range []sessiontest.Kind{sessiontest.Error, sessiontest.Lost, sessiontest.Hang} {
					for side := range 2 {
						for stop := range deaths {
							for call := 1; call < 20; call++ {
								where := fmt.Sprintf("%s on %s, then %s; %v of call %d of store %d, after %d visits", name, kind, later, fault, call, side, stop)
								plan := sessiontest.Plan{Call: call, Kind: fault, For: -1}
								if !faulty(t, where, name, made, then, side, stop, plan) {
									break
								}
							}
						}
					}
				}
			}
		}
	}
}

// faulty plays one story with one fault, and reports whether the fault came to pass.
func faulty(t *testing.T, where, name string, made, then node, side, stop int, plan sessiontest.Plan) (came bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		stores := [2]store.Store{memory(), memory()}
		mustCreate(t, stores[0])
		_, _ = load(movestore.New(dying(stores[1], stores[0], stop)))
		shut, broken := stores, sessiontest.Fault(stores[side], plan)
		shut[side] = broken
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := stories[name](ctx, made(shut[1], shut[0]))
		came = len(broken.Calls()) >= plan.Call

		r, loading := load(then(stores[1], stores[0]))
		ended := errors.Is(loading, store.ErrNotFound)
		switch {
		case loading != nil && !ended:
			t.Errorf("%s: %v", where, loading)
		case ended && name != "end":
			t.Errorf("%s: (%v) logged out", where, err)
		case !ended && name == "end" && err == nil:
			t.Errorf("%s: ended, but lives", where)
		case !ended && (r.Digest != record().Digest || string(r.Values["city"]) != `"Oslo"`):
			t.Errorf("%s: %+v", where, r)
		case name == "write" && err == nil && r.Values["a"] == nil:
			t.Errorf("%s: an acknowledged write is lost", where)
		}
	})
	return came
}
