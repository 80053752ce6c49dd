package redisstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// TestTogether: each of many calls at once gets its own reply, or its own error.
func TestTogether(t *testing.T) {
	t.Parallel()
	eval := Together(func(_ context.Context, calls []Call) []Reply {
		replies := make([]Reply, len(calls))
		for i, c := range calls {
			if replies[i].Value = c.Name; c.Script == "bad" {
				replies[i] = Reply{nil, errors.New("of " + c.Name)}
			}
		}
		return replies
	})
	var all sync.WaitGroup
	for n := range 200 {
		all.Add(1)
		go func() {
			defer all.Done()
			c := Call{Name: fmt.Sprint(n), Script: []string{"good", "bad"}[n%2]}
			switch reply, err := eval(t.Context(), c); {
			case n%2 == 0 && (err != nil || reply != c.Name):
				t.Errorf("call %d: %v, %v", n, reply, err)
			case n%2 == 1 && (err == nil || err.Error() != "of "+c.Name):
				t.Errorf("call %d: %v, %v", n, reply, err)
			}
		}()
	}
	all.Wait()
}

// TestTogetherEnds: what is sent ends with the last deadline of those who sent it, and never if one
// has none; each caller leaves with their own.
func TestTogetherEnds(t *testing.T) {
	t.Parallel()
	now := time.Now()
	early, late := now.Add(time.Hour), now.Add(2*time.Hour)
	for _, c := range []struct {
		of   []time.Time
		want time.Time
	}{
		{[]time.Time{early}, early},
		{[]time.Time{early, late}, late},
		{[]time.Time{late, early}, late},
		{[]time.Time{late, {}}, time.Time{}},
		{[]time.Time{{}, late}, time.Time{}},
	} {
		var batch []*sent
		for _, deadline := range c.of {
			batch = append(batch, &sent{deadline: deadline})
		}
		sendAll(func(ctx context.Context, calls []Call) []Reply {
			if got, _ := ctx.Deadline(); !got.Equal(c.want) {
				t.Errorf("%v: sent until %v, want %v", c.of, got, c.want)
			}
			return make([]Reply, len(calls))
		}, batch)
	}

	stuck := make(chan struct{})
	defer close(stuck)
	eval := Together(func(_ context.Context, calls []Call) []Reply { <-stuck; return make([]Reply, len(calls)) })
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := eval(ctx, Call{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a server that hangs: %v", err)
	}
}

// TestTogetherCounts: where there are not as many replies as calls nobody gets another's.
func TestTogetherCounts(t *testing.T) {
	t.Parallel()
	for _, replies := range [][]Reply{nil, make([]Reply, 2)} {
		eval := Together(func(context.Context, []Call) []Reply { return replies })
		if _, err := eval(t.Context(), Call{}); !errors.Is(err, errReply) {
			t.Errorf("%d replies to one call: error %v", len(replies), err)
		}
	}
}
