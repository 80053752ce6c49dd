package fromflask_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/fromflask"
)

// town is an installation with a bit of everything.
func town() *installation {
	s := &installation{}
	for n := range 30 {
		s.developer(ada(n, bson.M{"email": fmt.Sprintf("d%d@example.org", n/2*2+n%2*(n%3))}))
		s.log(get(n, bson.M{"body": bson.M{"n": n}, "type": []string{"request", "activity", "visit"}[n%7%3], "deleted": n%5 == 0}))
	}
	return s
}

// state is all that a place holds.
type state struct {
	Developers any
	Entries    []book.Entry
	Minutes    []book.Minute
}

func (p *place) state() state {
	p.t.Helper()
	minutes, err := p.book.Minutes(p.t.Context(), idTime(0))
	if err != nil {
		p.t.Fatal(err)
	}
	return state{p.all(), p.entries(), minutes}
}

func TestCopyTwice(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	first := p.copy(town(), nil)
	refused, after := p.items, p.state()
	second := p.copy(town(), nil)
	for _, tally := range []struct{ first, second fromflask.Tally }{
		{first.Developers, second.Developers}, {first.Entries, second.Entries},
	} {
		if tally.first.Copied == 0 || tally.first.Refused == 0 {
			t.Errorf("nothing is shown by %+v", tally.first)
		}
		want := tally.first
		want.There, want.Copied = want.Copied, 0
		if diff := cmp.Diff(want, tally.second); diff != "" {
			t.Error(diff)
		}
	}
	if diff := cmp.Diff(refused, p.items); diff != "" {
		t.Error("reported otherwise:", diff)
	}
	if diff := cmp.Diff(after, p.state()); diff != "" {
		t.Error(diff)
	}
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	p, real := newPlace(t), newPlace(t)
	before := p.state()
	dry := func(c *fromflask.Config) { *c = fromflask.Rehearse(*c) }
	for _, part := range []int{11, 0} { // into an empty place, and into one that has a part already
		got, err := p.try(town(), dry)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, p.state()); diff != "" {
			t.Fatal("a dry run wrote:", diff)
		}
		if diff := cmp.Diff(real.copy(town(), nil), got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(real.items, p.items); diff != "" {
			t.Error(diff)
		}
		for _, half := range []*place{p, real} {
			half.accounts, half.book = newPlace(t).accounts, newPlace(t).book
			if _, err := half.try(&installation{developers: town().developers[:part], logs: town().logs[:part]}, nil); part > 0 && err != nil {
				t.Fatal(err)
			}
		}
		before = p.state()
	}
}

// TestBrokenOff: wherever a copy breaks off, another one goes on, and nothing is counted or stored
// twice.
func TestBrokenOff(t *testing.T) {
	t.Parallel()
	whole := newPlace(t)
	whole.copy(town(), nil)
	want := whole.state()
	for at := 1; at < 30; at += 4 {
		p := newPlace(t)
		source := town()
		source.failAt = at
		totals, err := p.try(source, nil)
		if !errors.Is(err, errSource) || totals.Developers.Read != int64(at) {
			t.Fatalf("at %d: %+v, %v", at, totals, err)
		}
		source.developers = nil // so that the logs break off too
		if totals, err = p.try(source, nil); !errors.Is(err, errSource) || totals.Entries.Read != int64(at) {
			t.Fatalf("at %d: %+v, %v", at, totals, err)
		}
		p.copy(town(), nil)
		if diff := cmp.Diff(want, p.state()); diff != "" {
			t.Errorf("at %d: %s", at, diff)
		}
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("Ctrl-C")
	totals, err := fromflask.Copy(ctx, fromflask.Config{
		Source: town(), Accounts: p.accounts, Book: p.book, Batch: 4,
		Progress: func(g fromflask.Progress) {
			if g.Collection == fromflask.Logs && g.Read == 8 {
				cancel(why)
			}
		},
	})
	if !errors.Is(err, context.Canceled) || totals.Entries.Read >= 30 || totals.Entries.Copied == 0 {
		t.Errorf("%+v, %v", totals, err)
	}
	if totals = p.copy(town(), nil); totals.Entries.Copied == 0 || totals.Entries.There == 0 {
		t.Errorf("%+v", totals)
	}
}

// TestNewOnes: what has come to the source since is copied, wherever it stands.
func TestNewOnes(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	all, some := &installation{}, &installation{}
	for n := range 20 {
		all.log(get(n, nil))
		if n%3 > 0 && n < 15 {
			some.log(get(n, nil))
		}
	}
	p.copy(some, nil)
	totals := p.copy(all, nil)
	if diff := cmp.Diff(fromflask.Tally{Read: 20, Copied: 10, There: 10}, totals.Entries); diff != "" {
		t.Error(diff)
	}
	if n := len(p.entries()); n != 20 {
		t.Errorf("%d entries", n)
	}
}

// untouched sees whether an entry is changed.
type untouched struct {
	book.Repository
	finished bool
}

func (u *untouched) Append(ctx context.Context, list []book.Entry, endings ...book.Ending) error {
	u.finished = u.finished || len(endings) > 0
	return u.Repository.Append(ctx, list, endings...)
}

// TestHidden: an entry that somebody has deleted here stays deleted, and does not keep its
// neighbours out.
func TestHidden(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	source := &installation{}
	source.log(get(1, nil), get(2, nil))
	p.copy(source, nil)
	if err := p.book.SoftDelete(t.Context(), hexID(2), idTime(9)); err != nil {
		t.Fatal(err)
	}
	source.log(get(3, nil), get(4, nil), get(5, nil))
	p.book = &untouched{Repository: p.book}
	totals := p.copy(source, nil)
	if diff := cmp.Diff(fromflask.Tally{Read: 5, Copied: 3, There: 2}, totals.Entries); diff != "" {
		t.Error(diff)
	}
	if n := len(p.entries()); n != 4 {
		t.Errorf("%d entries", n)
	}
	if p.book.(*untouched).finished {
		t.Error("an entry that is left alone was changed")
	}
	if _, err := p.book.ByID(t.Context(), hexID(2)); !errors.Is(err, book.ErrNotFound) {
		t.Error("it is back:", err)
	}
}

// TestChangedEntries: as with developers.
func TestChangedEntries(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.copy((&installation{}).log(get(1, nil), get(2, nil)), nil)
	before := p.entries()
	totals := p.copy((&installation{}).log(get(1, nil), get(2, bson.M{
		"url": "/x", "client_addr": "::1", "type": "error", "http_method": "PUT", "created_at": idTime(7), "body": "b",
	})), nil)
	if diff := cmp.Diff(fromflask.Tally{Read: 2, There: 1, Differs: 1}, totals.Entries); diff != "" {
		t.Error(diff)
	}
	want := []string{"changed " + hexID(2) + " type, client_addr, url, http_method, body, created_at"}
	if diff := cmp.Diff(want, p.outcome(fromflask.Differs)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, p.entries()); diff != "" {
		t.Error(diff)
	}
}

// TestTwiceInTheSource: MongoDB does not keep _id unique over the shards of a collection.
func TestTwiceInTheSource(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	source := (&installation{}).log(get(1, nil), get(1, nil), get(2, nil), get(2, bson.M{"url": "/x"}))
	source.developer(ada(1, nil), ada(1, nil))
	totals := p.copy(source, nil)
	want := fromflask.Totals{
		Developers: fromflask.Tally{Read: 2, Copied: 1, There: 1}, Entries: fromflask.Tally{Read: 4, Copied: 2, There: 1, Differs: 1},
	}
	if diff := cmp.Diff(want, totals); diff != "" {
		t.Error(diff)
	}
}

// watched counts what is asked of a book, and fails.
type watched struct {
	book.Repository
	byID, append int
	fail         error
}

func (w *watched) ByID(ctx context.Context, id string) (book.Entry, error) {
	w.byID++
	return w.Repository.ByID(ctx, id)
}

func (w *watched) Append(ctx context.Context, list []book.Entry, endings ...book.Ending) error {
	if w.append++; w.fail != nil {
		return w.fail
	}
	return w.Repository.Append(ctx, list, endings...)
}

// TestCost: a first copy asks for no entry, and every batch is one commit.
func TestCost(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	source := &installation{}
	for n := range 1000 {
		source.log(get(n, nil))
	}
	w := &watched{Repository: p.book}
	p.book = w
	p.copy(source, func(c *fromflask.Config) { c.Batch = 100 })
	if w.byID != 0 || w.append != 10 {
		t.Errorf("asked for %d entries, appended %d times; want 0 and 10", w.byID, w.append)
	}
	p.copy(source, func(c *fromflask.Config) { c.Batch = 100 })
	if w.byID != 1000 || w.append != 20 {
		t.Errorf("asked for %d entries, appended %d times at the second copy; want 1000 and 10", w.byID, w.append-10)
	}
	source.log(get(1000, nil), get(1001, nil))
	w.byID, w.append = 0, 0
	p.copy(source, func(c *fromflask.Config) { c.Batch = 501 })
	if w.byID != 1002 || w.append != 3 {
		t.Errorf("asked for %d entries, appended %d times for what is new; want 1002 and 3", w.byID, w.append)
	}
}

// TestFullDisk: a book that takes nothing ends the copy, at once.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	full := errors.New("disk full")
	w := &watched{Repository: p.book, fail: full}
	p.book = w
	totals, err := p.try(town(), nil)
	if !errors.Is(err, full) || totals.Entries.Copied != 0 || w.append > 3 {
		t.Errorf("%+v, %v after %d tries", totals, err, w.append)
	}
}

func TestNothing(t *testing.T) {
	t.Parallel()
	if _, err := newPlace(t).try(&installation{}, nil); !errors.Is(err, fromflask.ErrNothing) {
		t.Error(err)
	}
}

// TestForgottenCounts: after a crash a server says that there are no documents, until somebody
// looks.
func TestForgottenCounts(t *testing.T) {
	t.Parallel()
	for _, source := range []*installation{(&installation{}).log(get(1, nil)), (&installation{}).developer(ada(1, nil))} {
		totals, err := newPlace(t).try(forgotten{source}, nil)
		if err != nil || totals.Entries.Copied+totals.Developers.Copied != 1 {
			t.Errorf("%+v, %v", totals, err)
		}
	}
}

type forgotten struct{ *installation }

func (forgotten) Count(context.Context, string) (int64, error) { return 0, nil }

func TestProgress(t *testing.T) {
	t.Parallel()
	var lines []string
	newPlace(t).copy(town(), func(c *fromflask.Config) {
		c.Batch = 10
		c.Progress = func(p fromflask.Progress) {
			if p.Read%10 == 0 {
				lines = append(lines, fmt.Sprint(p.Collection, " ", p.Read, "/", p.About))
			}
		}
	})
	want := "developers 10/30, developers 20/30, developers 30/30, logs 10/30, logs 20/30, logs 30/30, logs 30/30"
	if got := strings.Join(lines, ", "); got != want {
		t.Error(got)
	}
}
