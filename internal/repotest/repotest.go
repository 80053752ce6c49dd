// Package repotest proves repositories: one suite per interface of account and book, which every
// database passes. A suite is given a function that makes an empty repository; it is called once
// per test and cleans up by t.Cleanup. Times have millisecond precision, durations microsecond.
// Nothing here knows how a database works.
package repotest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/doorbook/doorbook/internal/id"
)

// now is the time of the tests: on a millisecond, off a second and off a minute.
func now() time.Time { return time.Date(2026, 3, 4, 5, 6, 7, 89_000_000, time.UTC) }

// newID gives an id for that moment; several for one moment are in no order.
func newID() string { return id.New(now()) }

func mustBe(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

// same compares values; a nil list is as good as an empty one.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// race runs f n times at once and gives the errors by number.
func race(n int, f func(i int) error) []error {
	var (
		wg    sync.WaitGroup
		start = make(chan struct{})
		errs  = make([]error, n)
	)
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// tally counts how many errors are nil, how many are want, and fails on any other.
func tally(t *testing.T, errs []error, want error) (none, wanted int) {
	t.Helper()
	for _, err := range errs {
		switch {
		case err == nil:
			none++
		case errors.Is(err, want):
			wanted++
		default:
			t.Errorf("unexpected error: %v", err)
		}
	}
	return none, wanted
}

// hostileIDs name nothing in any database.
func hostileIDs() []string {
	return []string{
		"", "x", "000000000000000000000000", "' OR '1'='1", "%", "_", `{"$gt":""}`, "$ne", "..", "a\x00b",
		"\xff\xfe", "ABCDEF0123456789ABCDEF01", "zzzzzzzzzzzzzzzzzzzzzzzz", string(make([]byte, 1<<16)),
	}
}
