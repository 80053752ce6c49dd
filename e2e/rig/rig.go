// Package rig runs the program as its users do: it builds the binary, starts it as a process of its
// own, talks to it over HTTP and through a browser, and looks into the files it leaves. It knows
// nothing of the program's packages: what it finds can be found from outside.
package rig

import (
	"os"
	"testing"
	"time"
)

// Need ends a test that cannot run here, with the reason: skipped on a laptop, failed where CI=true
// says that nothing may be missing. No test may skip in another way.
func Need(t testing.TB, have bool, reason string) {
	t.Helper()
	switch {
	case have:
	case os.Getenv("CI") == "true":
		t.Fatalf("CI=true, and this test cannot run: %s", reason)
	default:
		t.Skip(reason)
	}
}

// patience is for what must happen on the busiest machine: who runs out of it waits for what will
// not happen.
const patience = 3 * time.Minute

// Until calls f until it reports true, and reports false if it has not for so long that it never
// will.
func Until(f func() bool) bool {
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		if f() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
	}
}

// Password is one that the program takes; tests that need several add to it.
const Password = "plum tree orbit lantern 9"
