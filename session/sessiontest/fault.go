package sessiontest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// ErrFault is wrapped by every failure that a Faulty makes up.
var ErrFault = errors.New("sessiontest: fault")

// Kind is a way to fail.
type Kind int

// The ways to fail. A caller cannot tell Error from Lost, which is the point.
const (
	Error Kind = iota // nothing is done, and an error is returned
	Hang              // nothing is done, and nothing is returned before the context ends
	Lost              // everything is done, but an error is returned: the answer was lost on its way
)

// String names the kind, for the names of subtests.
func (k Kind) String() string {
	switch k {
	case Error:
		return "Error"
	case Hang:
		return "Hang"
	case Lost:
		return "Lost"
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// Plan says which calls fail, and how.
type Plan struct {
	Call int  // the first call that fails, counted from 1 over all methods; 0: none
	For  int  // how many calls fail from there on; 0 means 1, less than 0 all that follow
	Kind Kind // how they fail
}

// fails reports whether the n-th call is to fail.
func (p Plan) fails(n int) bool {
	return p.Call > 0 && n >= p.Call && (p.For < 0 || n < p.Call+max(p.For, 1))
}

// Faulty is a store that fails by a plan. It is safe for concurrent use, as far as the store under
// it is.
//
// To run a story against every fault it can meet, run it once without a plan, ask Calls how many
// calls it made, and then once for each of them:
//
//	for k := range n {
//		store := sessiontest.Fault(fresh(), sessiontest.Plan{Call: k + 1, Kind: sessiontest.Lost})
//		…
//	}
type Faulty struct {
	store store.Store

	around func(call func() error) error // if not nil: performs the calls that reach the store

	mu    sync.Mutex
	plan  Plan
	calls []string
}

var _ store.Store = (*Faulty)(nil)

// Fault returns a store that passes calls on to s, but for those that the plan lets fail.
func Fault(s store.Store, p Plan) *Faulty { return &Faulty{store: s, plan: p} }

// Calls returns the names of the methods called so far, in order.
func (f *Faulty) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// SetPlan replaces the plan and starts counting anew: an outage begins, or ends.
func (f *Faulty) SetPlan(p Plan) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plan, f.calls = p, nil
}

// do counts a call and performs it, or fails, or both.
func (f *Faulty) do(ctx context.Context, method string, call func() error) error {
	f.mu.Lock()
	f.calls = append(f.calls, method)
	n, plan := len(f.calls), f.plan
	f.mu.Unlock()

	if around := f.around; around != nil {
		perform := call
		call = func() error { return around(perform) }
	}
	if !plan.fails(n) {
		return call()
	}
	switch plan.Kind {
	case Hang:
		<-ctx.Done()
		return fmt.Errorf("%w: call %d (%s): %w", ErrFault, n, method, ctx.Err())
	case Lost:
		_ = call() // whatever came of it, nobody is told
	}
	return fmt.Errorf("%w: call %d (%s): %v", ErrFault, n, method, plan.Kind)
}

// Create implements store.Store.
func (f *Faulty) Create(ctx context.Context, r store.Record) error {
	return f.do(ctx, "Create", func() error { return f.store.Create(ctx, r) })
}

// Load implements store.Store.
func (f *Faulty) Load(ctx context.Context, id store.ID, now time.Time) (store.Record, error) {
	return value(f, ctx, "Load", func() (store.Record, error) { return f.store.Load(ctx, id, now) })
}

// Patch implements store.Store.
func (f *Faulty) Patch(ctx context.Context, p store.Patch) (int64, error) {
	return value(f, ctx, "Patch", func() (int64, error) { return f.store.Patch(ctx, p) })
}

// Touch implements store.Store.
func (f *Faulty) Touch(ctx context.Context, id store.ID, digest store.Digest, t store.Touch, now time.Time) error {
	return f.do(ctx, "Touch", func() error { return f.store.Touch(ctx, id, digest, t, now) })
}

// Delete implements store.Store.
func (f *Faulty) Delete(ctx context.Context, ids ...store.ID) error {
	return f.do(ctx, "Delete", func() error { return f.store.Delete(ctx, ids...) })
}

// BySubject implements store.Store.
func (f *Faulty) BySubject(ctx context.Context, subject string, now time.Time) ([]store.Record, error) {
	return value(f, ctx, "BySubject", func() ([]store.Record, error) { return f.store.BySubject(ctx, subject, now) })
}

// Each implements store.Store.
func (f *Faulty) Each(ctx context.Context, now time.Time, yield func(store.Record) error) error {
	return f.do(ctx, "Each", func() error { return f.store.Each(ctx, now, yield) })
}

// DeleteExpired implements store.Store.
func (f *Faulty) DeleteExpired(ctx context.Context, now time.Time, limit int) (int, error) {
	return value(f, ctx, "DeleteExpired", func() (int, error) { return f.store.DeleteExpired(ctx, now, limit) })
}

// value is do for a call that returns something. A call that fails by the plan returns the zero
// value; one that was passed on returns what the store did, even beside an error (see
// store.ErrUnreadable).
func value[T any](f *Faulty, ctx context.Context, method string, call func() (T, error)) (T, error) {
	var got T
	err := f.do(ctx, method, func() (err error) {
		got, err = call()
		return err
	})
	if errors.Is(err, ErrFault) {
		var none T
		return none, err
	}
	return got, err
}
