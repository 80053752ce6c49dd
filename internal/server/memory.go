package server

import (
	"runtime"
	"runtime/debug"
)

// tuneMemory trades memory that is not used anyway for time, unless GOGC or GOMEMLIMIT say what the operator wants. What
// lives is a few megabytes, what a request leaves behind is little: collecting at twice the living heap, the default, is a
// hundred collections a second under load. The limit keeps what password hashes leave behind (19 MiB each) from piling up.
func tuneMemory(getenv func(string) string) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if getenv("GOMEMLIMIT") == "" {
		hashes := int64(max(1, runtime.GOMAXPROCS(0)/2)) // as many at once as passhash allows
		debug.SetMemoryLimit(96<<20 + hashes*40<<20)
	}
}
