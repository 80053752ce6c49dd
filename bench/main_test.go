package bench_test

import (
	"os"
	"runtime"
	"testing"
)

// TestMain gives the process the heap of a small server. On an empty one the garbage collector
// would run some hundred times a second, and a third of each figure would be its start and end.
func TestMain(m *testing.M) {
	heap := make([]byte, 64<<20)
	code := m.Run()
	runtime.KeepAlive(heap)
	os.Exit(code)
}
