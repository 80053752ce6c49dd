package session

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/doorbook/doorbook/session/store"
)

// Info tells of one session to people who may see it. Its ID opens nothing.
type Info struct {
	ID        ID
	Parent    ID // the session that this one dies with (Session.Issue); zero for none
	Subject   string
	Created   time.Time
	SignedIn  time.Time
	LastSeen  time.Time // right to Config.TouchEvery
	Expires   time.Time
	Addr      string
	UserAgent string
	Current   bool // it is the session of the request whose context List was given
}

func info(r store.Record) Info {
	return Info{
		ID: r.ID, Parent: r.Parent, Subject: r.Subject, Created: r.Created, SignedIn: r.SignedIn,
		LastSeen: r.LastSeen, Expires: r.Expires, Addr: r.Addr, UserAgent: r.UserAgent,
	}
}

// List gives the live sessions of a subject, the latest used first. With the context of a request
// that has used its session before it marks that one. ErrUnsupported where sessions live in their
// cookies.
func (m *Manager) List(ctx context.Context, subject string) ([]Info, error) {
	records, err := m.bySubject(ctx, m.records(), subject)
	if err != nil {
		return nil, err
	}
	own := m.current(ctx)
	list := make([]Info, len(records))
	for i, r := range records {
		list[i] = info(r)
		list[i].Current = own != ID{} && r.ID == own
	}
	slices.SortFunc(list, func(a, b Info) int {
		return cmp.Or(b.LastSeen.Compare(a.LastSeen), b.Created.Compare(a.Created), slices.Compare(a.ID[:], b.ID[:]))
	})
	return list, nil
}

// current is the session of the request that ctx belongs to, if it was used already; else zero.
func (m *Manager) current(ctx context.Context) ID {
	s, ok := ctx.Value(m).(*Session)
	if !ok {
		return ID{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.lives() {
		return ID{}
	}
	return s.found.Record.ID
}

// Each calls yield for every live session, of strangers too, in no particular order, until yield
// gives an error, which it returns. It is for administrators: it goes through all records of the
// store, and among them may be sessions whose parent has signed out, which end when they are used.
// ErrUnsupported as for List.
func (m *Manager) Each(ctx context.Context, yield func(Info) error) error {
	return m.each(ctx, func(r store.Record) error { return yield(info(r)) })
}

// End ends one session of a subject, and those that it has issued, on every node from its next
// request on. A session of another subject is answered like one that does not exist: ErrNotFound.
// ErrUnsupported as for List.
func (m *Manager) End(ctx context.Context, subject string, id ID) error {
	records, err := m.bySubject(ctx, m.records(), subject)
	if err != nil {
		return err
	}
	var ids []ID
	found := false
	for _, r := range records {
		found = found || r.ID == id
		if r.ID == id || r.Parent == id {
			ids = append(ids, r.ID)
		}
	}
	if !found {
		return store.ErrNotFound
	}
	return m.end(ctx, m.records(), ids...)
}

// EndAll ends all sessions of a subject but those excepted, and gives how many. The parent of an
// excepted session stays, too. A sign-in that is under way meanwhile may stay: raise what it was
// checked against (disable the account, change the password) before ending. ErrUnsupported as for
// List.
func (m *Manager) EndAll(ctx context.Context, subject string, except ...ID) (int, error) {
	if err := m.refuse(ctx, subject); err != nil {
		return 0, err
	}
	records, err := m.bySubject(ctx, m.records(), subject)
	if err != nil {
		return 0, err
	}
	keep := slices.Clone(except)
	for _, r := range records {
		if slices.Contains(except, r.ID) && r.Parent != (ID{}) {
			keep = append(keep, r.Parent)
		}
	}
	var ids []ID
	for _, r := range records {
		if !slices.Contains(keep, r.ID) {
			ids = append(ids, r.ID)
		}
	}
	if err := m.end(ctx, m.records(), ids...); err != nil {
		return 0, err
	}
	return len(ids), nil
}

// EndEverything ends every session there is, and gives how many: after a theft of keys, or the
// restoring of a backup. What begins meanwhile may stay. ErrUnsupported as for List: there, take
// the keys out of the ring.
func (m *Manager) EndEverything(ctx context.Context) (int, error) {
	const batch = 100
	var ids []ID
	n := 0
	flush := func() error {
		err := m.end(ctx, m.records(), ids...)
		if err == nil {
			n += len(ids)
		}
		ids = ids[:0]
		return err
	}
	if err := m.refuse(ctx, ""); err != nil {
		return 0, err
	}
	err := m.records().Each(ctx, m.now(), func(r store.Record) error {
		if r.State == store.Mark {
			return nil
		}
		if ids = append(ids, r.ID); len(ids) < batch {
			return nil
		}
		return flush()
	})
	if err != nil {
		return n, fmt.Errorf("session: end everything: %w", err)
	}
	return n, flush()
}

// trim holds a subject to Config.MaxPerSubject after a sign-in: the sessions that were not used for
// the longest time end, but none that was used later than this one, so that of two sign-ins at once
// the later one stays (and both, until the next, if they are of the same millisecond). A failure is
// told and passed over; the next sign-in trims again.
func (s *Session) trim(own store.Record) {
	m := s.m
	if m.cfg.MaxPerSubject < 0 || s.in.place.Records() == nil {
		return
	}
	ctx, cancel := s.saveContext()
	defer cancel()
	records, err := m.bySubject(ctx, s.in.place.Records(), own.Subject)
	if err != nil {
		s.observe(EventSaveFailed, own.ID, fmt.Errorf("session: cap: %w", err))
		return
	}
	slices.SortFunc(records, func(a, b store.Record) int {
		return cmp.Or(a.LastSeen.Compare(b.LastSeen), slices.Compare(a.ID[:], b.ID[:]))
	})
	var ids []ID
	for _, r := range records {
		if len(records)-len(ids) <= m.cfg.MaxPerSubject || r.ID == own.ID {
			break
		}
		if r.ID != own.Parent {
			ids = append(ids, r.ID)
		}
	}
	if err := s.end(ids...); err != nil {
		s.observe(EventSaveFailed, own.ID, fmt.Errorf("session: cap: %w", err))
	}
}

// refuse refuses cookies that were made elsewhere, by now, and were not seen yet.
func (m *Manager) refuse(ctx context.Context, subject string) error {
	ctx, cancel := m.visit(ctx)
	defer cancel()
	k := m.keyed.Load()
	err := k.home.place.Refuse(ctx, subject)
	if err == nil && k.old != nil {
		err = k.old.place.Refuse(ctx, subject)
	}
	if err != nil {
		return fmt.Errorf("session: end: %w", err)
	}
	return nil
}

// bySubject gives the live records of a subject. One whose parent is gone is gone, too.
func (m *Manager) bySubject(ctx context.Context, all store.Store, subject string) ([]store.Record, error) {
	limited, cancel := m.limit(ctx)
	defer cancel()
	now := m.now()
	if all == nil {
		return nil, ErrUnsupported
	}
	records, err := all.BySubject(limited, subject, now)
	if err != nil {
		return nil, fmt.Errorf("session: list: %w", err)
	}
	records = slices.DeleteFunc(records, func(r store.Record) bool { return !m.alive(&r, now) })
	lives := make(map[ID]bool, len(records))
	for _, r := range records {
		lives[r.ID] = true
	}
	return slices.DeleteFunc(records, func(r store.Record) bool { return r.Parent != (ID{}) && !lives[r.Parent] }), nil
}

func (m *Manager) each(ctx context.Context, yield func(store.Record) error) error {
	all, now := m.records(), m.now()
	if all == nil {
		return ErrUnsupported
	}
	err := all.Each(ctx, now, func(r store.Record) error {
		if r.State == store.Mark || !m.alive(&r, now) {
			return nil
		}
		return yield(r)
	})
	if err != nil {
		return fmt.Errorf("session: each: %w", err)
	}
	return nil
}

// end deletes records. It does not stop when the one who asked hangs up: an end that was asked for
// is carried out.
func (m *Manager) end(ctx context.Context, all store.Store, ids ...ID) error {
	if len(ids) == 0 {
		return nil
	}
	limited, cancel := m.visit(ctx)
	defer cancel()
	if all != nil {
		if err := all.Delete(limited, ids...); err != nil {
			return fmt.Errorf("session: end: %w", err)
		}
	}
	for _, id := range ids {
		m.cfg.Observe(ctx, Event{Kind: EventEnded, ID: id})
	}
	return nil
}
