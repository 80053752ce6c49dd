package movestore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/movestore"
	"github.com/doorbook/doorbook/session/store"
)

// deaths is more visits than any move takes.
const deaths = 14

func listed(t *testing.T, m store.Store) (got []string) {
	t.Helper()
	tell := func(how string, r store.Record) {
		got = append(got, fmt.Sprint(how, " ", r.ID, " ", r.KeyID, " ", r.State, " ", r.Digest == record().Digest, " ", r.Values == nil))
	}
	records, err := m.BySubject(context.Background(), "ada", now)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		tell("listed", r)
	}
	err = m.Each(context.Background(), now, func(r store.Record) error { tell("each", r); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Lists show a session once at every step of its move, as what it is, and not at all once it has
// ended.
//
// Guard: list.go; move.go, settled.
func TestIsListed(t *testing.T) {
	t.Parallel()
	for _, state := range []store.State{store.Live, store.Pending, store.Mark} {
		want := fmt.Sprintf("[listed %v 0123abcd %s true true each %v 0123abcd %s true true]", record().ID, state, record().ID, state)
		for stop := range deaths {
			for kind, made := range nodes {
				for _, end := range []bool{false, true} {
					from, to := memory(), memory()
					r := record()
					r.State = state
					if err := from.Create(t.Context(), r); err != nil {
						t.Fatal(err)
					}
					_, _ = load(movestore.New(dying(to, from, stop)))
					m, expected := made(to, from), want
					if end {
						expected = "[]"
						if err := m.Delete(t.Context(), r.ID); err != nil {
							t.Fatal(err)
						}
					}
					if got := fmt.Sprint(listed(t, m)); got != expected {
						t.Errorf("%s, after %d visits, ended %t: %s, want %s", kind, stop, end, got, expected)
					}
					if end {
						continue
					}
					if got, err := load(m); err != nil || got.State != state || got.Digest != r.Digest || len(got.Values) != 1 {
						t.Errorf("%s, after %d visits: %+v, %v; want state %q", kind, stop, got, err, state)
					}
				}
			}
		}
	}
}

// What a dead mover has left in the old store is not listed for who was signed in then.
//
// Guard: list.go, moving.latest.
func TestListsTheLatest(t *testing.T) {
	t.Parallel()
	for stop := range deaths {
		from, to := memory(), memory()
		mustCreate(t, from)
		_, _ = load(movestore.New(dying(to, from, stop)))
		if !usable(to) {
			continue
		}
		p := set("a")
		p.SignIn = &store.SignIn{Subject: "bob", Expires: now.Add(2 * time.Hour), Deadline: now.Add(24 * time.Hour)}
		for kind, made := range nodes {
			m := made(to, from)
			if _, err := m.Patch(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			list, err := m.BySubject(t.Context(), "ada", now)
			if err != nil || len(list) != 0 {
				t.Errorf("%s, after %d visits: listed %v, %v", kind, stop, list, err)
			}
			_ = m.Each(t.Context(), now, func(r store.Record) error {
				if r.Subject != "bob" {
					t.Errorf("%s, after %d visits: each gave the session of %q", kind, stop, r.Subject)
				}
				return nil
			})
		}
	}
}

// A session whose life was shortened in the new store does not come back from what a dead mover has
// left in the old one.
//
// Guard: movestore.go, moving.tidy.
func TestShortenedLifeIsOver(t *testing.T) {
	t.Parallel()
	for stop := range deaths {
		for kind, made := range nodes {
			from, to := memory(), memory()
			mustCreate(t, from)
			_, _ = load(movestore.New(dying(to, from, stop)))
			m := made(to, from)
			p := set("a")
			p.SignIn = &store.SignIn{Subject: "ada", Expires: now.Add(time.Minute), Deadline: now.Add(time.Hour)}
			if _, err := m.Patch(t.Context(), p); err != nil {
				t.Fatalf("%s, after %d visits: %v", kind, stop, err)
			}
			if _, err := m.DeleteExpired(t.Context(), now.Add(2*time.Minute), 10); err != nil {
				t.Fatal(err)
			}
			for later, made := range nodes {
				if r, err := made(to, from).Load(t.Context(), record().ID, now.Add(2*time.Minute)); !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s, then %s, after %d visits: %+v, %v; want ErrNotFound", kind, later, stop, r, err)
				}
			}
		}
	}
}

// An end while a mover is at work, which then dies: nothing is listed that nobody can use.
func TestLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for stop := range deaths {
		for die := range 6 { // it dies so many visits after the end
			from, to := memory(), memory()
			mustCreate(t, from)
			n := 0
			before := func(string) error {
				if n++; n == stop+1 {
					_ = movestore.New(to, from).Delete(context.Background(), record().ID)
				}
				if n > stop+1+die {
					return errDead
				}
				return nil
			}
			_, _ = load(movestore.New(gated{to, before}, gated{from, before}))
			if n <= stop {
				continue
			}
			if got := listed(t, movestore.New(to, from)); len(got) > 0 || usable(from) || usable(to) {
				t.Errorf("ended before visit %d, died %d visits later: %v", stop+1, die, got)
			}
		}
	}
}

// A copy that was left by an ended session of the same id is not taken for one of its successor.
//
// Guard: move.go, same.
func TestCopyOfAnother(t *testing.T) {
	t.Parallel()
	from, to := memory(), memory()
	mustCreate(t, from)
	_, _ = load(movestore.New(dying(to, from, 6)))
	left, err := load(to)
	if err != nil || left.State != store.Arriving {
		t.Fatalf("%+v, %v: the move is not where this test needs it", left, err)
	}
	if err := from.Delete(t.Context(), record().ID); err != nil {
		t.Fatal(err)
	}
	next := record()
	next.Values = store.Values{"city": []byte(`"Rome"`)}
	if err := from.Create(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	got, err := load(movestore.New(to, from))
	if err != nil || string(got.Values["city"]) != `"Rome"` {
		t.Errorf("%+v, %v", got, err)
	}
}

// While a store takes no writes reading goes on; what cannot be read is an error.
//
// Guard: move.go, moving.Load.
func TestReadsWithoutWrites(t *testing.T) {
	t.Parallel()
	down := errors.New("read only")
	for stop := range deaths {
		for side := range 2 {
			for kind, made := range nodes {
				stores := [2]store.Store{memory(), memory()}
				mustCreate(t, stores[0])
				_, _ = load(movestore.New(dying(stores[1], stores[0], stop)))
				shut := stores
				shut[side] = gated{stores[side], func(method string) error {
					if method != "Load" && method != "BySubject" && method != "Each" {
						return down
					}
					return nil
				}}
				r, err := load(made(shut[1], shut[0]))
				if err != nil || r.Digest != record().Digest || r.State != store.Live || string(r.Values["city"]) != `"Oslo"` {
					t.Errorf("%s, store %d, after %d visits: %+v, %v", kind, side, stop, r, err)
				}
				shut[side] = gated{stores[side], func(string) error { return down }}
				if r, err := load(made(shut[1], shut[0])); err != nil && !errors.Is(err, down) {
					t.Errorf("%s, store %d down, after %d visits: %+v, %v", kind, side, stop, r, err)
				}
			}
		}
	}
}

// What an earlier move, from a third store, has left unfinished in the old one is no session.
//
// Guard: move.go, moving.load; list.go.
func TestLeftByAnEarlierMove(t *testing.T) {
	t.Parallel()
	for kind, made := range nodes {
		from, to := memory(), memory()
		r := record()
		r.State = store.Arriving
		if err := from.Create(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		m := made(to, from)
		if got := listed(t, m); len(got) > 0 {
			t.Errorf("%s: %v", kind, got)
		}
		if got, err := load(m); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %+v, %v; want ErrNotFound", kind, got, err)
		}
	}
}

// A dead record of the same id, which nobody has swept yet, keeps none from being moved.
//
// Guard: move.go, moving.copied.
func TestDeadInTheWay(t *testing.T) {
	t.Parallel()
	from, to := memory(), memory()
	mustCreate(t, from)
	dead := record()
	dead.Created, dead.Expires = now.Add(-2*time.Hour), now.Add(-time.Hour)
	if err := to.Create(t.Context(), dead); err != nil {
		t.Fatal(err)
	}
	if _, err := load(movestore.New(to, from)); err != nil || !usable(to) {
		t.Errorf("moved: %t, %v", usable(to), err)
	}
}

// A mover that comes late to copy a claimed record does not take the claim of its successor, which
// has the same id and key, for its own.
//
// Guard: move.go, moving.carryOn, the second look at the claim.
func TestClaimOfAnother(t *testing.T) {
	t.Parallel()
	from, to := memory(), memory()
	mustCreate(t, from)
	ended := false
	late := gated{to, func(method string) error {
		if method != "Create" || ended {
			return nil
		}
		ended = true
		next := record()
		next.Values = store.Values{"city": []byte(`"Rome"`)}
		if err := errors.Join(movestore.New(to, from).Delete(t.Context(), next.ID), from.Create(t.Context(), next)); err != nil {
			t.Fatal(err)
		}
		_, _ = load(movestore.New(dying(to, from, 3))) // claims it
		return nil
	}}
	for i, m := range []store.Store{movestore.New(late, from), movestore.New(to, from)} {
		got, err := load(m)
		if err != nil || string(got.Values["city"]) != `"Rome"` {
			t.Errorf("load %d: %+v, %v", i, got, err)
		}
	}
	if !ended {
		t.Error("nothing was copied")
	}
}
