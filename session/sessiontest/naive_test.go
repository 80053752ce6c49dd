package sessiontest_test

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/doorbook/doorbook/session"
)

// naive is the simplest store there can be: a map under a lock. With a flaw it is a store as people
// write them.
type naive struct {
	flaw    flaw
	mu      sync.Mutex
	records map[session.ID]session.Record
}

type flaw string

const (
	none          flaw = ""
	upserts       flaw = "upserts"
	losesUpdates  flaw = "loses updates"
	ownClock      flaw = "own clock"
	everlasting   flaw = "everlasting"
	noDigest      flaw = "ignores the digest"
	noVersion     flaw = "ignores IfVersion"
	touchCounts   flaw = "touch counts as a version"
	touchBack     flaw = "touch moves back"
	clearsLast    flaw = "clears after setting"
	overwrites    flaw = "create overwrites"
	noContext     flaw = "ignores the context"
	sweepsAll     flaw = "sweeps without limit"
	sweepsLiving  flaw = "sweeps the living"
	listsDead     flaw = "lists the dead"
	listsFolded   flaw = "folds case"
	sharesValues  flaw = "changes values in place"
	dropsEmpty    flaw = "drops empty values"
	roundsSeconds flaw = "keeps seconds"
	forgetsSignIn flaw = "forgets a sign-in's fields"
	halfPatches   flaw = "applies a patch in two steps"
	deletesNever  flaw = "acknowledges what it does not delete"
	forgetsParent flaw = "forgets the parent"
	signInOrphans flaw = "a sign-in takes the parent away"
	touchOrphans  flaw = "a touch takes the parent away"
	listsOrphans  flaw = "lists without the parent"
)

func newNaive(f flaw) *naive { return &naive{flaw: f, records: make(map[session.ID]session.Record)} }

// begin takes the lock, unless the context has ended.
func (n *naive) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil && n.flaw != noContext {
		return err
	}
	n.mu.Lock()
	return nil
}

func (n *naive) live(r session.Record, now time.Time) bool {
	if n.flaw == ownClock {
		now = time.Now()
	}
	return r.Live(now) || n.flaw == everlasting
}

func (n *naive) find(id session.ID, digest session.Digest, now time.Time) (session.Record, error) {
	r, ok := n.records[id]
	if !ok && n.flaw == upserts {
		return session.Record{ID: id, Digest: digest, Expires: now.Add(time.Hour)}, nil
	}
	if !ok || !n.live(r, now) || (r.Digest != digest && n.flaw != noDigest) {
		return session.Record{}, session.ErrNotFound
	}
	return r, nil
}

func (n *naive) Create(ctx context.Context, r session.Record) error {
	if err := n.begin(ctx); err != nil {
		return err
	}
	defer n.mu.Unlock()
	if _, ok := n.records[r.ID]; ok && n.flaw != overwrites {
		return session.ErrExists
	}
	switch n.flaw {
	case forgetsParent:
		r.Parent = session.ID{}
	case roundsSeconds:
		r.Expires = r.Expires.Truncate(time.Second)
	case dropsEmpty:
		r.Values = maps.Clone(r.Values)
		maps.DeleteFunc(r.Values, func(_ string, value []byte) bool { return len(value) == 0 })
	}
	n.records[r.ID] = r
	return nil
}

func (n *naive) Load(ctx context.Context, id session.ID, now time.Time) (session.Record, error) {
	if err := n.begin(ctx); err != nil {
		return session.Record{}, err
	}
	defer n.mu.Unlock()
	if r, ok := n.records[id]; ok && n.live(r, now) {
		return r, nil
	}
	return session.Record{}, session.ErrNotFound
}

func (n *naive) Patch(ctx context.Context, p session.Patch) (int64, error) {
	if err := n.begin(ctx); err != nil {
		return 0, err
	}
	defer n.mu.Unlock()
	r, err := n.find(p.ID, p.Digest, p.Now)
	if err != nil {
		return 0, err
	}
	if p.IfVersion != 0 && p.IfVersion != r.Version && n.flaw != noVersion {
		return 0, session.ErrConflict
	}
	switch n.flaw {
	case losesUpdates: // what was read is written back later, over whatever came between
		n.mu.Unlock()
		time.Sleep(time.Millisecond)
		n.mu.Lock()
	case clearsLast:
		if p.Clear {
			p.Set = nil
		}
	case sharesValues:
		for key, value := range p.Set {
			if old := r.Values[key]; len(old) == len(value) {
				copy(old, value)
			}
		}
	case forgetsSignIn:
		if p.SignIn != nil {
			in := *p.SignIn
			in.Deadline = r.Deadline
			p.SignIn = &in
		}
	case halfPatches: // and gives up between them if nobody waits any more
		first := p
		first.Rekey, first.SignIn, first.Set = nil, nil, maps.Clone(p.Set)
		for key := range p.Set {
			delete(first.Set, key)
			break
		}
		n.records[p.ID] = r.Apply(first)
		time.Sleep(10 * time.Microsecond)
		if err := ctx.Err(); err != nil {
			return 0, err
		}
	case signInOrphans:
		if p.SignIn != nil {
			r.Parent = session.ID{}
		}
	}
	r = r.Apply(p)
	n.records[p.ID] = r
	return r.Version, nil
}

func (n *naive) Touch(ctx context.Context, id session.ID, digest session.Digest, t session.Touch, now time.Time) error {
	if err := n.begin(ctx); err != nil {
		return err
	}
	defer n.mu.Unlock()
	r, err := n.find(id, digest, now)
	if err != nil {
		return err
	}
	switch n.flaw {
	case touchBack:
		r.LastSeen, r.Expires = t.LastSeen, t.Expires
	case touchCounts:
		r.Version++
	case touchOrphans:
		r.Parent = session.ID{}
	}
	n.records[id] = r.Touched(t)
	return nil
}

func (n *naive) Delete(ctx context.Context, ids ...session.ID) error {
	if err := n.begin(ctx); err != nil {
		return err
	}
	defer n.mu.Unlock()
	for _, id := range ids {
		if n.flaw == deletesNever && n.records[id].Values != nil {
			continue
		}
		delete(n.records, id)
	}
	return nil
}

func (n *naive) BySubject(ctx context.Context, subject string, now time.Time) (found []session.Record, err error) {
	if err := n.begin(ctx); err != nil {
		return nil, err
	}
	defer n.mu.Unlock()
	for _, r := range n.records {
		same := r.Subject == subject || n.flaw == listsFolded && len(r.Subject) == len(subject) && r.Subject[0]|32 == subject[0]|32
		if same && subject != "" && (n.live(r, now) || n.flaw == listsDead) {
			r.Values = nil
			if n.flaw == listsOrphans {
				r.Parent = session.ID{}
			}
			found = append(found, r)
		}
	}
	return found, nil
}

func (n *naive) DeleteExpired(ctx context.Context, now time.Time, limit int) (deleted int, err error) {
	if err := n.begin(ctx); err != nil {
		return 0, err
	}
	defer n.mu.Unlock()
	for id, r := range n.records {
		if deleted >= limit && n.flaw != sweepsAll {
			break
		}
		if !n.live(r, now) || n.flaw == sweepsLiving && !r.Live(now.Add(time.Minute)) {
			delete(n.records, id)
			deleted++
		}
	}
	return deleted, nil
}
