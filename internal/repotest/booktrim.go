package repotest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/book"
)

func minutes(t *testing.T, ctx context.Context, repo book.Repository) {
	first := now().Truncate(time.Minute)
	at := func(minute int, status int) book.Entry {
		e := request(0)
		e.CreatedAt, e.Status = first.Add(time.Duration(minute)*time.Minute), status
		return e
	}
	last := at(0, 200)
	last.CreatedAt = first.Add(time.Minute - time.Millisecond)
	act := at(0, 200)
	act.Type = book.Activity
	appendAll(t, repo, at(1, 404), at(0, 200), last, act, at(0, 500), at(5, 303))
	appendAll(t, repo, at(0, 299), at(1, 403), at(2, 200), at(2, 0))
	want := []book.Minute{
		{At: first, Outcome: "2xx", Count: 3},
		{At: first, Outcome: "5xx", Count: 1},
		{At: first.Add(time.Minute), Outcome: "4xx", Count: 2},
		{At: first.Add(2 * time.Minute), Outcome: "2xx", Count: 1},
		{At: first.Add(5 * time.Minute), Outcome: "3xx", Count: 1},
	}
	for _, c := range []struct {
		since time.Time
		want  []book.Minute
	}{
		{time.Time{}, want},
		{first, want},
		{first.Add(59 * time.Second), want},
		{first.Add(time.Minute), want[2:]},
		{first.Add(6 * time.Minute).In(time.FixedZone("", -5400)), nil},
	} {
		got, err := repo.Minutes(ctx, c.since)
		noError(t, err)
		same(t, "since "+c.since.String(), got, c.want)
	}
}

func trimAge(t *testing.T, ctx context.Context, repo book.Repository) {
	const n = 150
	var list []book.Entry
	for i := range n {
		e := request(0)
		if i%10 == 0 {
			e = activity(0) // age takes everything
		}
		e.CreatedAt = now().Add(time.Duration(i) * time.Minute)
		list = append(list, e)
	}
	appendAll(t, repo, list[100:]...) // the order of commits need not be the order of times
	appendAll(t, repo, list[:100]...)
	noError(t, repo.SoftDelete(ctx, list[1].ID, now()))

	trim := func(olderThan time.Time, limit, want int) {
		t.Helper()
		got, err := repo.Trim(ctx, olderThan, 0, limit)
		noError(t, err)
		if got != (book.Trimmed{Old: want}) {
			t.Fatalf("%+v trimmed, want %d", got, want)
		}
	}
	trim(time.Time{}, 1000, 0)
	trim(list[0].CreatedAt, 1000, 0) // before means before
	trim(list[120].CreatedAt, 0, 0)
	trim(list[120].CreatedAt, 1, 1)
	_, err := repo.ByID(ctx, list[0].ID) // the oldest first
	mustBe(t, err, book.ErrNotFound)
	trim(list[120].CreatedAt, 100, 100)
	trim(list[120].CreatedAt, 100, 19)
	trim(list[120].CreatedAt, 100, 0)
	if got := all(t, repo, book.Query{Limit: 7}); len(got) != 30 {
		t.Errorf("%d entries left, want 30", len(got))
	}
	for _, e := range list[120:] {
		_, err := repo.ByID(ctx, e.ID)
		noError(t, err)
	}
	counts, err := repo.Minutes(ctx, time.Time{})
	noError(t, err)
	if len(counts) != 27 || !counts[0].At.Equal(list[121].CreatedAt.Truncate(time.Minute)) { // 120 and every tenth is an activity
		t.Errorf("%d counts left from %v on", len(counts), counts[0].At)
	}
	mustBe(t, repo.Delete(ctx, list[1].ID), book.ErrNotFound) // hidden entries went too
}

// A book over its size loses the oldest, a few at a time, until it is within; a book within it
// loses nothing.
func trimSize(t *testing.T, ctx context.Context, repo book.Repository) {
	const n, each = 200, 16 << 10
	var list []book.Entry
	for i := range n {
		e := request(i)
		e.Body = strings.Repeat("b", each)
		list = append(list, e)
	}
	for i := 0; i < n; i += 20 {
		appendAll(t, repo, list[i:i+20]...)
	}
	got, err := repo.Trim(ctx, time.Time{}, 100*n*each, 1000)
	noError(t, err)
	if got.Total() != 0 {
		t.Errorf("%+v trimmed within the bound", got)
	}
	got, err = repo.Trim(ctx, time.Time{}, n*each/4, 10)
	noError(t, err)
	if got != (book.Trimmed{Early: book.Kinds{Strangers: 10}}) {
		t.Errorf("%+v trimmed, want the limit of 10", got)
	}
	_, err = repo.ByID(ctx, list[9].ID)
	mustBe(t, err, book.ErrNotFound)
	_, err = repo.ByID(ctx, list[10].ID)
	noError(t, err)
	for total := 10; ; total += got.Total() {
		if got, err = repo.Trim(ctx, time.Time{}, n*each/4, 50); err != nil {
			t.Fatal(err)
		}
		if got.Total() == 0 {
			break
		}
		if total > n {
			t.Fatal("no end of trimming")
		}
	}
	left := all(t, repo, book.Query{Limit: 50})
	if len(left) == 0 || len(left) > n/4 {
		t.Errorf("%d entries left", len(left))
	}
	same(t, "the newest stay", ids(left), reversed(list[n-len(left):]...))
	counts, err := repo.Minutes(ctx, now())
	noError(t, err)
	same(t, "counts", counts, []book.Minute{{At: now().Truncate(time.Minute), Outcome: "2xx", Count: n}})
}

// Budgets proves that what goes for its size goes by kind (see book.Repository.Trim).
func Budgets(t *testing.T, open func(t *testing.T) book.Repository) {
	repo, ctx := open(t), t.Context()
	const each, user = 8 << 10, "0123456789abcdef01234567"
	var strangers, people, deeds []book.Entry
	put := func(list *[]book.Entry, e book.Entry) {
		if e.Type == book.Request {
			e.Body = strings.Repeat("b", each)
		}
		*list = append(*list, e)
		appendAll(t, repo, e)
	}
	for i := range 120 { // the deeds and the people's requests are the oldest
		put(&deeds, activity(i))
		put(&people, by(user, request(i)))
	}
	for i := range 120 {
		put(&strangers, request(1000+i))
	}
	trim := func(maxBytes int64, limit int, want book.Kinds) {
		t.Helper()
		got, err := repo.Trim(ctx, time.Time{}, maxBytes, limit)
		noError(t, err)
		same(t, "trimmed", got, book.Trimmed{Early: want})
	}
	has := func(e book.Entry, want bool) {
		t.Helper()
		_, err := repo.ByID(ctx, e.ID)
		if (err == nil) != want {
			t.Errorf("%s of %q at %s is there: %v", e.Type, e.User, e.CreatedAt, err == nil)
		}
	}
	trim(1, 30, book.Kinds{Strangers: 30}) // a flood goes first, the oldest of it
	has(strangers[29], false)
	has(strangers[30], true)
	has(people[0], true)
	trim(1, 10, book.Kinds{Strangers: 10}) // down to a quarter: 80 of 320
	trim(1, 8, book.Kinds{People: 8})
	has(people[7], false)
	has(people[8], true)
	has(deeds[0], true)
	trim(1, 2, book.Kinds{Strangers: 2}) // 78 of 312
	put(&strangers, request(2000))
	put(&people, by(user, request(2001)))
	trim(1, 200, book.Kinds{People: 113, Strangers: 79, Deeds: 8})
	has(deeds[7], false)
	has(deeds[8], true)
}
