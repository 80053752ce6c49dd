package sqlite

import (
	"context"
	"sync/atomic"
)

// shared reads a version for all who ask at the same time: one read serves everybody who came before it began.
type shared[V any] struct {
	read    func(context.Context) (V, error) // never called twice at once, nor with a context that can end
	started atomic.Uint64                    // how many reads have begun
	reading gate

	done uint64 // the latest read that succeeded, by its number; guarded by reading
	v    V
}

func newShared[V any](read func(context.Context) (V, error)) *shared[V] {
	return &shared[V]{read: read, reading: newGate()}
}

// get gives a version that was read after the call.
func (s *shared[V]) get(ctx context.Context) (none V, _ error) {
	before := s.started.Load()
	if err := s.reading.enter(ctx); err != nil {
		return none, err
	}
	defer s.reading.leave()
	if s.done > before {
		return s.v, nil
	}
	number := s.started.Add(1)
	v, err := s.read(context.WithoutCancel(ctx))
	if err != nil {
		return none, err
	}
	s.done, s.v = number, v
	return v, nil
}
