package repotest

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/book"
)

// mixture appends entries of several users and types, one after the other, and gives them.
func mixture(t *testing.T, repo book.Repository) []book.Entry {
	t.Helper()
	var list []book.Entry
	for i := range 30 {
		e := request(i)
		switch i % 5 {
		case 1, 2:
			e = activity(i)
		case 3:
			e.Type = book.Error
		}
		if i%3 != 0 {
			e = by([]string{"ada", "bob"}[i%2], e)
		}
		appendAll(t, repo, e)
		list = append(list, e)
	}
	return list
}

// queries are all filters that a mixture can be asked for.
func queries() []book.Query {
	var list []book.Query
	for _, user := range []string{"", "ada", "bob", "nobody"} {
		for _, kind := range []book.Type{"", book.Request, book.Activity, book.Error, "other"} {
			list = append(list, book.Query{User: user, Type: kind})
		}
	}
	return list
}

// matching gives the ids that q should list.
func matching(list []book.Entry, q book.Query) []string {
	var m []book.Entry
	for _, e := range list {
		if (q.User == "" || q.User == e.User) && (q.Type == "" || q.Type == e.Type) {
			m = append(m, e)
		}
	}
	return reversed(m...)
}

func filters(t *testing.T, _ context.Context, repo book.Repository) {
	list := mixture(t, repo)
	for _, q := range queries() {
		q.Limit = 1000
		same(t, fmt.Sprintf("%+v", q), ids(all(t, repo, q)), matching(list, q))
	}
}

func pages(t *testing.T, _ context.Context, repo book.Repository) {
	list := mixture(t, repo)
	for _, q := range queries() {
		for _, q.Limit = range []int{1, 3, 10, 30} {
			want := matching(list, q)
			for len(want) > q.Limit {
				page, next := find(t, repo, q)
				same(t, fmt.Sprintf("%+v", q), ids(page), want[:q.Limit])
				if next == "" {
					t.Fatalf("%+v: no next page", q)
				}
				q.Before, want = next, want[q.Limit:]
			}
			page, next := find(t, repo, q)
			same(t, fmt.Sprintf("%+v", q), ids(page), want)
			if next != "" { // also when the last page is full
				t.Fatalf("%+v: a page after the last", q)
			}
			q.Before = ""
		}
	}
}

func pagesEqualTimes(t *testing.T, _ context.Context, repo book.Repository) {
	var want []string
	for range 4 {
		batch := []book.Entry{request(0), request(0), request(0), by("ada", request(0)), by("ada", activity(0))}
		appendAll(t, repo, batch...)
		want = append(want, ids(batch)...)
	}
	slices.Sort(want)
	for _, limit := range []int{1, 3, 7} {
		got := ids(all(t, repo, book.Query{Limit: limit}))
		same(t, "the same order each time", got, ids(all(t, repo, book.Query{Limit: 100})))
		slices.Sort(got)
		same(t, "each once", got, want)
		if n := len(all(t, repo, book.Query{User: "ada", Limit: limit})); n != 8 {
			t.Errorf("%d entries of ada, want 8", n)
		}
	}
}

// Who turns pages sees each entry that was there at the first one, and stayed, once.
func pagesMoving(t *testing.T, ctx context.Context, repo book.Repository) {
	list := mixture(t, repo)
	want := reversed(list...)
	q := book.Query{Limit: 5}
	page, next := find(t, repo, q)
	got := ids(page)
	for i := 0; next != ""; i++ {
		appendAll(t, repo, request(1000+i))
		if i == 0 {
			last := page[len(page)-1] // also when the entry is gone that the cursor names
			if last.Type != book.Request {
				t.Fatal("the test wants a request there")
			}
			noError(t, repo.Delete(ctx, last.ID))
		}
		q.Before = next
		page, next = find(t, repo, q)
		got = append(got, ids(page)...)
	}
	same(t, "listed", got, want)
}

func badCursors(t *testing.T, ctx context.Context, repo book.Repository) {
	mixture(t, repo)
	_, good := find(t, repo, book.Query{Limit: 3})
	bad := []string{
		good + "A", good[:len(good)-1], " " + good, good + "\n", good + "=", "1", "-1", "0", "null", "\x00", "\xff", "../..", "' OR 1=1 --", `{"$gt":""}`,
		base64.RawURLEncoding.EncodeToString([]byte("\xff\xff\xff\xff\xff\xff\xff\xff")), string(make([]byte, 1<<16)),
	}
	for _, s := range bad {
		list, next, err := repo.Find(ctx, book.Query{Before: s, Limit: 3})
		mustBe(t, err, book.ErrBadCursor)
		if len(list) != 0 || next != "" {
			t.Errorf("%.20q gave %d entries", s, len(list))
		}
	}
}

func limits(t *testing.T, _ context.Context, repo book.Repository) {
	list := mixture(t, repo)
	for limit, want := range map[int]int{-1: 1, 0: 1, 1: 1, 29: 29, 30: 30, 31: 30, 1000: 30, 1 << 40: 30} {
		page, next := find(t, repo, book.Query{Limit: limit})
		same(t, fmt.Sprint("limit ", limit), ids(page), reversed(list...)[:want])
		if (next != "") != (want < 30) {
			t.Errorf("limit %d: next is %q", limit, next)
		}
	}
}

// What is asked again and again may be remembered, but must be right after every change.
func newestFollow(t *testing.T, ctx context.Context, repo book.Repository) {
	var list []book.Entry
	check := func(after string) {
		t.Helper()
		for _, q := range queries() {
			for _, q.Limit = range []int{4, 40, 2} {
				want := matching(list, q)
				page, next := find(t, repo, q)
				same(t, fmt.Sprintf("after %s: %+v", after, q), ids(page), want[:min(len(want), q.Limit)])
				if (next != "") != (len(want) > q.Limit) {
					t.Fatalf("after %s: %+v: next is %q", after, q, next)
				}
			}
		}
	}
	add := func(e ...book.Entry) {
		appendAll(t, repo, e...)
		list = append(list, e...)
	}
	remove := func(e book.Entry) { list = slices.DeleteFunc(list, func(o book.Entry) bool { return o.ID == e.ID }) }
	check("nothing")
	for i := range 8 {
		add(request(10*i), by("ada", request(10*i+1)))
		add(by("bob", activity(10*i+2)))
		check("an append")
	}
	for i := range 3 {
		newest := by("ada", request(100+10*i))
		add(newest, by("bob", request(101+10*i)))
		switch i {
		case 0:
			check("an append")
			noError(t, repo.SoftDelete(ctx, newest.ID, now()))
		case 1:
			noError(t, repo.SoftDelete(ctx, newest.ID, now())) // before anybody has seen it
		case 2:
			noError(t, repo.Delete(ctx, newest.ID))
		}
		remove(newest)
		check("a deletion")
	}
	last := by("ada", request(200))
	add(last)
	noError(t, repo.Delete(ctx, last.ID)) // the very newest
	remove(last)
	check("the last is gone")
	add(by("ada", request(201)))
	check("one after the one that is gone")

	noError(t, repo.Append(ctx, nil, book.Ending{ID: list[len(list)-1].ID, Duration: time.Hour}))
	page, _ := find(t, repo, book.Query{Limit: 2})
	if page[0].Duration != time.Hour {
		t.Errorf("duration is %v after Finish", page[0].Duration)
	}
	check("a Finish")
	n, err := repo.Trim(ctx, list[5].CreatedAt, 0, 100)
	noError(t, err)
	list = list[5:]
	check(fmt.Sprint("a trim of ", n.Total()))

	var many []book.Entry
	for i := range 400 {
		many = append(many, request(300+i))
	}
	add(many...)
	check("a large batch")
}
