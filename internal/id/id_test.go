package id_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/doorbook/doorbook/internal/id"
)

func TestNew(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 999)
	if got := id.New(now); !strings.HasPrefix(got, "6553f100") || !id.Valid(got) {
		t.Errorf("%q", got)
	}
	var list []string
	for i := range 100 {
		list = append(list, id.New(now.Add(time.Duration(i)*time.Second)))
	}
	if !slices.IsSorted(list) {
		t.Error("ids do not sort by second")
	}
}

// TestNewApart: ids of one moment differ, however many are made at once.
func TestNewApart(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var mu sync.Mutex
	seen := map[string]bool{}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			var mine []string
			for range 5000 {
				mine = append(mine, id.New(now))
			}
			mu.Lock()
			defer mu.Unlock()
			for _, s := range mine {
				seen[s] = true
			}
		})
	}
	all.Wait()
	if len(seen) != 40_000 {
		t.Errorf("%d different ones of 40000", len(seen))
	}
}

func TestValid(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"0123456789abcdef01234567": true, strings.Repeat("0", 24): true,
		"": false, "0123456789abcdef0123456": false, "0123456789abcdef012345678": false, "0123456789ABCDEF01234567": false,
		"0123456789abcdef0123456g": false, "0123456789abcdef0123456\n": false, "0123456789abcdef0123456é": false,
		"\u0660" + strings.Repeat("0", 22): false, " 123456789abcdef01234567": false, "0x23456789abcdef01234567": false,
	} {
		if got := id.Valid(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}
