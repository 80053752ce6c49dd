package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/doorbook/doorbook/bench/ferretdb"
)

// TestSmall runs the whole program on a few sessions, so that it still works when somebody needs
// it.
func TestSmall(t *testing.T) {
	stores := "memory,sqlite"
	if _, err := exec.LookPath("redis-server"); err == nil {
		stores += ",redis"
	} else if os.Getenv("CI") == "true" {
		t.Error(err)
	}
	var out strings.Builder
	err := run(t.Context(), []string{
		"-stores", stores, "-sizes", "2000,200", "-lookups", "200", "-writes", "200", "-expired", "3000", "-live", "100", "-before", "100ms",
		"-dir", t.TempDir(),
	}, &out)
	t.Log("\n" + out.String())
	if err != nil {
		t.Fatal(err)
	}
	for kind := range strings.SplitSeq(stores, ",") {
		for _, want := range []string{"| " + kind + " | 200 |", "| " + kind + " | 2000 |", "| " + kind + " | 3000 |"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no line with %q", want)
			}
		}
	}
}

// TestMongo is the same over FerretDB, which is too slow for more.
func TestMongo(t *testing.T) {
	if _, err := ferretdb.Path(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	var out strings.Builder
	err := run(t.Context(), []string{"-stores", "mongo", "-sizes", "20,200", "-lookups", "100", "-writes", "100", "-expired", "0", "-dir", t.TempDir()}, &out)
	t.Log("\n" + out.String())
	if err != nil || !strings.Contains(out.String(), "| mongo | 200 |") {
		t.Error(err)
	}
}

func TestPercentile(t *testing.T) {
	var s samples
	for n := 100; n > 0; n-- {
		s = append(s, time.Duration(n))
	}
	if a, b, c := s.percentile(50), s.percentile(99), s.percentile(100); a != 50 || b != 99 || c != 100 {
		t.Errorf("50th, 99th, 100th of 1 to 100: %d, %d, %d", a, b, c)
	}
}
