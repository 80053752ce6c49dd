//go:build unix

package bench_test

import (
	"syscall"
	"time"
)

// processorTime is what this process has used of all processors, the garbage collector included.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
