package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

// Manager makes sessions. It is safe for concurrent use; a program may have several, each with a
// cookie name of its own.
type Manager struct {
	cfg       Config
	keyed     atomic.Pointer[keyed]
	made      time.Time // by the clock of the process, whatever Config.Now is
	started   time.Time // by Config.Now
	startedAt int64     // the same by the wall clock, Unix nanoseconds
	inProcess bool      // the store never blocks, so that its calls need no time limit
}

// New makes a Manager. It refuses missing parts, weak settings, and cookies that browsers would not
// take.
func New(c Config) (*Manager, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Manager{cfg: c, made: time.Now(), started: c.Now()}
	m.startedAt = m.started.UnixNano()
	if err := m.SetKeys(c.Keys); err != nil {
		return nil, err
	}
	switch store := m.store().(type) { // not what wraps one: that may wait for anything
	case *Memory:
		m.inProcess = true
	case carried:
		m.inProcess = store.old == nil
	case *companion:
		_, m.inProcess = store.Store.(*Memory)
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
	first, n := m.keyed.Load().signer.keyID(0), 0
	err := m.each(ctx, func(r Record) error {
		if r.KeyID != first {
			n++
		}
		return nil
	})
	return n, err
}

func (m *Manager) store() Store { return m.keyed.Load().store }

// Sweep removes up to limit records whose time is over, and gives how many; call it again while it
// gives limit. Expired records answer to nobody whether they are swept or not: sweeping only frees
// room. It is safe to run on every node.
func (m *Manager) Sweep(ctx context.Context, limit int) (int, error) {
	ctx, cancel := m.limit(ctx)
	defer cancel()
	n, err := m.store().DeleteExpired(ctx, m.now(), limit)
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
// done. It runs in the caller's goroutine; a failed sweep is tried again at the next interval.
func (m *Manager) RunSweeper(ctx context.Context, every time.Duration) {
	if every <= 0 {
		every = sweepEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		for n := sweepBatch; n == sweepBatch && ctx.Err() == nil; {
			begin := time.Now()
			n, _ = m.Sweep(ctx, sweepBatch)
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

// newKey draws a session key; with an id given it keeps that and draws only the secret.
func (m *Manager) newKey(id *ID) (k sessionKey, err error) {
	if id != nil {
		k.id = *id
	} else if _, err = io.ReadFull(m.cfg.Rand, k.id[:]); err != nil {
		return k, fmt.Errorf("session: random source: %w", err)
	}
	if _, err = io.ReadFull(m.cfg.Rand, k.secret[:]); err != nil {
		return k, fmt.Errorf("session: random source: %w", err)
	}
	return k, nil
}

// gone reports whether a store's answer means that the record no longer lives under the caller's
// key.
func gone(err error) bool { return errors.Is(err, ErrNotFound) }
