// Package together lets questions to a store that meet go there together.
package together

import (
	"context"
	"runtime"
	"slices"
	"sync"
)

// Line is where questions wait that come while others are under way. On a quiet machine nobody waits
// for others to come. It is safe for concurrent use; its fields are set before.
type Line[Q any] struct {
	Most   int // questions in one go
	AtOnce int // goes at a time
	// Go notes the answers in the questions, which nobody else reads or writes meanwhile. It has a
	// goroutine of its own: who asks leaves when their context ends, whatever Go is doing.
	Go func(questions []*Q)

	mu      sync.Mutex
	waiting []*place[Q] // for a go that is not begun yet
	working int         // goroutines that are busy with goes
	coming  bool        // one of them is about to see who is waiting
}

// place is a question's in the line. Several may wait for its answer.
type place[Q any] struct {
	question *Q
	asking   int           // how many wait; guarded by Line.mu
	over     chan struct{} // closed when the answer is there
	panicked any
}

// Ask returns the question with its answer, which was sought after Ask was called. If one that is
// the same waits already it returns that, which others read, too; same may be nil. The error is that
// of the context: nobody learns what became of the question then.
func (l *Line[Q]) Ask(ctx context.Context, question *Q, same func(other *Q) bool) (*Q, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p := l.join(question, same)
	select {
	case <-p.over:
	case <-ctx.Done():
		l.leave(p)
		return nil, ctx.Err()
	}
	if p.panicked != nil {
		panic(p.panicked) // here, because the caller's server knows what to do with it
	}
	return p.question, nil
}

// join gives a question its place, and sees to it that somebody comes for it.
func (l *Line[Q]) join(question *Q, same func(*Q) bool) *place[Q] {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.waiting {
		if same != nil && same(p.question) {
			p.asking++
			return p
		}
	}
	p := &place[Q]{question: question, asking: 1, over: make(chan struct{})}
	l.waiting = append(l.waiting, p)
	if !l.coming && l.working < l.AtOnce {
		l.coming = true
		l.working++
		go l.work()
	}
	return p
}

// leave forgets a question that nobody asks any more, if it waits still.
func (l *Line[Q]) leave(p *place[Q]) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.asking--; p.asking == 0 {
		if i := slices.Index(l.waiting, p); i >= 0 {
			l.waiting = slices.Delete(l.waiting, i, i+1)
		}
	}
}

// Waiting is how many wait for a go that is not begun yet.
func (l *Line[Q]) Waiting() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.waiting {
		n += p.asking
	}
	return n
}

// work answers questions until there are none.
func (l *Line[Q]) work() {
	for {
		runtime.Gosched() // who is about to ask does so first, and comes along
		batch := l.take()
		if batch == nil {
			return
		}
		l.answer(batch)
	}
}

// take returns those who wait, so many as go together, or nil when the worker may go.
func (l *Line[Q]) take() []*place[Q] {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.coming = false
	if len(l.waiting) == 0 {
		l.working--
		return nil
	}
	n := min(len(l.waiting), l.Most)
	batch := slices.Clone(l.waiting[:n])
	l.waiting = slices.Delete(l.waiting, 0, n)
	return batch
}

// answer has a batch answered, and lets all of it go.
func (l *Line[Q]) answer(batch []*place[Q]) {
	defer func() {
		panicked := recover()
		for _, p := range batch {
			p.panicked = panicked
			close(p.over)
		}
	}()
	questions := make([]*Q, len(batch))
	for i, p := range batch {
		questions[i] = p.question
	}
	l.Go(questions)
}
