//go:build go1.25

package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/doorbook/doorbook/session/redisstore"
)

// TestCrowd: a call makes no more than eight visits at once, and stops asking after an error.
func TestCrowd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var running, most, calls int
		failure := errors.New("READONLY You can't write against a read only replica.")
		s := redisstore.New(func(context.Context, redisstore.Call) (any, error) {
			mu.Lock()
			running++
			calls++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Millisecond)
			mu.Lock()
			running--
			mu.Unlock()
			return nil, fmt.Errorf("a client's words: %w", failure)
		}, redisstore.Shards(512))
		if _, err := s.BySubject(t.Context(), "ada", now); !errors.Is(err, failure) {
			t.Errorf("BySubject: %v, want the server's error", err)
		}
		if most > 8 || calls > 64 {
			t.Errorf("%d visits at once and %d in all, want at most 8, and an end after the first error", most, calls)
		}
	})
}
