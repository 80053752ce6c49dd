package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// held is a driver whose look-ups go on when the test lets them.
type held struct {
	begun chan []string     // the ids of each look-up that has begun, without repetitions
	free  chan struct{}     // lets one go on
	mu    sync.Mutex        // guards what follows
	users map[string]string // whose session an id is; "broken" is a row that cannot be read
	fails any               // what every look-up panics with
}

func newHeld(t *testing.T) (*held, *Store) {
	t.Helper()
	h := &held{begun: make(chan []string, 100), free: make(chan struct{}, 100), users: make(map[string]string)}
	db := sql.OpenDB(h)
	t.Cleanup(func() { _ = db.Close() })
	return h, newStore(sqlite(), db, db, nil)
}

func (h *held) Connect(context.Context) (driver.Conn, error) { return h, nil }
func (h *held) Driver() driver.Driver                        { return nil }
func (h *held) Prepare(string) (driver.Stmt, error)          { return heldStmt{h}, nil }
func (h *held) Close() error                                 { return nil }
func (h *held) Begin() (driver.Tx, error)                    { return nil, errors.New("none") }

func (h *held) set(n byte, subject string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.users[store.ID{n}.String()] = subject
}

type heldStmt struct{ *held }

func (s heldStmt) NumInput() int                              { return -1 }
func (s heldStmt) Exec([]driver.Value) (driver.Result, error) { return nil, errors.New("none") }
func (s heldStmt) Query(args []driver.Value) (driver.Rows, error) {
	rows := &heldRows{}
	var ids []string
	s.mu.Lock()
	for _, arg := range args {
		id := arg.(string)
		if slices.Contains(ids, id) {
			continue
		}
		ids = append(ids, id)
		if subject, ok := s.users[id]; ok {
			var version any = int64(1)
			if subject == "broken" {
				version = nil
			}
			at := int64(2_000_000_000_000)
			*rows = append(*rows, []driver.Value{
				id, []byte{}, version, "", subject, at, at, at, at, at, int64(0), int64(0), "", "", "", "", []byte{1, 0},
			})
		}
	}
	fails := s.fails
	s.mu.Unlock()
	s.begun <- ids
	<-s.free
	if fails != nil {
		panic(fails)
	}
	return rows, nil
}

type heldRows [][]driver.Value

func (heldRows) Columns() []string {
	return strings.Split("id, "+columns+", data", ", ")
}
func (heldRows) Close() error { return nil }

func (r *heldRows) Next(dest []driver.Value) error {
	if len(*r) == 0 {
		return io.EOF
	}
	copy(dest, (*r)[0])
	*r = (*r)[1:]
	return nil
}

// answered is what became of a Load.
type answered struct {
	subject string
	err     error
}

func load(ctx context.Context, s *Store, n byte) <-chan answered {
	over := make(chan answered, 1)
	go func() {
		r, err := s.Load(ctx, store.ID{n}, time.UnixMilli(1_000_000_000_000))
		over <- answered{r.Subject, err}
	}()
	return over
}

// got receives, and fails the test if nothing comes.
func got[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing comes")
	}
	return v
}

// waits lets others go on until so many wait for a look-up that is not begun.
func waits(t *testing.T, s *Store, want int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; runtime.Gosched() {
		n := s.lookups.line.Waiting()
		if n == want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d wait, want %d", n, want)
		}
	}
}

// TestTogether: what is asked while look-ups are under way goes together, each id once, so many at
// a time as a statement takes, and gets answers of its own.
func TestTogether(t *testing.T) {
	t.Parallel()
	h, s := newHeld(t)
	const most = 16
	for n := range byte(most + 2) {
		h.set(n, fmt.Sprint("user ", n))
	}
	var first, more []<-chan answered
	for range s.lookups.line.AtOnce {
		first = append(first, load(t.Context(), s, 100))
		got(t, h.begun)
	}
	for n := range byte(most + 2) {
		more = append(more, load(t.Context(), s, n), load(t.Context(), s, n))
		waits(t, s, len(more))
	}
	missing := load(t.Context(), s, most-1+100)
	waits(t, s, len(more)+1)
	if len(h.begun) > 0 {
		t.Errorf("more than %d look-ups at a time", s.lookups.line.AtOnce)
	}
	for _, want := range []int{most, 3} {
		h.free <- struct{}{}
		if ids := got(t, h.begun); len(ids) != want {
			t.Errorf("%d ids together, want %d", len(ids), want)
		}
	}
	for range s.lookups.line.AtOnce + 2 {
		h.free <- struct{}{}
	}
	for _, one := range append(first, missing) {
		if a := got(t, one); a.err != store.ErrNotFound {
			t.Errorf("an id of none: %v", a)
		}
	}
	for i, one := range more {
		if a := got(t, one); a.err != nil || a.subject != fmt.Sprint("user ", i/2) {
			t.Errorf("user %d: %v", i/2, a)
		}
	}
}

// TestNoOldAnswer: nobody gets what a look-up has found that began before they asked.
func TestNoOldAnswer(t *testing.T) {
	t.Parallel()
	h, s := newHeld(t)
	h.set(1, "before")
	before := load(t.Context(), s, 1)
	got(t, h.begun)
	h.set(1, "after")
	after := load(t.Context(), s, 1)
	got(t, h.begun)
	h.free <- struct{}{}
	h.free <- struct{}{}
	if a := got(t, before); a.subject != "before" {
		t.Errorf("the first: %v", a)
	}
	if a := got(t, after); a.subject != "after" {
		t.Errorf("the second: %v", a)
	}
}

// TestLeave: who gave up waits no longer, and is looked up for nobody; who shares the question gets
// the answer.
func TestLeave(t *testing.T) {
	t.Parallel()
	h, s := newHeld(t)
	h.set(1, "ada")
	for range s.lookups.line.AtOnce {
		load(t.Context(), s, 100)
		got(t, h.begun)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := []<-chan answered{load(ctx, s, 1), load(ctx, s, 2)}
	stays := load(t.Context(), s, 1)
	waits(t, s, 3)
	cancel()
	for _, one := range gone {
		if a := got(t, one); !errors.Is(a.err, context.Canceled) {
			t.Errorf("who gave up: %v", a)
		}
	}
	waits(t, s, 1)
	for range s.lookups.line.AtOnce + 1 {
		h.free <- struct{}{}
	}
	if ids := got(t, h.begun); !slices.Equal(ids, []string{store.ID{1}.String()}) {
		t.Errorf("looked up %v", ids)
	}
	if a := got(t, stays); a.subject != "ada" {
		t.Errorf("who stayed: %v", a)
	}
}

// TestBrokenRow: a row that cannot be read is an error of its own session alone.
func TestBrokenRow(t *testing.T) {
	t.Parallel()
	h, s := newHeld(t)
	h.set(1, "broken")
	h.set(2, "ada")
	for range s.lookups.line.AtOnce {
		load(t.Context(), s, 100)
		got(t, h.begun)
	}
	broken := load(t.Context(), s, 1)
	waits(t, s, 1)
	whole := load(t.Context(), s, 2)
	waits(t, s, 2)
	for range s.lookups.line.AtOnce + 1 {
		h.free <- struct{}{}
	}
	if a := got(t, broken); a.err == nil || errors.Is(a.err, store.ErrNotFound) {
		t.Errorf("broken: %v", a)
	}
	if a := got(t, whole); a.err != nil || a.subject != "ada" {
		t.Errorf("whole: %v", a)
	}
}

// TestLookupPanics: a panic of the driver is met where the store was called, and ends nothing else.
func TestLookupPanics(t *testing.T) {
	t.Parallel()
	h, s := newHeld(t)
	h.set(1, "ada")
	h.fails = "driver"
	for range 2 * s.lookups.line.AtOnce {
		h.free <- struct{}{}
		func() {
			defer func() {
				if p := recover(); p != "driver" {
					t.Errorf("recovered %v", p)
				}
			}()
			_, err := s.Load(t.Context(), store.ID{1}, time.Now())
			t.Errorf("went on with %v", err)
		}()
	}
	h.mu.Lock()
	h.fails = nil
	h.mu.Unlock()
	h.free <- struct{}{}
	if a := got(t, load(t.Context(), s, 1)); a.subject != "ada" {
		t.Errorf("afterwards: %v", a)
	}
}
