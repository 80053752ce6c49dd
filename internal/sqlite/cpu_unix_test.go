//go:build unix

package sqlite_test

import (
	"syscall"
	"time"
)

// processorTime is what this process has used of all processors: unlike the time that passed, it
// says little of what else the machine does.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
