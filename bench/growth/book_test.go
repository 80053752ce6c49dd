package main

import (
	"regexp"
	"strings"
	"testing"
	"time"
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
