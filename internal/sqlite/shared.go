package sqlite

import (
	"context"
	"sync/atomic"
)

// version tells whether a file holds what it held before: equal versions, equal contents.
type version [2]int64

// shared reads a version for all who ask at the same time: one read serves everybody who came
// before it began.
type shared struct {
	read    func(context.Context) (version, error) // never called twice at once, nor with a context that can end
	started atomic.Uint64                          // how many reads have begun
	reading gate

	done uint64 // the latest read that succeeded, by its number; guarded by reading
	v    version
}

func newShared(read func(context.Context) (version, error)) *shared {
	return &shared{read: read, reading: newGate()}
}

// get returns a version that was read after the call.
func (s *shared) get(ctx context.Context) (none version, _ error) {
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
