package main

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/bench/program"
	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/book"
	"github.com/doorbook/doorbook/internal/id"
	dbfile "github.com/doorbook/doorbook/internal/sqlite"
)

// TestBook measures the whole program with a few entries. Every answer is checked on the way.
func TestBook(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	var out strings.Builder
	err := run(t.Context(), []string{"-book", "-sizes", "3000,1000", "-requests", "10", "-before", "100ms", "-dir", t.TempDir()}, &out)
	t.Log("\n" + out.String())
	if err != nil {
		t.Fatal(err)
	}
	pages := strings.Repeat(` \d+\.\d\d / \d+\.\d\d / \d+\.\d\d ms \|`, 6)
	for _, size := range []string{"1000", "3000"} {
		line := regexp.MustCompile(`(?m)^\| ` + size + ` \| [\d.]+ ms \|` + pages + ` (\d+|at once) \| [\d.]+ ms / [\d.]+ ms \| [\d.]+ ms / [\d.]+ ms \|`)
		if !line.MatchString(out.String()) {
			t.Errorf("no whole line of %s entries", size)
		}
	}
}

// TestFill: the entries that are filled in are such as the program writes.
func TestFill(t *testing.T) {
	d, err := program.NewDoorbook("", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Doorbook: d, rare: program.NewPerson()}
	db, err := dbfile.Open(t.Context(), h.DataDir(), dbfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	rare := account.Developer{ID: id.New(now), Name: "Ada", Email: h.rare.Email, EmailKey: h.rare.Email, Role: account.Member, CreatedAt: now, UpdatedAt: now}
	err = errors.Join(db.Accounts().Create(t.Context(), account.Actor{}, rare), db.Close())
	if err == nil {
		err = h.fill(t.Context(), 1000, now)
	}
	if err != nil {
		t.Fatal(err)
	}
	if db, err = dbfile.Open(t.Context(), h.DataDir(), dbfile.Options{}); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	list, next, err := db.Entries().Find(t.Context(), book.Query{Limit: 1000})
	if err != nil || len(list) != 1000 || next != "" {
		t.Fatalf("%d entries, then %q: %v", len(list), next, err)
	}
	requests, users := 0, map[string]int{}
	for i, e := range list {
		if e.Type == book.Request {
			requests++
		}
		users[e.User]++
		if !id.Valid(e.ID) || e.User != "" && !id.Valid(e.User) || e.URL[0] != '/' || len(e.Session) != 12 && e.User != "" ||
			i > 0 && e.CreatedAt.After(list[i-1].CreatedAt) || now.Sub(e.CreatedAt) > fillSpan {
			t.Fatalf("%+v", e)
		}
	}
	if requests != 980 || len(users) < 100 || users[rare.ID] != 200 {
		t.Errorf("%d requests, of %d developers, %d of who is seldom there", requests, len(users), users[rare.ID])
	}
	minutes, err := db.Entries().Minutes(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range minutes {
		requests -= m.Count
		if !regexp.MustCompile(`^[2-5]xx$`).MatchString(m.Outcome) {
			t.Errorf("outcome %q", m.Outcome)
		}
	}
	if requests != 0 {
		t.Errorf("%d requests are not counted", requests)
	}
}

func TestBookSettings(t *testing.T) {
	s, err := parse([]string{"-book", "-before", "1s", "-doorbook", "x"})
	if err != nil || s.book == nil || len(s.sizes) != 3 || s.sizes[2] != 10_000_000 || s.book.before != time.Second || s.book.binary != "x" {
		t.Errorf("%+v, %v", s, err)
	}
	if s, err = parse(nil); err != nil || s.book != nil || len(s.sizes) != 2 {
		t.Errorf("without -book: %+v, %v", s, err)
	}
	if _, err = parse([]string{"-book", "-requests", "0"}); err == nil {
		t.Error("no requests are taken")
	}
}

func TestSpeed(t *testing.T) {
	now := time.Now()
	for want, s := range map[string]trimmed{
		"at once": {from: sight{300, now}, to: sight{300, now}},
		"1000":    {from: sight{500, now}, to: sight{2500, now.Add(2 * time.Second)}},
	} {
		if got := s.speed(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
