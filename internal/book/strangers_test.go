package book_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/internal/book"
)

// split parts what is stored into entries of requests and summaries.
func split(repo *fakeRepo) (requests int, summaries []book.Entry) {
	for _, e := range repo.entries() {
		if e.Action == book.ActionSummary {
			summaries = append(summaries, e)
			continue
		}
		requests++
	}
	return requests, summaries
}

func TestStrangersAreSummarised(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		limit   int
		entries func(i int) book.Entry
		want    int // of 30 entries
		more    string
		addr    string
	}{
		{"one address", 10, func(int) book.Entry { return stranger("192.0.2.7") }, 10, "20 more requests from 192.0.2.7 ", "192.0.2.7"},
		{"mapped and plain are one", 10, func(i int) book.Entry {
			return stranger([]string{"192.0.2.7", "::ffff:192.0.2.7"}[i%2])
		}, 10, "20 more requests from 192.0.2.7 ", "192.0.2.7"},
		{"one /64", 10, func(i int) book.Entry { return stranger(fmt.Sprintf("2001:db8:1:2::%x", i)) }, 10, "20 more requests from 2001:db8:1:2::/64 ", "2001:db8:1:2::/64"},
		{"no addresses", 10, func(i int) book.Entry { return stranger(fmt.Sprint("@", i)) }, 10, "20 more requests from other addresses ", ""},
		{"too many addresses", 10, func(i int) book.Entry { return stranger(fmt.Sprintf("10.0.0.%d", i)) }, 15, "15 more requests from other addresses ", ""}, // 5 have a place
		{"many addresses", 10, func(i int) book.Entry { return stranger(fmt.Sprintf("10.0.0.%d", i%5)) }, 30, "", ""},
		{"signed in", 10, func(int) book.Entry { return entry() }, 30, "", ""},
		{"activity", 10, func(int) book.Entry { e := stranger("192.0.2.7"); e.Type = book.Activity; return e }, 10, "20 more requests from 192.0.2.7 ", "192.0.2.7"},
		{"errors are ours", 10, func(int) book.Entry { e := stranger("192.0.2.7"); e.Type = book.Error; return e }, 30, "", ""},
		{"no bound", -1, func(int) book.Entry { return stranger("192.0.2.7") }, 30, "", ""},
		{"default", 0, func(int) book.Entry { return stranger("192.0.2.7") }, 30, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				repo := &fakeRepo{}
				r, stop := run(t, book.RecorderConfig{Repo: repo, Strangers: c.limit, Addresses: 5})
				for i := range 30 {
					if err := r.Append(t.Context(), c.entries(i)); err != nil {
						t.Fatal(err)
					}
				}
				requests, summaries := split(repo)
				if requests != c.want || len(summaries) != 0 {
					t.Errorf("%d entries and %d summaries in the running minute, want %d and 0", requests, len(summaries), c.want)
				}
				if got := r.Stats().Summarised; got != uint64(30-c.want) {
					t.Errorf("counted %d", got)
				}
				time.Sleep(75 * time.Second) // nobody comes any more: the writer looks by itself
				_, summaries = split(repo)
				switch {
				case c.more == "":
					if len(summaries) != 0 {
						t.Errorf("summaries %v", summaries)
					}
				case len(summaries) != 1 || !strings.HasPrefix(summaries[0].Text, c.more) || summaries[0].ClientAddr != c.addr || summaries[0].Type != book.Activity:
					t.Errorf("summaries %+v, want one %q", summaries, c.more)
				}
				if err := r.Append(t.Context(), c.entries(0)); err != nil {
					t.Fatal(err)
				}
				if requests, _ := split(repo); requests != c.want+1 {
					t.Error("the next minute does not start anew")
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestSummariesAreBoundedAndFlushed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		repo := &fakeRepo{}
		r, stop := run(t, book.RecorderConfig{Repo: repo, Strangers: 1})
		for i := range 400 {
			for range 3 {
				if err := r.Append(t.Context(), stranger(fmt.Sprintf("10.0.%d.%d", i/200, i%200))); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		requests, summaries := split(repo)
		if requests != 400 || len(summaries) != 101 {
			t.Fatalf("%d entries, %d summaries, want 400 and 100 with one for the rest", requests, len(summaries))
		}
		if last := summaries[100]; !strings.HasPrefix(last.Text, "600 more requests from other addresses ") {
			t.Error(last.Text)
		}
	})
}
