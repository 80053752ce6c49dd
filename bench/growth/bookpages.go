package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/doorbook/doorbook/bench/program"
	"github.com/doorbook/doorbook/internal/book"
	dbfile "github.com/doorbook/doorbook/internal/sqlite"
)

// pageOf is whose entries a page shows.
type pageOf int

const (
	everybody pageOf = iota
	activities
	few
	pagesOf // how many there are
)

// pageLength is how many entries a page has.
const pageLength = 20

// pageTimes are the processor times of one page: at the newest, the middle, and the oldest end.
type pageTimes [pagesOf]ends

type ends [3]time.Duration

// String is empty when nothing was measured.
func (e ends) String() string {
	if e == (ends{}) {
		return ""
	}
	return fmt.Sprintf("%.2f / %.2f / %.2f ms", float64(e[0])/1e6, float64(e[1])/1e6, float64(e[2])/1e6)
}

// cursors gives where the pages at the three ends begin, and the number of entries that one must
// have.
func (h *house) cursors(p pageOf) (before [3]string, want int) {
	apart := [pagesOf]int{1, h.apart, h.rareness}[p]
	n := min(pageLength, h.entries/apart)
	at := func(entry int) string { // as the repository writes it: internal/sqlite/find.go
		return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(h.first+int64(min(entry, h.entries)))))
	}
	return [3]string{"", at(max(h.entries/2, n*apart)), at(n * apart)}, n
}

// pagesOverHTTP asks the running program.
func (h *house) pagesOverHTTP(ctx context.Context, times int, during time.Duration) (all pageTimes, err error) {
	for p := range pagesOf {
		before, want := h.cursors(p)
		q, v := url.Values{"limit": {strconv.Itoa(pageLength)}}, h.atAda
		switch p {
		case activities:
			q.Set("type", string(book.Activity))
		case few:
			v = h.atRare // a member sees their own entries
		}
		for i := range before {
			if before[i] != "" {
				q.Set("before", before[i])
			}
			if all[p][i], err = h.pageOverHTTP(ctx, v, "/logs?"+q.Encode(), want, times, during); err != nil {
				return all, err
			}
		}
	}
	return all, nil
}

func (h *house) pageOverHTTP(ctx context.Context, v *program.Visitor, path string, want, times int, during time.Duration) (time.Duration, error) {
	ask := func() error {
		status, body, err := v.Ask(ctx, path, nil)
		if err != nil {
			return err
		}
		// Each entry has one; what there is in detail is counted before.
		if n := strings.Count(body, `"created_at":`); status != http.StatusOK || n != want {
			return fmt.Errorf("GET %s: status %d, %d entries, want %d: %.300s", path, status, n, want, body)
		}
		return nil
	}
	var answer struct{ Data []json.RawMessage }
	_, body, err := v.Ask(ctx, path, nil)
	if err == nil {
		err = json.Unmarshal([]byte(body), &answer)
	}
	if err != nil || len(answer.Data) != want {
		return 0, fmt.Errorf("GET %s: %d entries, want %d, %w: %.300s", path, len(answer.Data), want, err, body)
	}
	return typical(h.ThreadsCPU, ask, times, during)
}

// pagesInProcess asks the repository, while the program does not run.
func (h *house) pagesInProcess(ctx context.Context, times int, during time.Duration) (all pageTimes, err error) {
	db, err := dbfile.Open(ctx, h.DataDir(), dbfile.Options{})
	if err != nil {
		return all, err
	}
	defer func() {
		if e := db.Close(); err == nil {
			err = e
		}
	}()
	entries := db.Entries()
	for p := range pagesOf {
		before, want := h.cursors(p)
		q := book.Query{Limit: pageLength}
		switch p {
		case activities:
			q.Type = book.Activity
		case few:
			q.User = h.rareID
		}
		for i := range before {
			q.Before = before[i]
			ask := func() error {
				list, _, err := entries.Find(ctx, q)
				if err == nil && len(list) != want {
					err = fmt.Errorf("%d entries for %+v, want %d", len(list), q, want)
				}
				return err
			}
			if all[p][i], err = typical(processorTime, ask, times, during); err != nil {
				return all, err
			}
		}
	}
	return all, nil
}

// rounds is how many parts the requests for one page are taken in.
const rounds = 10

// typical gives the processor time of one ask: the median of ten rounds of so many asks together,
// or of as many rounds as the time allows.
func typical(cpu func() (time.Duration, error), ask func() error, times int, during time.Duration) (time.Duration, error) {
	for range min(times, 5) { // connections open, pages in memory
		if err := ask(); err != nil {
			return 0, err
		}
	}
	each := max(times/rounds, 1)
	var list samples
	for end := time.Now().Add(during); len(list)*each < times && (len(list) == 0 || time.Now().Before(end)); {
		before, err := cpu()
		if err != nil {
			return 0, err
		}
		n := 0
		for ; n < each && (n == 0 || time.Now().Before(end)); n++ {
			if err := ask(); err != nil {
				return 0, err
			}
		}
		after, err := cpu()
		if err != nil {
			return 0, err
		}
		list = append(list, (after-before)/time.Duration(n))
	}
	return list.percentile(50), nil
}
