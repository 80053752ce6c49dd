//go:build unix

package server_test

import (
	"syscall"
	"testing"
)

// processorTime gives the microseconds of processor time that the process has taken.
func processorTime(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano()/1000 + u.Stime.Nano()/1000
}
