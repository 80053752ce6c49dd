package httpx

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/doorbook/doorbook/internal/account"
	"github.com/doorbook/doorbook/internal/door"
	"github.com/doorbook/doorbook/session"
)

const (
	lookEvery = 2 * time.Second // at who is still here
	lookGrace = 5 * time.Second // how long nobody may know: then nobody is
)

// streams are the answers that last, together by what their readers are here by: for each session
// and token there is one look at the databases every two seconds, however many answers go on with
// it. So what ends a session, a token or an account, or takes a right from somebody, on whatever
// node, ends their answers within five seconds. It is safe for concurrent use.
type streams struct {
	still func(context.Context, *door.Presence) (account.Developer, error)

	mu sync.Mutex
	by map[string]*present
}

// present is one presence with its streams.
type present struct {
	door.Presence
	open map[*stream]struct{}
	stop context.CancelFunc
}

// stream is one answer that lasts.
type stream struct {
	may func(account.Developer) bool // whether its reader may go on reading, as they are now
	cut func()                       // ends it
}

func newStreams(d *door.Door) *streams {
	return &streams{still: d.Still, by: map[string]*present{}}
}

// join watches a stream until the function that it gives is called, which cuts nothing.
func (s *streams) join(p door.Presence, one *stream) (leave func()) {
	key := p.Key()
	s.mu.Lock()
	defer s.mu.Unlock()
	all, ok := s.by[key]
	if !ok {
		ctx, stop := context.WithCancel(context.Background())
		all = &present{Presence: p, open: map[*stream]struct{}{}, stop: stop}
		s.by[key] = all
		go s.watch(ctx, all)
	}
	all.open[one] = struct{}{}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(all.open, one)
		if len(all.open) == 0 && s.by[key] == all {
			delete(s.by, key)
			all.stop()
		}
	}
}

// watch looks who is still here until nobody is.
func (s *streams) watch(ctx context.Context, all *present) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	known := time.Now()
	for {
		dev, err := s.look(ctx, all)
		switch {
		case ctx.Err() != nil, errors.Is(err, session.ErrUnsupported):
			return
		case err == nil:
			known = time.Now()
			s.cut(all, func(one *stream) bool { return !one.may(dev) })
		case errors.Is(err, door.ErrOver), time.Since(known) >= lookGrace:
			s.cut(all, func(*stream) bool { return true })
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *streams) look(ctx context.Context, all *present) (account.Developer, error) {
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	return s.still(ctx, &all.Presence)
}

// cut ends those of the streams that are to end. They leave by themselves then.
func (s *streams) cut(all *present, over func(*stream) bool) {
	s.mu.Lock()
	var ended []*stream
	for one := range all.open {
		if over(one) {
			ended = append(ended, one)
		}
	}
	s.mu.Unlock()
	for _, one := range ended {
		one.cut()
	}
}
