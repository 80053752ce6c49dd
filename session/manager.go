package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/doorbook/doorbook/session/internal/place"
	"github.com/doorbook/doorbook/session/memstore"
	"github.com/doorbook/doorbook/session/store"
)

// Manager makes sessions. It is safe for concurrent use; a program may have several, each with a
// cookie name of its own.
type Manager struct {
	cfg        Config
	env        place.Env
	keyed      atomic.Pointer[keyed]
	made       time.Time // by the clock of the process, whatever Config.Now is
	started    time.Time // by Config.Now
	startedAt  int64     // the same by the wall clock, Unix nanoseconds
	askedAgain askedAgain
	mistakes   mistakes
	inProcess  bool // the store never blocks, so that its calls need no time limit
}

// New makes a Manager. It refuses missing parts, weak settings, and cookies that browsers would not
// take.
//
// Without a home for the sessions they live in the memory of this process, and end with it; New says
// so in the log.
func New(c Config) (*Manager, error) {
	inMemory := c.Home.Store == nil && c.Home.Format == nil
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Manager{cfg: c, made: time.Now(), started: c.Now()}
	m.startedAt = m.started.UnixNano()
	m.env = m.newEnv()
	if err := m.SetKeys(c.Keys); err != nil {
		return nil, err
	}
	m.inProcess = inProcess(c.Home.Store) && inProcess(c.Old.Store)
	if inMemory {
		slog.Info("session: sessions are kept in the memory of this process and end with it; Config.Home names a store")
	}
	return m, nil
}

// SetKeys replaces the key ring while the program runs: what is signed from now on is signed by the
// first key of the new ring, and cookies are good if any key of it signed them. Give the new key in
// front and the old one behind it; take the old one away once OldKeys gives 0.
func (m *Manager) SetKeys(keys *KeyRing) error {
	if keys == nil || len(keys.secrets) == 0 {
		return errors.New("session: a KeyRing that NewKeyRing did not make")
	}
	k, err := m.newKeyed(keys)
	if err != nil {
		return err
	}
	m.keyed.Store(k)
	return nil
}

// OldKeys counts the live sessions whose cookie is not signed by the first key of the ring yet. It
// goes through all records of the store.
func (m *Manager) OldKeys(ctx context.Context) (int, error) {
	first, n := m.keyed.Load().signer.ID(0), 0
	err := m.each(ctx, func(r store.Record) error {
		if r.KeyID != first {
			n++
		}
		return nil
	})
	return n, err
}

// records is the store that knows which sessions live, nil if none does.
func (m *Manager) records() store.Store { return m.keyed.Load().home.place.Records() }

// Sweep removes up to limit records whose time is over, and gives how many; call it again while it
// gives limit. Expired records answer to nobody whether they are swept or not: sweeping only frees
// room. It is safe to run on every node.
func (m *Manager) Sweep(ctx context.Context, limit int) (int, error) {
	ctx, cancel := m.limit(ctx)
	defer cancel()
	k := m.keyed.Load()
	all := k.home.place.Records()
	if all == nil && k.old != nil { // sessions that stay there
		all = k.old.place.Records()
	}
	if all == nil {
		return 0, nil
	}
	n, err := all.DeleteExpired(ctx, m.now(), limit)
	if err != nil {
		return n, fmt.Errorf("session: sweep: %w", err)
	}
	return n, nil
}

const (
	sweepBatch = 100
	sweepEvery = time.Minute
)

// RunSweeper sweeps in small batches every interval (a minute if that is not positive) until ctx is
// done. It runs in the caller's goroutine; a failed sweep is told, by an event and in the log, and
// tried again at the next interval.
func (m *Manager) RunSweeper(ctx context.Context, every time.Duration) {
	if every <= 0 {
		every = sweepEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		for n := sweepBatch; n == sweepBatch && ctx.Err() == nil; {
			begin := time.Now()
			var err error
			if n, err = m.Sweep(ctx, sweepBatch); err != nil && ctx.Err() == nil {
				m.cfg.Observe(ctx, Event{Kind: EventSaveFailed, Err: err})
				slog.WarnContext(ctx, "session: a sweep failed; records that are over take room until one succeeds", "error", err)
			}
			if n < sweepBatch {
				break
			}
			select {
			case <-ctx.Done():
			case <-time.After(2 * time.Since(begin)): // the store has most of its time for others
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// limit bounds one visit to the store.
func (m *Manager) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if m.inProcess {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, m.cfg.SaveTimeout)
}

// visit bounds one visit to the store that is made to its end, whether the one who asked still
// waits or not.
func (m *Manager) visit(ctx context.Context) (context.Context, context.CancelFunc) {
	if m.inProcess {
		return context.Background(), func() {}
	}
	return m.limit(context.WithoutCancel(ctx))
}

// inProcess reports whether a store, if there is one, never blocks. What wraps a memstore.Store may
// wait for anything.
func inProcess(s store.Store) bool {
	_, memory := s.(*memstore.Store)
	return memory || s == nil
}
