package repotest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/book"
)

// Book proves a book.Repository.
func Book(t *testing.T, open func(t *testing.T) book.Repository) {
	run := func(name string, test func(t *testing.T, ctx context.Context, repo book.Repository)) {
		t.Run(name, func(t *testing.T) { test(t, t.Context(), open(t)) })
	}
	run("append and find", appendAndFind)
	run("all or none", allOrNone)
	run("hostile text", hostileText)
	run("finish", finish)
	run("hide and delete", hideAndDelete)
	run("hostile ids", hostileEntries)
	run("hide at once", hideRace)
	run("append at once", appendRace)
	run("cancelled", cancelledBook)
	run("filters", filters)
	run("pages", pages)
	run("pages over equal times", pagesEqualTimes)
	run("pages while the book grows and shrinks", pagesMoving)
	run("cursors that are none", badCursors)
	run("limits", limits)
	run("the newest follow every change", newestFollow)
	run("minutes", minutes)
	run("trim by age", trimAge)
	run("trim by size", trimSize)
}

// request is a request entry that is n milliseconds later than the start.
func request(n int) book.Entry {
	return book.Entry{
		ID: newID(), Type: book.Request, ClientAddr: "192.0.2.1", URL: fmt.Sprint("/", n), Method: "GET",
		CreatedAt: now().Add(time.Duration(n) * time.Millisecond), Status: 200, Duration: 1500 * time.Microsecond,
	}
}

func activity(n int) book.Entry {
	e := request(n)
	e.Type, e.Action, e.Status = book.Activity, "sign_in", 0
	return e
}

func by(user string, e book.Entry) book.Entry {
	e.User, e.UserName = user, "Name of "+user
	return e
}

func appendAll(t *testing.T, repo book.Repository, list ...book.Entry) {
	t.Helper()
	noError(t, repo.Append(t.Context(), list))
}

// find gives one page.
func find(t *testing.T, repo book.Repository, q book.Query) ([]book.Entry, string) {
	t.Helper()
	list, next, err := repo.Find(t.Context(), q)
	noError(t, err)
	return list, next
}

// all gives all pages.
func all(t *testing.T, repo book.Repository, q book.Query) []book.Entry {
	t.Helper()
	var list []book.Entry
	for range 1000 {
		page, next := find(t, repo, q)
		list = append(list, page...)
		if next == "" {
			return list
		}
		if len(page) == 0 {
			t.Fatal("an empty page with a next one")
		}
		q.Before = next
	}
	t.Fatal("the pages have no end")
	return nil
}

func ids(list []book.Entry) []string {
	s := make([]string, len(list))
	for i, e := range list {
		s[i] = e.ID
	}
	return s
}

// reversed gives the ids of entries in the order of a listing: the last appended first.
func reversed(list ...book.Entry) []string {
	s := make([]string, 0, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		s = append(s, list[i].ID)
	}
	return s
}

func appendAndFind(t *testing.T, ctx context.Context, repo book.Repository) {
	noError(t, repo.Append(ctx, nil))
	full := book.Entry{
		ID: newID(), Type: book.Error, ClientAddr: "2001:db8::1", URL: "/a?b=[redacted]", Method: "PATCH", Body: `{"name":"Ada"}`,
		CreatedAt: now(), Status: 503, Duration: 123*time.Hour + 456*time.Microsecond, Route: "PATCH /developers/{id}", User: newID(), UserName: "Ada",
		Session: "s", RequestID: "r", Action: "a", Target: newID(), TargetName: "Zoë", Text: "It failed.", Token: newID(), TokenName: "deploy",
		Application: "Wiki", Host: "wiki.example.org", Rule: "rule 2: group ops", Bytes: 1 << 40,
	}
	bare := book.Entry{ID: newID(), Type: book.Request, CreatedAt: now().Add(time.Millisecond)}
	appendAll(t, repo, full, bare)
	for _, e := range []book.Entry{full, bare} {
		got, err := repo.ByID(ctx, e.ID)
		noError(t, err)
		same(t, "by id", got, e)
	}
	for range 2 { // the second time may be answered from memory
		got, next := find(t, repo, book.Query{Limit: 10})
		same(t, "found", got, []book.Entry{bare, full})
		same(t, "next", next, "")
	}
	late := request(2)
	late.CreatedAt = late.CreatedAt.Add(123456 * time.Nanosecond).In(time.FixedZone("", 3600)) // finer than what is stored
	late.Duration = 999
	appendAll(t, repo, late)
	got, _ := find(t, repo, book.Query{Limit: 1})
	byID, err := repo.ByID(ctx, late.ID)
	noError(t, err)
	same(t, "found and by id", got[0], byID)
	if !got[0].CreatedAt.Equal(request(2).CreatedAt) || got[0].CreatedAt.Location() != time.UTC || got[0].Duration != 0 {
		t.Errorf("stored as %v and %v", got[0].CreatedAt, got[0].Duration)
	}
}

func allOrNone(t *testing.T, ctx context.Context, repo book.Repository) {
	first := request(0)
	appendAll(t, repo, first)
	for name, batch := range map[string][]book.Entry{
		"an id that is stored": {request(1), first, request(2)},
		"an id twice":          {first, request(1), first},
	} {
		if err := repo.Append(ctx, batch); !errors.Is(err, book.ErrExists) {
			t.Errorf("%s: %v", name, err)
		}
	}
	twin := request(3)
	if err := repo.Append(ctx, []book.Entry{request(4), twin, twin}); !errors.Is(err, book.ErrExists) {
		t.Errorf("an id twice in a batch: %v", err)
	}
	same(t, "what is stored", ids(all(t, repo, book.Query{Limit: 10})), reversed(first))
	got, err := repo.Minutes(ctx, now())
	noError(t, err)
	same(t, "counts", got, []book.Minute{{At: now().Truncate(time.Minute), Outcome: "2xx", Count: 1}})
}

func hostileText(t *testing.T, ctx context.Context, repo book.Repository) {
	texts := []string{
		"\x00", "a\x00b", "\x00'", "\xff\xfe invalid \xc3\x28", "'", `"`, "\\", "`", "');--", "\r\n\u2028\u202e", "\U0001F980\u200d\U0001F468",
		"%00", "$where", "a.b", "\x1b[2J", strings.Repeat("x", 1<<20), strings.Repeat("\U0001F980", 1<<16),
	}
	var list []book.Entry
	for i, s := range texts {
		e := request(i)
		e.ClientAddr, e.URL, e.Method, e.Body, e.Route, e.UserName, e.Session, e.RequestID, e.Action, e.Target, e.Text, e.TargetName, e.Token, e.TokenName = s, s, s, s, s, s, s, s, s, s, s, s, s, s
		e.Application, e.Host, e.Rule = s, s, s
		if len(s) < 100 {
			e.User = s
		}
		list = append(list, e)
	}
	for _, e := range list {
		appendAll(t, repo, e)
		got, err := repo.ByID(ctx, e.ID)
		noError(t, err)
		if got != e {
			t.Errorf("%.20q came back as %.20q", e.URL, got.URL)
		}
		if e.User != "" {
			same(t, "by user", ids(all(t, repo, book.Query{User: e.User, Limit: 5})), reversed(e))
		}
	}
	got := all(t, repo, book.Query{Limit: 4})
	for i, e := range got {
		if want := list[len(list)-1-i]; e != want {
			t.Errorf("found %.20q as %.20q", want.URL, e.URL)
		}
	}
}

func finish(t *testing.T, ctx context.Context, repo book.Repository) {
	e, cut, hidden := request(0), request(1), request(2)
	e.Bytes, cut.Bytes = 7, 1000
	appendAll(t, repo, e, cut, hidden)
	find(t, repo, book.Query{Limit: 5})
	noError(t, repo.Append(ctx, nil,
		book.Ending{ID: e.ID, Duration: 90 * time.Minute, Bytes: 5 << 32},
		book.Ending{ID: newID(), Duration: time.Second},
		book.Ending{ID: "no id", Duration: time.Second},
		book.Ending{ID: hidden.ID, Duration: time.Minute}))
	e.Duration, e.Bytes, hidden.Duration = 90*time.Minute, 5<<32, time.Minute
	got, err := repo.ByID(ctx, e.ID)
	noError(t, err)
	same(t, "by id", got, e)
	list, _ := find(t, repo, book.Query{Limit: 5})
	same(t, "found", list, []book.Entry{hidden, cut, e})

	// With entries, and of one that is hidden, since its answer was still being sent.
	noError(t, repo.SoftDelete(ctx, hidden.ID, now()))
	next := request(3)
	noError(t, repo.Append(ctx, []book.Entry{next},
		book.Ending{ID: cut.ID, Duration: time.Second, Bytes: 12}, book.Ending{ID: hidden.ID, Duration: time.Hour}))
	cut.Duration, cut.Bytes = time.Second, 12
	for range 2 {
		list, _ = find(t, repo, book.Query{Limit: 5})
		same(t, "found", list, []book.Entry{next, cut, e})
	}

	noError(t, repo.Append(ctx, nil, book.Ending{ID: cut.ID, Duration: time.Minute}))
	cut.Duration, cut.Bytes = time.Minute, 0
	list, _ = find(t, repo, book.Query{Limit: 5})
	same(t, "found", list, []book.Entry{next, cut, e})

	// What comes with entries that cannot be stored is not stored either.
	again := request(4)
	mustBe(t, repo.Append(ctx, []book.Entry{again, next}, book.Ending{ID: e.ID, Duration: 1}), book.ErrExists)
	same(t, "listed", all(t, repo, book.Query{Limit: 5}), []book.Entry{next, cut, e})
}

func hideAndDelete(t *testing.T, ctx context.Context, repo book.Repository) {
	const ada = "ada"
	kept, hidden, gone := by(ada, request(0)), by(ada, request(1)), by(ada, request(2))
	act, fail := by(ada, activity(3)), by(ada, activity(4))
	fail.Type = book.Error
	appendAll(t, repo, kept, hidden, gone, act, fail)
	before, err := repo.Minutes(ctx, now())
	noError(t, err)

	noError(t, repo.SoftDelete(ctx, hidden.ID, now()))
	noError(t, repo.Delete(ctx, gone.ID))
	for _, e := range []book.Entry{hidden, gone} {
		_, err := repo.ByID(ctx, e.ID)
		mustBe(t, err, book.ErrNotFound)
		mustBe(t, repo.SoftDelete(ctx, e.ID, now()), book.ErrNotFound)
	}
	for _, q := range []book.Query{{}, {User: ada}} {
		q.Limit = 2
		same(t, "listed", ids(all(t, repo, q)), reversed(kept, act, fail))
		q.Type = book.Request
		same(t, "requests", ids(all(t, repo, q)), reversed(kept))
	}
	noError(t, repo.Delete(ctx, hidden.ID)) // what is hidden can go for good
	mustBe(t, repo.Delete(ctx, hidden.ID), book.ErrNotFound)

	for _, e := range []book.Entry{act, fail} {
		mustBe(t, repo.SoftDelete(ctx, e.ID, now()), book.ErrKept)
		mustBe(t, repo.Delete(ctx, e.ID), book.ErrKept)
		got, err := repo.ByID(ctx, e.ID)
		noError(t, err)
		same(t, "kept", got, e)
	}
	after, err := repo.Minutes(ctx, now())
	noError(t, err)
	same(t, "counts", after, before)
}

func hostileEntries(t *testing.T, ctx context.Context, repo book.Repository) {
	e := request(0)
	appendAll(t, repo, e)
	for _, s := range hostileIDs() {
		_, err := repo.ByID(ctx, s)
		mustBe(t, err, book.ErrNotFound)
		mustBe(t, repo.SoftDelete(ctx, s, now()), book.ErrNotFound)
		mustBe(t, repo.Delete(ctx, s), book.ErrNotFound)
		if s != "" {
			same(t, "by user", all(t, repo, book.Query{User: s, Limit: 5}), []book.Entry{})
			same(t, "by type", all(t, repo, book.Query{Type: book.Type(s), Limit: 5}), []book.Entry{})
		}
	}
	same(t, "listed", all(t, repo, book.Query{Limit: 5}), []book.Entry{e})
}

func hideRace(t *testing.T, ctx context.Context, repo book.Repository) {
	e := request(0)
	appendAll(t, repo, e)
	errs := race(10, func(int) error { return repo.SoftDelete(ctx, e.ID, now()) })
	if done, missed := tally(t, errs, book.ErrNotFound); done != 1 || missed != 9 {
		t.Errorf("hidden %d times, want once", done)
	}
}

// Every entry of an acknowledged append is found at once, and counted once.
func appendRace(t *testing.T, ctx context.Context, repo book.Repository) {
	const writers, each = 8, 15
	tally(t, race(writers, func(w int) error {
		for i := range each {
			e := by(fmt.Sprint("user", w), request(0))
			if err := repo.Append(ctx, []book.Entry{e, by("everybody", request(0))}); err != nil {
				return err
			}
			got, _, err := repo.Find(ctx, book.Query{User: e.User, Limit: 100})
			if err != nil {
				return err
			}
			if len(got) != i+1 || got[0].ID != e.ID {
				return fmt.Errorf("%d entries of %s after %d appends", len(got), e.User, i+1)
			}
		}
		return nil
	}), nil)
	seen := map[string]bool{}
	for _, e := range all(t, repo, book.Query{Limit: 100}) {
		seen[e.ID] = true
	}
	if len(seen) != 2*writers*each {
		t.Errorf("%d entries listed, want %d", len(seen), 2*writers*each)
	}
	got, err := repo.Minutes(ctx, now())
	noError(t, err)
	same(t, "counts", got, []book.Minute{{At: now().Truncate(time.Minute), Outcome: "2xx", Count: 2 * writers * each}})
}

func cancelledBook(t *testing.T, ctx context.Context, repo book.Repository) {
	dead, cancel := context.WithCancel(ctx)
	cancel()
	e := request(0)
	appendAll(t, repo, e)
	mustBe(t, repo.Append(dead, []book.Entry{request(1)}), context.Canceled)
	mustBe(t, repo.Append(dead, nil, book.Ending{ID: e.ID, Duration: time.Hour}), context.Canceled)
	mustBe(t, repo.SoftDelete(dead, e.ID, now()), context.Canceled)
	mustBe(t, repo.Delete(dead, e.ID), context.Canceled)
	_, err := repo.ByID(dead, e.ID)
	mustBe(t, err, context.Canceled)
	_, _, err = repo.Find(dead, book.Query{Limit: 5})
	mustBe(t, err, context.Canceled)
	_, err = repo.Minutes(dead, now())
	mustBe(t, err, context.Canceled)
	_, err = repo.Trim(dead, now().Add(time.Hour), 0, 10)
	mustBe(t, err, context.Canceled)
	same(t, "listed", all(t, repo, book.Query{Limit: 5}), []book.Entry{e})
}
