package together_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/doorbook/doorbook/session/internal/together"
)

// TestEndedContext: who comes with a context that has ended asks nothing.
func TestEndedContext(t *testing.T) {
	t.Parallel()
	free := make(chan struct{})
	l := &together.Line[int]{Most: 1, AtOnce: 1, Go: func([]*int) { <-free }}
	defer close(free)
	for n := range 2 { // so that one waits
		go func() { _, _ = l.Ask(t.Context(), &n, nil) }()
	}
	wait(t, l, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	same := func(*int) bool { t.Error("it was in the line"); return false }
	if _, err := l.Ask(ctx, new(int), same); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// wait lets others go on until so many wait.
func wait(t *testing.T, l *together.Line[int], want int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); l.Waiting() != want; runtime.Gosched() {
		if time.Now().After(end) {
			t.Errorf("%d wait, want %d", l.Waiting(), want)
			return
		}
	}
}

// TestAsk: what is asked while a go is under way goes together, in its order and so many at a time
// as may, and the line is empty afterwards.
func TestAsk(t *testing.T) {
	t.Parallel()
	begun, free := make(chan []int), make(chan struct{})
	l := &together.Line[int]{Most: 3, AtOnce: 1}
	l.Go = func(questions []*int) {
		var list []int
		for _, q := range questions {
			list = append(list, *q)
			*q = -*q
		}
		begun <- list
		<-free
	}
	answers := make(chan int, 10)
	ask := func(n, waiting int) {
		go func() {
			q, err := l.Ask(t.Context(), &n, nil)
			if err != nil {
				t.Error(err)
				return
			}
			answers <- *q
		}()
		wait(t, l, waiting)
	}
	go ask(1, 0)
	if first := <-begun; len(first) != 1 {
		t.Errorf("first %v", first)
	}
	for n := range 4 {
		ask(n+2, n+1)
	}
	for _, want := range []int{3, 1} {
		free <- struct{}{}
		if more := <-begun; len(more) != want {
			t.Errorf("together %v, want %d", more, want)
		}
	}
	free <- struct{}{}
	sum := 0
	for range 5 {
		sum += <-answers
	}
	if sum != -(1+2+3+4+5) || l.Waiting() != 0 {
		t.Errorf("sum of the answers %d, %d wait", sum, l.Waiting())
	}
}
