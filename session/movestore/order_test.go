package movestore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/movestore"
	"github.com/doorbook/doorbook/session/store"
)

// kinds are pairs of nodes that meet.
func kinds(t *testing.T, run func(t *testing.T, one, two node)) {
	for first, one := range nodes {
		for second, two := range nodes {
			t.Run(first+" and "+second, func(t *testing.T) {
				t.Parallel()
				run(t, one, two)
			})
		}
	}
}

// Whatever the order of the visits of two nodes and an end: once the end was acknowledged nothing
// opens the session any more, not for a moment.
//
// Guard: move.go, moving.carryOn, the second look at the claim; moving.Delete, the old store first.
func TestNeverRevives(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, one, two node) {
		interleave(t, 2, 500, func(s turns, how order) {
			from, to := memory(), memory()
			mustCreate(t, from)
			beginMove(to, from, how)
			ended := false
			var trace []string
			user := func(name string, made node) func(func()) {
				return func(turn func()) {
					m := made(visited(to, from, turn, &trace, name))
					late := ended
					if r, err := load(m); late && err == nil {
						t.Errorf("%s: loaded after the end: %+v", how, r)
					}
					late = ended
					if _, err := m.Patch(context.Background(), set(name)); late && err == nil {
						t.Errorf("%s: changed after the end", how)
					}
				}
			}
			s.after = func() {
				if ended && (usable(from) || usable(to)) && !t.Failed() {
					t.Errorf("%s: revived; the visits were\n%s", how, strings.Join(trace, "\n"))
				}
			}
			s.run(user("one", one), user("two", two), func(turn func()) {
				m := two(visited(to, from, turn, &trace, "end"))
				if err := m.Delete(context.Background(), record().ID); err != nil {
					t.Errorf("%s: %v", how, err)
				}
				ended = true
			})
			for name, made := range nodes {
				if _, err := load(made(to, from)); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s: afterwards, for %s: %v, want ErrNotFound", how, name, err)
				}
			}
		})
	})
}

// beginMove leaves the record claimed before every second order of visits, so that nodes that begin
// no move have one to carry on.
func beginMove(to, from store.Store, how order) {
	if how.number%2 == 0 {
		to, from := dying(to, from, 3)
		_, _ = load(movestore.New(to, from))
	}
}

// Nodes of both kinds: each finds the session, with what was in it, and loses nothing. At no time
// there are two of it, and lists always show one.
//
// Guard: move.go, the claim; list.go, the order of the stores, and moving.latest.
func TestTogether(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, one, two node) {
		interleave(t, 2, 300, func(s turns, how order) {
			from, to := memory(), memory()
			mustCreate(t, from)
			beginMove(to, from, how)
			var trace []string
			fail := func(format string, args ...any) {
				t.Errorf("%s: %s; the visits were\n%s", how, fmt.Sprintf(format, args...), strings.Join(trace, "\n"))
			}
			user := func(name string, made node) func(func()) {
				return func(turn func()) {
					m := made(visited(to, from, turn, &trace, name))
					r, err := load(m)
					if err != nil || r.Digest != record().Digest || r.KeyID != "0123abcd" || r.State != store.Live || string(r.Values["city"]) != `"Oslo"` {
						fail("%s is logged out: %+v, %v", name, r, err)
						return
					}
					if _, err := m.Patch(context.Background(), set(name)); err != nil {
						fail("%s: patch: %v", name, err)
					}
					seen := now.Add(time.Duration(len(name)) * time.Minute)
					if err := m.Touch(context.Background(), r.ID, r.Digest, store.Touch{LastSeen: seen}, now); err != nil {
						fail("%s: touch: %v", name, err)
					}
					if list, err := m.BySubject(context.Background(), "ada", now); err != nil || len(list) != 1 {
						fail("%s: listed %d times, %v", name, len(list), err)
					}
				}
			}
			s.after = func() {
				if usable(from) && usable(to) && !t.Failed() {
					fail("there are two")
				}
			}
			s.run(user("one", one), user("two", two), user("three", movestore.New))
			r, err := load(movestore.New(to, from))
			if err != nil || len(r.Values) != 4 || !r.LastSeen.Equal(now.Add(5*time.Minute)) {
				fail("at the end: %+v, %v", r, err)
			}
			if _, err := load(from); !errors.Is(err, store.ErrNotFound) {
				fail("left in the old store: %v", err)
			}
		})
	})
}

// Nodes of one kind before any of the other comes move nothing.
func TestReadyMovesNothing(t *testing.T) {
	t.Parallel()
	from, to := memory(), memory()
	m := movestore.Ready(from, to)
	mustCreate(t, m)
	r, err := load(m)
	if err != nil || r.Version != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := m.Patch(t.Context(), set("a")); err != nil {
		t.Error(err)
	}
	if !usable(from) || usable(to) {
		t.Errorf("in the old store: %t, in the new one: %t", usable(from), usable(to))
	}

	// Nor one that was not there yet when it looked first.
	hidden, looks := memory(), 0
	_, err = load(movestore.Ready(gated{hidden, func(method string) error {
		if looks++; looks == 2 {
			mustCreate(t, hidden)
		}
		return nil
	}}, to))
	if err != nil || !usable(hidden) || usable(to) {
		t.Errorf("created meanwhile: %v; in the old store: %t, in the new one: %t", err, usable(hidden), usable(to))
	}
}

// A record that one store has is never created in the other, not for a moment.
func TestCreateWhatIsThere(t *testing.T) {
	t.Parallel()
	for kind, made := range nodes {
		for side := range 2 {
			stores := [2]store.Store{memory(), memory()}
			mustCreate(t, stores[side])
			stores[1-side] = gated{stores[1-side], func(method string) error {
				if method != "Load" {
					t.Errorf("%s, store %d: %s in the other", kind, side, method)
				}
				return nil
			}}
			if err := made(stores[1], stores[0]).Create(t.Context(), record()); !errors.Is(err, store.ErrExists) {
				t.Errorf("%s, store %d: %v, want ErrExists", kind, side, err)
			}
		}
	}
}

// Of two nodes that create one id at once one wins at most, and what has been created stays.
//
// Guard: movestore.go, moving.Create, the look into the other store.
func TestCreateAtOnce(t *testing.T) {
	t.Parallel()
	kinds(t, func(t *testing.T, one, two node) {
		interleave(t, 4, 0, func(s turns, how order) {
			from, to := memory(), memory()
			var trace []string
			won := 0
			creator := func(name string, made node) func(func()) {
				return func(turn func()) {
					switch err := made(visited(to, from, turn, &trace, name)).Create(context.Background(), record()); {
					case err == nil:
						won++
					case !errors.Is(err, store.ErrExists):
						t.Errorf("%s: %v", how, err)
					}
				}
			}
			s.run(creator("one", one), creator("two", two))
			_, err := load(movestore.New(to, from))
			if won > 1 || won == 1 && err != nil || won == 0 && !errors.Is(err, store.ErrNotFound) || usable(from) {
				t.Errorf("%s: %d won; then %v; the visits were\n%s", how, won, err, strings.Join(trace, "\n"))
			}
		})
	})
}

// Nothing in the contract of a store says that a Load comes before a Patch or a Touch.
//
// Guard: movestore.go, moving.change, for records that are not moved yet.
func TestWithoutLoad(t *testing.T) {
	t.Parallel()
	ctx, r := context.Background(), record()
	for name, change := range map[string]func(store.Store, store.Digest) error{
		"Patch": func(s store.Store, d store.Digest) error {
			p := set("a")
			p.Digest = d
			_, err := s.Patch(ctx, p)
			return err
		},
		"Touch": func(s store.Store, d store.Digest) error {
			return s.Touch(ctx, r.ID, d, store.Touch{LastSeen: now.Add(time.Minute), Expires: r.Expires}, now)
		},
	} {
		for kind, made := range nodes {
			for stop := range 12 { // where an earlier move has died
				from, to := memory(), memory()
				mustCreate(t, from)
				_, _ = load(movestore.New(dying(to, from, stop)))
				m, where := made(to, from), fmt.Sprintf("%s, %s, %d", name, kind, stop)
				if err := change(m, store.Digest{9}); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s: with another digest: %v, want ErrNotFound", where, err)
				}
				if err := change(m, r.Digest); err != nil {
					t.Errorf("%s: %v", where, err)
				}
				if err := m.Delete(ctx, r.ID); err != nil {
					t.Fatal(err)
				}
				if err := change(m, r.Digest); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s: after the end: %v, want ErrNotFound", where, err)
				}
			}
		}
	}
}
