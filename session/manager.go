package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Manager makes sessions. It is safe for concurrent use; a program may have several, each with a cookie name of its own.
type Manager struct {
	cfg       Config
	signer    *Signer
	inProcess bool // the store never blocks, so that its calls need no time limit
}

// New makes a Manager. It refuses missing parts, weak settings, and cookies that browsers would not take.
func New(c Config) (*Manager, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	m := &Manager{cfg: c, signer: c.Keys.Signer("cookie " + c.Cookie.Name)}
	_, m.inProcess = c.Store.(*Memory) // not what wraps one: that may wait for anything
	return m, nil
}

// Info tells of one session to people who may see it. Its ID opens nothing.
type Info struct {
	ID        ID
	Subject   string
	Created   time.Time
	SignedIn  time.Time
	LastSeen  time.Time // right to Config.TouchEvery
	Expires   time.Time
	Addr      string
	UserAgent string
}

// List gives the live sessions of a subject, in no particular order.
func (m *Manager) List(ctx context.Context, subject string) ([]Info, error) {
	records, err := m.bySubject(ctx, subject)
	if err != nil {
		return nil, err
	}
	list := make([]Info, len(records))
	for i, r := range records {
		list[i] = Info{
			ID: r.ID, Subject: r.Subject, Created: r.Created, SignedIn: r.SignedIn,
			LastSeen: r.LastSeen, Expires: r.Expires, Addr: r.Addr, UserAgent: r.UserAgent,
		}
	}
	return list, nil
}

// End ends one session of a subject, on every node from its next request on. A session of another subject is answered like
// one that does not exist: ErrNotFound.
func (m *Manager) End(ctx context.Context, subject string, id ID) error {
	records, err := m.bySubject(ctx, subject)
	if err != nil {
		return err
	}
	for _, r := range records {
		if r.ID == id {
			return m.end(ctx, id)
		}
	}
	return ErrNotFound
}

// EndAll ends all sessions of a subject but those excepted, and gives how many. A sign-in that is under way meanwhile may
// stay: raise what it was checked against (disable the account, change the password) before ending.
func (m *Manager) EndAll(ctx context.Context, subject string, except ...ID) (int, error) {
	records, err := m.bySubject(ctx, subject)
	if err != nil {
		return 0, err
	}
	var ids []ID
next:
	for _, r := range records {
		for _, id := range except {
			if r.ID == id {
				continue next
			}
		}
		ids = append(ids, r.ID)
	}
	if err := m.end(ctx, ids...); err != nil {
		return 0, err
	}
	return len(ids), nil
}

// Sweep removes up to limit records whose time is over, and gives how many; call it again while it gives limit. Expired
// records answer to nobody whether they are swept or not: sweeping only frees room. It is safe to run on every node.
func (m *Manager) Sweep(ctx context.Context, limit int) (int, error) {
	ctx, cancel := m.limit(ctx)
	defer cancel()
	n, err := m.cfg.Store.DeleteExpired(ctx, m.now(), limit)
	if err != nil {
		return n, fmt.Errorf("session: sweep: %w", err)
	}
	return n, nil
}

// RunSweeper sweeps in small batches every interval (a minute if that is not positive) until ctx is done. It runs in the
// caller's goroutine; a failed sweep is tried again at the next interval.
func (m *Manager) RunSweeper(ctx context.Context, every time.Duration) {
	const batch = 500
	if every <= 0 {
		every = time.Minute
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		for n := batch; n == batch && ctx.Err() == nil; {
			n, _ = m.Sweep(ctx, batch)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (m *Manager) bySubject(ctx context.Context, subject string) ([]Record, error) {
	ctx, cancel := m.limit(ctx)
	defer cancel()
	records, err := m.cfg.Store.BySubject(ctx, subject, m.now())
	if err != nil {
		return nil, fmt.Errorf("session: list: %w", err)
	}
	return records, nil
}

// end deletes records. It does not stop when the one who asked hangs up: an end that was asked for is carried out.
func (m *Manager) end(ctx context.Context, ids ...ID) error {
	if len(ids) == 0 {
		return nil
	}
	limited, cancel := m.visit(ctx)
	defer cancel()
	if err := m.cfg.Store.Delete(limited, ids...); err != nil {
		return fmt.Errorf("session: end: %w", err)
	}
	for _, id := range ids {
		m.cfg.Observe(ctx, Event{Kind: EventEnded, ID: id})
	}
	return nil
}

// limit bounds one visit to the store.
func (m *Manager) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if m.inProcess {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, m.cfg.SaveTimeout)
}

// visit bounds one visit to the store that is made to its end, whether the one who asked still waits or not.
func (m *Manager) visit(ctx context.Context) (context.Context, context.CancelFunc) {
	if m.inProcess {
		return context.Background(), func() {}
	}
	return m.limit(context.WithoutCancel(ctx))
}

// now is the time in the precision that every store keeps.
func (m *Manager) now() time.Time { return m.cfg.Now().UTC().Truncate(time.Millisecond) }

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

// gone reports whether a store's answer means that the record no longer lives under the caller's key.
func gone(err error) bool { return errors.Is(err, ErrNotFound) }
