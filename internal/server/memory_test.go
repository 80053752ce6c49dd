package server

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// TestReleaseIdle: what a burst of work left behind goes back to the system soon after it. Without
// releaseIdle that takes the runtime minutes, since it collects an idle program every two minutes
// only.
func TestReleaseIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go releaseIdle(ctx, 20*time.Millisecond)
		time.Sleep(100 * time.Millisecond)

		garbage := make([][]byte, 64)
		for i := range garbage {
			garbage[i] = make([]byte, 1<<20)
			garbage[i][0] = 1
		}
		runtime.KeepAlive(garbage)
		held := inUse()
		for range 200 {
			time.Sleep(20 * time.Millisecond)
			if now := inUse(); held-now > 50<<20 {
				return
			}
		}
		t.Errorf("%d bytes were held after the work, %d later", held, inUse())
	})
}

// inUse is the heap that the system has not got back.
func inUse() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapSys) - int64(m.HeapReleased)
}
