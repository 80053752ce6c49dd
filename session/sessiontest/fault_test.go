//go:build go1.25

package sessiontest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/sessiontest"
	"github.com/doorbook/doorbook/session/store"
)

func TestFaultWithoutPlan(t *testing.T) {
	t.Parallel()
	sessiontest.Run(t, func(*testing.T) store.Store {
		return sessiontest.Fault(memstore.New(memstore.Config{}), sessiontest.Plan{})
	})
}

var (
	faultTime   = time.UnixMilli(1_000_000_000_000).UTC()
	faultRecord = store.Record{ID: store.ID{1}, Version: 1, Subject: "ada", Expires: faultTime.Add(time.Hour)}
)

// story calls every method once, in this order, and returns their errors.
func story(ctx context.Context, s store.Store) (names []string, errs []error) {
	note := func(name string, err error) { names, errs = append(names, name), append(errs, err) }
	r := faultRecord
	note("Create", s.Create(ctx, r))
	_, err := s.Load(ctx, r.ID, faultTime)
	note("Load", err)
	_, err = s.Patch(ctx, store.Patch{ID: r.ID, Digest: r.Digest, Now: faultTime, Clear: true})
	note("Patch", err)
	note("Touch", s.Touch(ctx, r.ID, r.Digest, store.Touch{}, faultTime))
	_, err = s.BySubject(ctx, r.Subject, faultTime)
	note("BySubject", err)
	note("Delete", s.Delete(ctx, store.ID{2}))
	note("Each", s.Each(ctx, faultTime, func(store.Record) error { return nil }))
	_, err = s.DeleteExpired(ctx, faultTime, 10)
	note("DeleteExpired", err)
	return names, errs
}

func TestFaultHitsTheCall(t *testing.T) {
	t.Parallel()
	for _, kind := range []sessiontest.Kind{sessiontest.Error, sessiontest.Hang, sessiontest.Lost} {
		for k := 1; k <= 8; k++ {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				memory := memstore.New(memstore.Config{})
				st := sessiontest.Fault(memory, sessiontest.Plan{Call: k, Kind: kind})
				names, errs := story(ctx, st)
				if got := st.Calls(); !slices.Equal(got, names) {
					t.Errorf("calls are %v, want %v", got, names)
				}
				err := errs[k-1]
				if !errors.Is(err, sessiontest.ErrFault) || errors.Is(err, context.DeadlineExceeded) != (kind == sessiontest.Hang) {
					t.Errorf("%v of %s gave %v", kind, names[k-1], err)
				}
				for i, err := range errs[:k-1] {
					if err != nil {
						t.Errorf("%s failed before its time: %v", names[i], err)
					}
				}
				if kind == sessiontest.Hang {
					return // its end was the end of the context that the other calls use
				}
				r, err := memory.Load(t.Context(), faultRecord.ID, faultTime)
				created, patched := err == nil, r.Version == 2
				if want := k != 1 || kind == sessiontest.Lost; created != want {
					t.Errorf("%v of call %d: created is %t", kind, k, created)
				}
				if want := k > 3 || k == 2 || kind == sessiontest.Lost; patched != want {
					t.Errorf("%v of call %d: patched is %t", kind, k, patched)
				}
			})
		}
	}
}

func TestFaultOutage(t *testing.T) {
	t.Parallel()
	count := func(st store.Store) (failed int) {
		_, errs := story(t.Context(), st)
		for _, err := range errs {
			if errors.Is(err, sessiontest.ErrFault) {
				failed++
			}
		}
		return failed
	}
	st := sessiontest.Fault(memstore.New(memstore.Config{}), sessiontest.Plan{Call: 3, For: 2})
	if n := count(st); n != 2 {
		t.Errorf("%d calls failed, want 2", n)
	}
	st.SetPlan(sessiontest.Plan{Call: 2, For: -1})
	if n := count(st); n != 7 {
		t.Errorf("%d calls failed, want all but the first", n)
	}
	st.SetPlan(sessiontest.Plan{})
	if n := count(st); n != 0 {
		t.Errorf("%d calls failed after the outage", n)
	}
}
